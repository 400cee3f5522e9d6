"""Words as arrays, arranged for the search over one keyboard's letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats

Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Rows = npt.NDArray[np.intp]
MASK_BITS = 64
LOOK_FACTOR = np.uint16(37)
HASH_FACTOR = 0x9E3779B97F4A7C15  # odd, its bits well mixed: 2**64 over the golden ratio


@dataclass(frozen=True, eq=False)
class WordTable:
    """N words over one string of letters, ordered by first letter, then by last.

    `codes` (M, N): letter i of each word as a column of the log-probabilities (1 + its position in `letters`), 0 after
    the word's end. `ends` (N,): the code of the last letter. `masks` (N,): a bit for each letter in the word.
    """

    letters: str
    codes: Codes
    lengths: npt.NDArray[np.uint8]
    ends: Codes
    masks: npt.NDArray[np.uint64]
    ln_frequencies: Floats

    def spelled(self, rows: Rows) -> list[str]:
        """The words of these rows."""
        return spelled(self.codes[:, rows], self.letters)

    def places(self, other: "WordTable") -> tuple[Rows, Rows]:
        """The rows (P,) of the words that stand in `other` too, and where they stand there."""
        alike = np.zeros(2**16, bool)
        alike[other._looks()] = True
        near = np.flatnonzero(alike[self._looks()])
        hashes, others = _hashes(self.codes[:, near]), _hashes(other.codes)
        order = np.argsort(others)
        ordered = others[order]
        at = np.searchsorted(ordered, hashes)
        at[at == len(ordered)] = 0
        found = np.flatnonzero(ordered[at] == hashes) if len(ordered) else at
        return near[found], order[at[found]]

    def _looks(self) -> npt.NDArray[np.uint16]:
        """What can be seen of each word (N,) at a glance: words that are equal look alike."""
        first: npt.NDArray[np.uint16] = self.codes[:1].sum(0, dtype=np.uint16)
        return (first * LOOK_FACTOR + self.ends) * LOOK_FACTOR + self.lengths

    def without(self, rows: Rows) -> "WordTable":
        """The table without these rows."""
        if not len(rows):
            return self
        kept = np.ones(len(self.lengths), bool)
        kept[rows] = False
        return WordTable(
            self.letters,
            self.codes.compress(kept, 1),
            self.lengths[kept],
            self.ends[kept],
            self.masks[kept],
            self.ln_frequencies[kept],
        )


@dataclass(frozen=True, eq=False)
class WordIndex:
    """The tables that one search goes through: the lexicon's, and a small one of words that it does not list."""

    letters: str
    tables: tuple[WordTable, ...]

    @cached_property
    def bits(self) -> npt.NDArray[np.uint64]:
        """The bit in `masks` of each code (1 + L,)."""
        return letter_bits(len(self.letters))


def spelled(codes: Codes, letters: str) -> list[str]:
    """The words of codes (M, N), zeros after their ends."""
    if not codes.size:
        return [""] * codes.shape[1]
    points = np.array([0, *map(ord, letters)], np.uint32)
    words = np.ascontiguousarray(points[codes.T])
    return list(words.view(f"<U{words.shape[1]}").ravel().tolist())


def coded(words: Sequence[str], letters: str) -> tuple[Codes, npt.NDArray[np.uint8]]:
    """Codes (M, N) and lengths (N,) of words that have no other letters."""
    longest = max(map(len, words), default=0)
    points = np.array(words, f"<U{max(longest, 1)}").view(np.uint32).reshape(len(words), max(longest, 1))
    order = np.argsort([ord(letter) for letter in letters])
    ordered = np.array([0, *sorted(map(ord, letters))], np.uint32)
    position = as_codes(np.concatenate(([0], 1 + order)), len(letters))
    codes: Codes = np.ascontiguousarray(np.take(position, np.searchsorted(ordered, points)).T)
    lengths: npt.NDArray[np.uint8] = np.count_nonzero(codes, axis=0).astype(np.uint8)
    return codes[:longest], lengths


def as_codes(numbers: npt.NDArray[Any], letters: int) -> Codes:
    """`numbers` in the smallest type that holds the codes of so many letters."""
    return numbers.astype(np.uint8) if letters < 256 else numbers.astype(np.uint16)


def _hashes(codes: Codes) -> npt.NDArray[np.uint64]:
    """64 bits for each word (N,) of codes (M, N), whatever M."""
    total = np.zeros(codes.shape[1], np.uint64)
    factor = 1
    for letter in codes:  # zeros after a word's end add nothing, however long the longest word is
        factor = factor * HASH_FACTOR % 2**64
        total += letter * np.uint64(factor)
    return total


def letter_bits(letters: int) -> npt.NDArray[np.uint64]:
    """The mask bit of each code (1 + L,), none for code 0; letters share bits where there are more than 64."""
    bits = np.uint64(1) << (np.arange(letters, dtype=np.uint64) % np.uint64(MASK_BITS))
    return np.concatenate((np.zeros(1, np.uint64), bits))


def word_table(letters: str, codes: Codes, lengths: npt.NDArray[np.uint8], ln_frequencies: Floats) -> WordTable:
    """The table of words given as codes (M, N) of `letters`, in any order."""
    width = 1 + len(letters)
    if codes.size:
        ends = codes[lengths.astype(np.intp) - 1, np.arange(len(lengths))]
        keys = codes[0].astype(np.uint32) * width + ends
    else:
        ends, keys = codes.reshape(-1), np.zeros(0, np.uint32)
    order = np.argsort(keys.astype(np.uint16) if width <= 256 else keys, kind="stable")
    ordered = codes[:, order].copy(order="C")
    masks = np.zeros(len(order), np.uint64)
    bits = letter_bits(len(letters))
    for letter in ordered:
        masks |= bits[letter]
    return WordTable(letters, ordered, lengths[order], ends[order], masks, ln_frequencies[order])
