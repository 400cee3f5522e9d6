"""Words as arrays, arranged for the search over one keyboard's letters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats

Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Rows = npt.NDArray[np.intp]
Ends = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
Starts = npt.NDArray[np.uint32]
Lengths = npt.NDArray[np.intp]
Sets = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
HASH_FACTOR = 0x9E3779B97F4A7C15  # odd, its bits well mixed: 2**64 over the golden ratio
SAMPLED = 64  # of a table's rows in order every so manieth tells how they are
SET = 64  # bits; in larger alphabets several codes share one
MOST_CHARACTERS = 2**16 - 1  # of an alphabet


@dataclass(frozen=True, eq=False)
class Words:
    """N words over an alphabet, as one run of codes (F,) with a 0 before each word: 1 + place in the alphabet.

    `starts` (N,): where each word's 0 stands. `lengths` (N,): characters. What lies between words is of no meaning.
    """

    alphabet: str
    flat: Codes
    starts: Starts
    lengths: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def points(self) -> npt.NDArray[np.uint32]:
        """The code point of each code (1 + A,)."""
        return np.array([0, *map(ord, self.alphabet)], np.uint32)

    @cached_property
    def lookups(self) -> dict[bool | None, Any]:
        """The `lookup.Lookup` by each kind of case that was asked for."""
        return {}

    def run(self, rows: Rows) -> Codes:
        """The codes of these words one after the other, a 0 before each."""
        sizes = self.lengths.take(rows).astype(np.intp) + 1
        ends = np.cumsum(sizes)
        at = np.repeat(self.starts.take(rows) - ends + sizes, sizes)
        at += np.arange(len(at))
        run: Codes = self.flat.take(at)
        return run

    def sets(self, rows: Rows) -> Sets:
        """Which codes each of these words (N,) has: bit code % SET.

        Each is found out when it is first asked for, as a list may be large and a process short; threads may find out
        the same.
        """
        sets = self._sets.take(rows)
        unknown = np.flatnonzero(sets == 0)  # a known one has the 0 before its word
        if len(unknown):
            new = rows[unknown]
            sizes = self.lengths.take(new).astype(np.intp) + 1
            bits = np.uint64(1) << np.arange(1 + len(self.alphabet), dtype=np.uint64) % np.uint64(SET)
            sets[unknown] = np.bitwise_or.reduceat(bits.take(self.run(new)), np.cumsum(sizes) - sizes)
            self._sets[new] = sets[unknown]
        return sets

    @cached_property
    def _sets(self) -> Sets:
        return np.zeros(len(self), np.uint64)

    def text(self, rows: Rows | slice = slice(None)) -> list[str]:
        """These words as strings."""
        rows = np.arange(len(self))[rows] if isinstance(rows, slice) else rows
        written = self.points[self.run(rows)].tobytes().decode("utf-32-le", "surrogatepass")
        ends = np.cumsum(self.lengths[rows].astype(np.intp) + 1).tolist()
        return [written[end - length : end] for end, length in zip(ends, self.lengths[rows].tolist(), strict=True)]

    def head(self, count: int) -> "Words":
        """The first `count` words."""
        end = self.starts[count] if count < len(self) else len(self.flat)
        return Words(self.alphabet, self.flat[:end], self.starts[:count], self.lengths[:count])


@dataclass(frozen=True, eq=False)
class Order:
    """The rows of a table by their ends, the most frequent first among the G groups that begin and end alike.

    `rows` (N,) in that order, `starts` (G,) of the groups there, their `ends` (G,). `keys` (N,) ascend: the number of
    the group, and how far below `highest` the ln frequency is, in units of twice the `span` of all.
    """

    rows: Starts
    starts: Rows
    ends: Ends
    keys: Floats
    highest: float
    span: float

    def above(self, least: Floats) -> Rows:
        """The rows of each group whose ln frequency is not below its `least` (G,)."""
        below = np.clip((self.highest - least) / (2 * self.span), -0.25, 0.75)
        keys = (np.arange(len(self.ends)) + below).astype(np.float32)
        sizes = np.searchsorted(self.keys, keys, "right") - self.starts
        within = np.arange(sizes.sum()) + np.repeat(self.starts - np.cumsum(sizes) + sizes, sizes)
        rows: Rows = self.rows[within].astype(np.intp)
        return rows


def ordered(ends: Ends, ln_frequencies: Floats) -> Order:
    """The order of rows with these ends and ln frequencies (N,)."""
    falling = bool((ln_frequencies[1:] <= ln_frequencies[:-1]).all())  # as a list of the package is
    rows = (np.argsort(ends, kind="stable") if falling else np.lexsort((-ln_frequencies, ends))).astype(np.uint32)
    in_order = ends.take(rows)
    starts = np.flatnonzero(np.append(True, in_order[1:] != in_order[:-1])[: len(ends)])
    highest, lowest = float(ln_frequencies.max(initial=-np.inf)), float(ln_frequencies.min(initial=np.inf))
    span = max(highest - lowest, 1.0)
    keys = ((np.float32(highest) - ln_frequencies) / np.float32(2 * span)).take(rows)
    keys += np.repeat(np.arange(len(starts), dtype=np.float32), np.diff(starts, append=len(ends)))
    return Order(rows, starts, in_order[starts], keys, highest, span)


@dataclass(frozen=True, eq=False)
class WordTable:
    """N words of a list, as they are `written` there and as the letters of one keyboard spell them.

    `spelled`: their letters, as columns of the log-probabilities. `ends` (N,): for the first and the last letter
    together, first * (1 + L) + last. `hidden`: rows that no search meets, those that cannot be spelled among them; they
    may be others in each search. `order` is that of the list's ln frequencies, which are all `less` here, but for those
    of the rows `told`. `settled`: whether the frequencies say already what stands before the word.
    """

    spelled: Words
    ends: Ends
    ln_frequencies: Floats
    written: Words
    hidden: Rows
    order: Order
    less: float
    told: Rows
    settled: bool = False

    def __len__(self) -> int:
        return len(self.written)

    def hiding(self, rows: Rows) -> "WordTable":
        """The table where these rows are hidden too."""
        if not len(rows):
            return self
        hides = self.hides.copy()
        hides[rows] = True
        return replace(self, hidden=np.flatnonzero(hides))

    def telling(self, ln_frequencies: Floats, less: float) -> "WordTable":
        """The table with other ln frequencies (N,), most of which are so much less."""
        told = np.flatnonzero(ln_frequencies != self.ln_frequencies - np.float32(less))
        return replace(self, ln_frequencies=ln_frequencies, less=less, told=told)

    @cached_property
    def hides(self) -> Flags:
        """Which rows (N,) are hidden."""
        return _flags(len(self), self.hidden)

    @cached_property
    def sample(self) -> tuple[Ends, Floats]:
        """Ends and ln frequencies of rows of all groups and frequencies, one of SAMPLED; -inf for those hidden."""
        rows = self.order.rows[SAMPLED // 2 :: SAMPLED]
        return self.ends[rows], np.where(self.hides[rows], np.float32(-np.inf), self.ln_frequencies[rows])

    @cached_property
    def apart(self) -> Flags:
        """Which rows (N,) are hidden, or told and out of order."""
        return self.hides | _flags(len(self), self.told)


@dataclass(frozen=True, eq=False)
class WordIndex:
    """The tables that one search goes through: those of each language, and small ones of words that none lists."""

    letters: str
    tables: tuple[WordTable, ...]

    def __contains__(self, spelled: object) -> bool:
        """Whether a word that is not hidden is spelled so."""
        if not isinstance(spelled, str) or not spelled or not set(self.letters).issuperset(spelled):
            return False
        word = np.array([1 + self.letters.index(letter) for letter in spelled])
        return any(_has(table, word, word[0] * (1 + len(self.letters)) + word[-1]) for table in self.tables)


def _flags(count: int, rows: Rows) -> Flags:
    flags = np.zeros(count, bool)
    flags[rows] = True
    return flags


def _has(table: WordTable, word: Rows, ends: int) -> bool:
    alike = (table.ends == ends) & (table.spelled.lengths == len(word))
    alike[table.hidden] = False
    codes = table.spelled.run(np.flatnonzero(alike)).reshape(-1, len(word) + 1)
    return bool((codes[:, 1:] == word).all(1).any())


def words_of(words: Sequence[str]) -> Words:
    """Words as arrays, their alphabet in the order of Unicode. Raises ValueError for empty or very long ones."""
    points = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32)
    seen = np.zeros(int(points.max(initial=0)) + 1, bool)
    seen[points] = True
    alphabet, codes = np.flatnonzero(seen).astype(np.uint32), np.cumsum(seen)[points]
    lengths = np.fromiter(map(len, words), np.intp, len(words))
    if not 0 < lengths.min(initial=1) <= lengths.max(initial=1) < 256 or len(alphabet) > MOST_CHARACTERS:
        raise ValueError("a word has 1 to 255 characters, a list 65,535 different ones at most")
    return joined(codes, lengths, alphabet.tobytes().decode("utf-32-le"))


def joined(codes: Rows, lengths: Rows, alphabet: str) -> Words:
    """Words whose codes follow one another without anything between them."""
    flat = np.zeros(len(codes) + len(lengths), np.intp)
    flat[np.arange(len(codes)) + np.repeat(np.arange(1, len(lengths) + 1), lengths)] = codes
    starts = np.cumsum(lengths + 1) - lengths - 1
    return Words(alphabet, as_codes(flat, len(alphabet)), starts.astype(np.uint32), lengths.astype(np.uint8))


def hashes(run: npt.NDArray[Any], lengths: Lengths) -> npt.NDArray[np.uint64]:
    """64 bits for each word (N,) of a run of codes, a 0 before each."""
    starts = np.cumsum(lengths + 1) - lengths - 1
    powers: npt.NDArray[np.uint64] = np.cumprod(np.full(257, HASH_FACTOR), dtype=np.uint64)
    hashed: npt.NDArray[np.uint64] = run.astype(np.uint64)
    hashed *= powers[np.arange(len(run)) - np.repeat(starts, lengths + 1)]
    return np.add.reduceat(hashed, starts) if len(starts) else hashed


def as_codes(numbers: npt.NDArray[np.intp], letters: int) -> Codes:
    """`numbers` in the smallest type that holds the codes of so many letters, and one more."""
    return numbers.astype(np.uint8) if letters < 255 else numbers.astype(np.uint16)


def looked_up(values: npt.NDArray[Any], codes: Codes) -> npt.NDArray[Any]:
    """`values` of the codes: what indexing does, which would first make eight bytes of each."""
    if values.itemsize > 1 or codes.itemsize > 1:
        return values[codes]
    return np.frombuffer(bytearray(codes).translate(values.tobytes().ljust(256, b"\0")), values.dtype)
