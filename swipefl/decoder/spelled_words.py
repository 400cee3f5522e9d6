"""How one keyboard spells many words at once, as `gesture.spelling` spells each of them."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from swipefl.decoder.word_index import Codes, Rows, Words, as_codes, looked_up
from swipefl.gesture.spelling import lower, needs_no_key, spelling_with

Flags = npt.NDArray[np.bool_]

MOST_LENGTH = 255
AT_ONCE = 2**17  # characters: what is odd may be all of them


def spelled_words(words: Words, letters: str, turkic: bool) -> Words:
    """The words as `letters` spell them; those that they cannot spell have no letters.

    Nearly all characters have one key, and are looked up where they stand: the other words are spelled once more.
    """
    spelling, code = spelling_with(letters, turkic), {letter: number for number, letter in enumerate(letters, 1)}
    keys = [spelling.of(character) for character in words.alphabet]
    usual = [len(key or "") == 1 and not _is_bound(c, letters) for c, key in zip(words.alphabet, keys, strict=True)]
    unusual = as_codes(np.array([-1]), len(letters))[0]
    column = [code[key] if key and is_usual else unusual for key, is_usual in zip(keys, usual, strict=True)]
    flat = looked_up(np.array([0, *column], unusual.dtype), words.flat)
    spelled = Words(letters, flat, words.starts, words.lengths)
    odd, depending, unknown = _unusual(words, flat == unusual, keys, letters, turkic)
    if not odd.any():
        return spelled
    apart, around = np.flatnonzero(odd & ~depending & ~unknown), np.flatnonzero(depending)
    alone = [spelling.of(word) for word in words.text(around)]
    run = np.concatenate((_taken_apart(words.run(apart), keys, code), _one_by_one(alone, code)))
    return _replaced(spelled, np.append(apart, around), run, np.flatnonzero(unknown & ~depending))


def _is_bound(character: str, letters: str) -> bool:
    """Whether its keys may depend on the characters beside it."""
    return _is_mark(character) or (character == "Σ" and "ς" in letters)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or "\u1160" <= character <= "\u11ff"


def _unusual(words: Words, odd: Flags, keys: Sequence[str | None], letters: str, turkic: bool) -> tuple[Flags, ...]:
    """Whether each word (N,) has a character that is odd (F,), one of which the keys depend on those beside it, and one
    without a key."""
    mark, none = _flags(map(_is_mark, words.alphabet)), _flags(key is None for key in keys)
    final = _flags(character == "Σ" and "ς" in letters for character in words.alphabet)
    binding = _binding(words.alphabet, letters, turkic)
    found: Flags = np.zeros((3, len(words)), bool)
    for first in range(0, len(odd), AT_ONCE):
        at = first + np.flatnonzero(odd[first : first + AT_ONCE])
        codes, before, earlier = (words.flat[at - back] for back in range(3))
        depends = final[codes] | (mark[codes] & (binding[before] | (mark[before] & mark[earlier])))
        row = np.searchsorted(words.starts, at.astype(np.uint32), "right") - 1
        for of, rows in zip(found, (row, row[depends], row[none[codes]]), strict=True):
            of[rows] = True
    return tuple(found)


def _flags(characters: Iterable[bool]) -> Flags:
    """A flag for each code (1 + A,), none for the 0 before a word."""
    return np.array([False, *characters])


def _binding(alphabet: str, letters: str, turkic: bool) -> Flags:
    """A flag for each code (1 + A,): whether a mark behind it may have another key than each of them alone."""
    bases = {unicodedata.normalize("NFD", key)[0] for key in letters if len(unicodedata.normalize("NFD", key)) > 1}
    return _flags(_binds(character, bases, turkic) for character in alphabet)


def _binds(character: str, bases: set[str], turkic: bool) -> bool:
    small = unicodedata.normalize("NFD", lower(character, turkic))
    hangul = "\u1100" <= character <= "\u11ff" or "가" <= character <= "힣"
    return needs_no_key(character) or len(small) != 1 or small in bases or small in "iı" or hangul


def _taken_apart(run: Codes, keys: Sequence[str | None], code: Mapping[str, int]) -> Rows:
    """A run of words where each character is replaced by the codes of all its keys."""
    parts = [[0], *([code[letter] for letter in key or ""] for key in keys)]
    sizes = np.array(list(map(len, parts)))
    each = sizes[run]
    within = np.arange(each.sum()) + np.repeat((np.cumsum(sizes) - sizes)[run] - np.cumsum(each) + each, each)
    codes: Rows = np.array([number for part in parts for number in part])[within]
    return codes


def _one_by_one(spelled: Iterable[str | None], code: Mapping[str, int]) -> Rows:
    """A run of words that were spelled before; one that could not be is empty."""
    return np.array([number for word in spelled for number in (0, *map(code.__getitem__, word or ""))], np.intp)


def _replaced(spelled: Words, rows: Rows, run: Rows, unknown: Rows) -> Words:
    """`spelled` with these rows as in `run`: where they stood if there is room, else behind all others."""
    begins = np.flatnonzero(run == 0)
    sizes = np.diff(begins, append=len(run))
    more = np.where(sizes - 1 > spelled.lengths[rows], sizes, 0)
    at = np.where(more > 0, len(spelled.flat) + np.cumsum(more) - more, spelled.starts[rows])
    flat = np.append(spelled.flat, np.zeros(more.sum(), spelled.flat.dtype)) if more.any() else spelled.flat
    flat[np.repeat(at - begins, sizes) + np.arange(len(run))] = run
    starts, lengths = spelled.starts.copy(), spelled.lengths.copy()
    starts[rows], lengths[rows] = at, np.where(sizes <= MOST_LENGTH + 1, sizes - 1, 0)
    lengths[unknown] = 0
    return Words(spelled.alphabet, flat, starts, lengths)
