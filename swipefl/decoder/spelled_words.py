"""How one keyboard spells many words at once, as `gesture.spelling` spells each of them."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from swipefl.decoder.word_index import Codes, Rows, Words, as_codes, looked_up
from swipefl.gesture.spelling import lower, needs_no_key, spelling_with

MOST_LENGTH = 255


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
    apart, depending = _unusual(words, np.flatnonzero(flat == unusual), letters, turkic)
    if not len(apart) + len(depending):
        return Words(letters, flat, words.starts, words.lengths)
    alone = [spelling.of(word) for word in words.text(depending)]
    run = np.concatenate((_taken_apart(words.run(apart), keys, code), _one_by_one(alone, code)))
    known = np.concatenate((_known(words, apart, keys), np.array([bool(key) for key in alone], bool)))
    return _replaced(words, Words(letters, flat, words.starts, words.lengths), np.append(apart, depending), run, known)


def _is_bound(character: str, letters: str) -> bool:
    """Whether its keys may depend on the characters beside it."""
    return _is_mark(character) or (character == "Σ" and "ς" in letters)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or "\u1160" <= character <= "\u11ff"


def _unusual(words: Words, at: Rows, letters: str, turkic: bool) -> tuple[Rows, Rows]:
    """The words with unusual characters at these places, and of them those where keys depend on what is beside."""
    mark = _flags(map(_is_mark, words.alphabet))
    codes, before = words.flat[at], words.flat[at - 1]
    depends = _flags(character == "Σ" and "ς" in letters for character in words.alphabet)[codes]
    depends |= mark[codes] & _binding(words.alphabet, letters, turkic)[before]
    depends |= mark[codes] & mark[before] & mark[words.flat[at - 2]]  # one letter may have so many marks and no more
    row = np.searchsorted(words.starts, at.astype(np.uint32), "right") - 1
    unusual, depending = np.zeros((2, len(words)), bool)
    unusual[row], depending[row[depends]] = True, True
    return np.flatnonzero(unusual & ~depending), np.flatnonzero(depending)


def _flags(characters: Iterable[bool]) -> npt.NDArray[np.bool_]:
    """A flag for each code (1 + A,), none for the 0 before a word."""
    return np.array([False, *characters])


def _binding(alphabet: str, letters: str, turkic: bool) -> npt.NDArray[np.bool_]:
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


def _known(words: Words, rows: Rows, keys: Sequence[str | None]) -> npt.NDArray[np.bool_]:
    """Whether every character of these words (N,) is known."""
    run = words.run(rows)
    none = _flags(key is None for key in keys)[run]
    return ~np.logical_or.reduceat(none, np.flatnonzero(run == 0)) if len(rows) else none


def _replaced(words: Words, spelled: Words, rows: Rows, run: Rows, known: npt.NDArray[np.bool_]) -> Words:
    """`spelled` with these rows as in `run`: where they stood if there is room, else behind all others."""
    begins = np.flatnonzero(run == 0)
    sizes = np.diff(begins, append=len(run))
    more = np.where(sizes - 1 > words.lengths[rows], sizes, 0)
    at = np.where(more > 0, len(spelled.flat) + np.cumsum(more) - more, words.starts[rows])
    flat = np.append(spelled.flat, np.zeros(more.sum(), spelled.flat.dtype)) if more.any() else spelled.flat
    flat[np.repeat(at - begins, sizes) + np.arange(len(run))] = run
    starts, lengths = words.starts.copy(), words.lengths.copy()
    starts[rows], lengths[rows] = at, np.where(known & (sizes <= MOST_LENGTH + 1), sizes - 1, 0)
    return Words(spelled.alphabet, flat, starts, lengths)
