"""Where words stand in a list, by hashes of how they are written: for as many words as a request may name."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from swipefl.decoder.word_index import Rows, Words, hashes
from swipefl.gesture.spelling import lower

AT_ONCE = 2**14  # words, whose hashes are made together: as much as a processor has at hand
NOWHERE = 2**31  # the number of a character that a list does not have
KEPT = 8  # alphabets, whose characters' numbers are kept

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Lookup:
    """The `hashes` (N,) of N words in 2**16 buckets by their highest bits, their `rows` (N,), and where buckets start.

    Words are compared as they are written or, with `turkic` given, in their lower case.
    """

    alphabet: str
    turkic: bool | None
    hashes: Hashes
    rows: npt.NDArray[np.uint32]
    starts: Rows

    def find(self, wanted: Words) -> tuple[Rows, Rows]:
        """Rows (F,) of the list whose words are among those that are wanted (W,), and which of those each one is.

        With `turkic` given these are in lower case already.
        """
        number = _numbers(self.alphabet, self.turkic)
        alike = np.array([0, *(number.get(c, NOWHERE + code) for code, c in enumerate(wanted.alphabet))])
        sought = hashed(wanted, np.arange(len(wanted)), alike)
        buckets = _buckets(sought)
        order = np.argsort(buckets, kind="stable")  # one after the other through memory
        bucket = buckets[order].astype(np.intp)
        starts, sizes = self.starts[bucket], self.starts[bucket + 1] - self.starts[bucket]
        ends = np.cumsum(sizes)
        at = np.arange(sizes.sum()) + np.repeat(starts - ends + sizes, sizes)
        same = np.flatnonzero(self.hashes[at] == np.repeat(sought[order], sizes))
        return self.rows[at[same]].astype(np.intp), order[np.searchsorted(ends, same, "right")]


def lookup_of(words: Words, turkic: bool | None) -> Lookup:
    """A lookup of a list's words; kept with them for the next time, 4 MB of a long list."""
    if turkic not in words.lookups:
        words.lookups[turkic] = _lookup(words, turkic)
    found: Lookup = words.lookups[turkic]
    return found


def _lookup(words: Words, turkic: bool | None) -> Lookup:
    alike, _ = alike_in(words.alphabet, turkic)
    known = hashed(words, np.arange(len(words)), alike)
    buckets = _buckets(known)
    rows = np.argsort(buckets, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(buckets, minlength=2**16)))
    return Lookup(words.alphabet, turkic, known[rows], rows.astype(np.uint32), starts)


def alike_in(alphabet: str, turkic: bool | None) -> tuple[Rows, dict[str, int]]:
    """A number for each code (1 + A,), the same for characters that count as equal, and for each character."""
    number: dict[str, int] = {}
    kinds = [character if turkic is None else _caseless(character, turkic) for character in alphabet]
    alike = [0, *(number.setdefault(kind, code) for code, kind in enumerate(kinds, 1))]
    if turkic is not None and "σ" in number:
        number["ς"] = number["σ"]
    return np.array(alike), number


def hashed(words: Words, rows: Rows, alike: Rows) -> Hashes:
    """64 bits for each of the words (N,), by the numbers that their characters are `alike` in."""
    some = [rows[first : first + AT_ONCE] for first in range(0, len(rows), AT_ONCE)]
    parts = [hashes(alike[words.run(part)], words.lengths[part].astype(np.intp)) for part in some]
    return np.concatenate([np.zeros(0, np.uint64), *parts])


@lru_cache(KEPT)
def _numbers(alphabet: str, turkic: bool | None) -> dict[str, int]:
    return alike_in(alphabet, turkic)[1]


def _buckets(known: Hashes) -> npt.NDArray[np.uint16]:
    return (known >> np.uint64(48)).astype(np.uint16)


def _caseless(character: str, turkic: bool) -> str:
    return "σ" if character == "ς" else lower(character, turkic)
