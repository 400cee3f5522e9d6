"""Word lists with frequencies: 100,000 words a language in the package, and the person's own on top.

A list is a zlib stream of: the magic, the number of words and of letters in the alphabet (little-endian uint32), the
alphabet (UTF-32-LE), then for each word, most frequent first, its length (uint8), how far its frequency lies below the
one before (uint8, steps of STEP decades; the first: below 1), and the letters of all words (uint8, 1 + place in
the alphabet).
"""

import math
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats
from swipefl.decoder.word_index import Codes, WordIndex, WordTable, as_codes, coded, spelled, word_table
from swipefl.errors import Remedy, UsageError

LANGUAGES = ("en", "ru")
# Alphabets of which a list keeps what was built for them, 4 MB each: whoever sends gestures chooses their number.
KEPT = 8
MAGIC = b"swipefl-lexicon1"
STEP = 0.01  # decades; what the source has too
HEADER = struct.Struct("<16sII")


@dataclass(frozen=True, eq=False)
class WordList:
    """N words, most frequent first: codes (M, N) of `alphabet`, lengths (N,), ln frequencies (N,)."""

    alphabet: str
    codes: Codes
    lengths: npt.NDArray[np.uint8]
    ln_frequencies: Floats
    _tables: dict[str, WordTable] = field(default_factory=dict, repr=False)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words themselves."""
        return tuple(spelled(self.codes, self.alphabet))

    @cached_property
    def word_set(self) -> frozenset[str]:
        """The words, for membership."""
        return frozenset(self.words)

    def truncated(self, count: int) -> "WordList":
        """The `count` most frequent words."""
        return WordList(self.alphabet, self.codes[:, :count], self.lengths[:count], self.ln_frequencies[:count])

    def table(self, letters: str) -> WordTable:
        """The words that can be typed with `letters`; kept for the next time."""
        if letters not in self._tables:
            column = np.array([0, *(1 + letters.find(letter) for letter in self.alphabet)])
            codes, lengths, ln_frequencies = self.codes, self.lengths, self.ln_frequencies
            missing = column == 0
            missing[0] = False
            if missing.any():
                typeable = ~missing[codes].any(0)
                codes, lengths = codes[:, typeable], lengths[typeable]
                ln_frequencies = ln_frequencies[typeable]
            columns = as_codes(column, len(letters))
            _make_room(self._tables)
            self._tables[letters] = word_table(letters, columns[codes], lengths, ln_frequencies)
        return self._tables[letters]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What a gesture of one language may mean: a word list, and personal words (folded) with their ln frequencies.

    A listed word that is personal too has the higher of its two. `prior` is what a caller who knows more, such as the
    words before, gives for some words: in the search their ln probabilities stand in for the ln frequencies. `hidden`
    words are known like the others, and in no index: the search never meets them, and the next best words move up.
    """

    language: str
    listed: WordList
    personal: Mapping[str, float] = field(default_factory=dict)
    prior: Mapping[str, float] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    _indexes: dict[str, WordIndex] = field(default_factory=dict, repr=False)

    @property
    def words(self) -> tuple[str, ...]:
        """The listed words, most frequent first, then the personal words that are not listed."""
        return self.listed.words + self._extra

    @property
    def ln_frequencies(self) -> Floats:
        """The natural logarithm of each word's frequency (N,)."""
        extra = np.array([self._own[word] for word in self._extra], np.float32)
        return np.concatenate((self.listed.ln_frequencies, extra))

    @cached_property
    def _own(self) -> dict[str, float]:
        return {**self.personal, **self.prior}

    @cached_property
    def _extra(self) -> tuple[str, ...]:
        return tuple(word for word in self._own if word not in self.listed.word_set)

    def __len__(self) -> int:
        return len(self.listed.lengths) + len(self._extra)

    def __contains__(self, word: object) -> bool:
        """Whether the folded `word` is listed, personal or has a prior."""
        return word in self._own or word in self.listed.word_set

    def truncated(self, count: int) -> "Lexicon":
        """Only the `count` most frequent listed words; personal words stay."""
        return replace(self, listed=self.listed.truncated(count), _indexes={})

    def with_words(self, words: Mapping[str, float]) -> "Lexicon":
        """This lexicon and folded `words` with their ln frequencies; cheap, the listed words' arrays are shared."""
        return replace(self, personal={**self.personal, **words}, _indexes={})

    def with_prior(self, prior: Mapping[str, float]) -> "Lexicon":
        """This lexicon where folded words of `prior` have its ln probabilities; it may hold words of its own."""
        return replace(self, prior=dict(prior), _indexes={})

    def hiding(self, words: Iterable[str]) -> "Lexicon":
        """This lexicon, where the search meets none of the folded `words`."""
        return replace(self, hidden=self.hidden.union(words), _indexes={})

    def index(self, letters: str) -> WordIndex:
        """What can be typed with `letters` and is not hidden, for the search; kept for the next time."""
        if letters not in self._indexes:
            listed, more = self.listed.table(letters), _table({**self.personal, **self.prior}, letters)
            if len(more.lengths):
                _, rows = listed.places(more)
                listed = _with_frequencies(listed, _table(self.personal, letters), np.maximum)
                listed = _with_frequencies(listed, _table(self.prior, letters), lambda own, prior: prior)
                more = more.without(rows)
            hidden = _table(dict.fromkeys(self.hidden, 0.0), letters)
            shown = (table.without(table.places(hidden)[0]) for table in (listed, more))
            tables = tuple(table for table in shown if len(table.lengths))
            _make_room(self._indexes)
            self._indexes[letters] = WordIndex(letters, tables)
        return self._indexes[letters]


