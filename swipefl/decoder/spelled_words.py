"""How one keyboard spells many words at once, as `gesture.spelling` spells each of them."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from swipefl.decoder.word_index import Codes, Masks, Rows, Words, as_codes, looked_up, masks_of
from swipefl.gesture.spelling import lower, needs_no_key, spelling_with

MOST_LENGTH = 255


def spelled_words(words: Words, letters: str, turkic: bool) -> tuple[Words, Masks, Rows]:
    """The words that can be spelled with `letters`, a bit for each of their letters, and their numbers in `words`.

    Nearly all characters have one key, and are looked up where they stand; the other words come to lie behind them.
    """
    spelling, code = spelling_with(letters, turkic), {letter: number for number, letter in enumerate(letters, 1)}
    keys = [spelling.of(character) for character in words.alphabet]
    first = [code[key[0]] if key else 0 for key in keys]
    flat = looked_up(as_codes(np.array([0, *first]), len(letters)), words.flat)
    masks = masks_of(flat, words.starts, len(letters))
    apart, depending = _unusual(words, keys, letters, turkic)
    rows = np.concatenate((apart, depending))
    if not len(rows):
        return Words(letters, flat, words.starts, words.lengths), masks, np.arange(len(words))
    alone = [spelling.of(word) for word in words.text(depending)]
    run = np.concatenate((_taken_apart(words.run(apart), keys, code), _one_by_one(alone, code)))
    known = np.concatenate((_known(words, apart, keys), np.array([bool(key) for key in alone], bool)))
    others, behind = as_codes(run, len(letters)), np.flatnonzero(run == 0)
    starts, lengths = words.starts.copy(), words.lengths.astype(np.intp)
    starts[rows], lengths[rows] = len(flat) + behind, (np.diff(behind, append=len(run)) - 1) * known
    masks[rows] = masks_of(others, behind.astype(np.uint32), len(letters))
    kept = np.flatnonzero((lengths > 0) & (lengths <= MOST_LENGTH))
    spelled = Words(letters, np.append(flat, others), starts[kept], lengths[kept].astype(np.uint8))
    return spelled, masks[kept], kept


def _unusual(words: Words, keys: Sequence[str | None], letters: str, turkic: bool) -> tuple[Rows, Rows]:
    """Words with a character that has no key or several, and those where its keys depend on the ones beside it."""
    apart = _flags(key is None or len(key) != 1 for key in keys)
    mark = _flags(map(_is_mark, words.alphabet))
    final = _flags(character == "Σ" and "ς" in letters for character in words.alphabet)
    at = np.flatnonzero(looked_up(apart | mark | final, words.flat))
    codes, before = words.flat[at], words.flat[at - 1]
    depends = final[codes] | (mark[codes] & _binding(words.alphabet, letters, turkic)[before])
    depends |= mark[codes] & mark[before] & mark[words.flat[at - 2]]
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


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M") or "\u1160" <= character <= "\u11ff"


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
    none = _flags(key is None for key in keys)[words.run(rows)]
    sizes = words.lengths[rows].astype(np.intp) + 1
    begins = np.cumsum(sizes) - sizes
    return ~np.logical_or.reduceat(none, begins) if len(rows) else none
