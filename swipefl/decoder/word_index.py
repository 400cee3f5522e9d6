"""Words as arrays, arranged for the search over one keyboard's letters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats

Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Masks = npt.NDArray[np.uint32] | npt.NDArray[np.uint64]
Rows = npt.NDArray[np.intp]
Starts = npt.NDArray[np.uint32]
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

    def run(self, rows: Rows) -> Codes:
        """The codes of these words one after the other, a 0 before each."""
        sizes = self.lengths[rows].astype(np.intp) + 1
        ends = np.cumsum(sizes)
        into = np.arange(ends[-1] if len(ends) else 0)
        run: Codes = self.flat[into + np.repeat(self.starts[rows] - ends + sizes, sizes)]
        return run

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
class WordTable:
    """N words of a list, as they are `written` there and as the letters of one keyboard spell them.

    `spelled`: their letters, as columns of the log-probabilities. `ends` (N,): for the first and the last letter
    together, first * (1 + L) + last. `hidden`: rows that no search meets, those that cannot be spelled among them.
    """

    spelled: Words
    ends: npt.NDArray[np.uint16] | npt.NDArray[np.uint32]
    ln_frequencies: Floats
    written: Words
    hidden: Rows

    def __len__(self) -> int:
        return len(self.written)

    def hiding(self, rows: Rows) -> "WordTable":
        """The table where these rows are hidden too."""
        if not len(rows):
            return self
        hidden = np.zeros(len(self), bool)
        hidden[self.hidden] = hidden[rows] = True
        return replace(self, hidden=np.flatnonzero(hidden))


@dataclass(frozen=True, eq=False)
class WordIndex:
    """The tables that one search goes through: those of each language, and small ones of words that none lists."""

    letters: str
    tables: tuple[WordTable, ...]

    @cached_property
    def bits(self) -> Masks:
        """A bit for each code (1 + L,), none for 0; letters share bits where there are more than 64."""
        bits = [0, *(1 << place % 64 for place in range(len(self.letters)))]
        return np.array(bits, np.uint32) if len(self.letters) <= 32 else np.array(bits, np.uint64)

    def __contains__(self, spelled: object) -> bool:
        """Whether a word that is not hidden is spelled so."""
        if not isinstance(spelled, str) or not spelled or not set(self.letters).issuperset(spelled):
            return False
        word = np.array([1 + self.letters.index(letter) for letter in spelled])
        return any(_has(table, word, word[0] * (1 + len(self.letters)) + word[-1]) for table in self.tables)


def _has(table: WordTable, word: Rows, ends: int) -> bool:
    alike = (table.ends == ends) & (table.spelled.lengths == len(word))
    alike[table.hidden] = False
    codes = table.spelled.run(np.flatnonzero(alike)).reshape(-1, len(word) + 1)
    return bool((codes[:, 1:] == word).all(1).any())


def words_of(words: Sequence[str]) -> Words:
    """Words as arrays, their alphabet in the order of Unicode. Raises ValueError for empty or very long ones."""
    points = np.frombuffer("".join(words).encode("utf-32-le"), np.uint32)
    alphabet, places = np.unique(points, return_inverse=True)
    lengths = np.fromiter(map(len, words), np.intp, len(words))
    if not 0 < lengths.min(initial=1) <= lengths.max(initial=1) < 256 or len(alphabet) > MOST_CHARACTERS:
        raise ValueError("a word has 1 to 255 characters, a list 65,535 different ones at most")
    return joined(1 + places, lengths, alphabet.tobytes().decode("utf-32-le"))


def joined(codes: Rows, lengths: Rows, alphabet: str) -> Words:
    """Words whose codes follow one another without anything between them."""
    flat = np.zeros(len(codes) + len(lengths), np.intp)
    flat[np.arange(len(codes)) + np.repeat(np.arange(1, len(lengths) + 1), lengths)] = codes
    starts = np.cumsum(lengths + 1) - lengths - 1
    return Words(alphabet, as_codes(flat, len(alphabet)), starts.astype(np.uint32), lengths.astype(np.uint8))


def as_codes(numbers: npt.NDArray[np.intp], letters: int) -> Codes:
    """`numbers` in the smallest type that holds the codes of so many letters, and one more."""
    return numbers.astype(np.uint8) if letters < 255 else numbers.astype(np.uint16)


def looked_up(values: npt.NDArray[Any], codes: Codes) -> npt.NDArray[Any]:
    """`values` of the codes: what indexing does, which would first make eight bytes of each."""
    if values.itemsize > 1 or codes.itemsize > 1:
        return values[codes]
    return np.frombuffer(bytearray(codes).translate(values.tobytes().ljust(256, b"\0")), values.dtype)