def _make_room(kept: dict[str, Any]) -> None:
    """Drops the oldest of what is kept, where there is no room for one more."""
    if len(kept) >= KEPT:
        del kept[next(iter(kept))]


def _with_frequencies(table: WordTable, given: WordTable, choose: Callable[[Floats, Floats], Floats]) -> WordTable:
    """The table where words of `given` have the ln frequency chosen from their own and the given one."""
    rows, there = table.places(given)
    ln_frequencies = table.ln_frequencies.copy()
    ln_frequencies[rows] = choose(ln_frequencies[rows], given.ln_frequencies[there])
    return replace(table, ln_frequencies=ln_frequencies)


def _table(own: Mapping[str, float], letters: str) -> WordTable:
    known = set(letters)
    words = [word for word in own if word and known.issuperset(word) and len(word) < 256]
    ln_frequencies = np.array([own[word] for word in words], np.float32)
    return word_table(letters, *coded(words, letters), ln_frequencies)


def check_language(language: str) -> None:
    """Raises UsageError where the package has no lexicon of a language."""
    if language not in LANGUAGES:
        raise UsageError(
            "no-lexicon",
            "there is no lexicon for language {language!r}",
            Remedy.CHOOSE_LANGUAGE,
            language=language,
            known=" or ".join(LANGUAGES),
        )


@lru_cache(maxsize=4)
def load_lexicon(language: str) -> Lexicon:
    """The package's lexicon of a language. Raises UsageError where there is none."""
    check_language(language)
    data = resources.files("swipefl.decoder").joinpath("lexicons", f"{language}.bin").read_bytes()
    return Lexicon(language, unpacked(zlib.decompress(data)))


@cache
def offensive_words(language: str) -> frozenset[str]:
    """The offensive words of the package's lexicon of a language; what makes a word one, its recipe says.

    Raises UsageError where there is no lexicon.
    """
    check_language(language)
    data = resources.files("swipefl.decoder").joinpath("lexicons", f"offensive-{language}.bin").read_bytes()
    return frozenset(zlib.decompress(data).decode().split("\n"))


def no_words(language: str) -> Lexicon:
    """A lexicon without listed words, for a language that the package has none of."""
    nothing = np.zeros(0, np.uint8)
    return Lexicon(language, WordList("", nothing.reshape(0, 0), nothing, nothing.astype(np.float32)))


def packed(alphabet: str, frequencies: Mapping[str, float]) -> bytes:
    """The content of a list file, before zlib, of words over `alphabet`; ties in frequency go by spelling."""
    steps = {word: -round(math.log10(frequency) / STEP) for word, frequency in frequencies.items()}
    words = sorted(steps, key=lambda word: (steps[word], word))
    below = np.diff([steps[word] for word in words], prepend=0)
    if len(words) and not 0 <= below.min() <= below.max() < 256:
        raise ValueError("frequencies must lie between 0 and 1, without gaps of more than two and a half decades")
    code = {letter: 1 + i for i, letter in enumerate(alphabet)}
    return b"".join(
        (
            HEADER.pack(MAGIC, len(words), len(alphabet)),
            alphabet.encode("utf-32-le"),
            bytes(map(len, words)),
            below.astype(np.uint8).tobytes(),
            bytes(code[letter] for word in words for letter in word),
        )
    )


def unpacked(content: bytes) -> WordList:
    """The word list that `packed` wrote. Raises ValueError where it is something else."""
    magic, count, letters = HEADER.unpack_from(content)
    if magic != MAGIC:
        raise ValueError("not a lexicon file of this version")
    start = HEADER.size + 4 * letters
    alphabet = content[HEADER.size : start].decode("utf-32-le")
    lengths, below = np.frombuffer(content, np.uint8, 2 * count, start).reshape(2, count)
    flat = np.frombuffer(content, np.uint8, offset=start + 2 * count)
    longest = int(lengths.max(initial=0))
    by_word = np.zeros((count, longest), np.uint8)
    by_word[np.arange(longest, dtype=np.uint8) < lengths[:, None]] = flat
    ln_frequencies = np.cumsum(below, dtype=np.int64) * (-STEP * math.log(10))
    return WordList(alphabet, np.ascontiguousarray(by_word.T), lengths, ln_frequencies.astype(np.float32))
