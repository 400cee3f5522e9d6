"""How the first word of a sentence is written: Hello, İstanbul, IJsland, L'homme, 's Morgens."""

import re

from swipefl.gesture.before import Before
from swipefl.gesture.language import is_turkic, primary
from swipefl.gesture.spelling import APOSTROPHES, needs_no_key, straight

SMALL_FIRST = frozenset(("af", "fy", "nl"))  # where 's, 't and 'n stay as they are, and the word behind them is first
AS_TWO = {"և": "Եվ"}  # the capital of a letter
_SMALL = re.compile(r"'[a-z]{1,2}(?:[\s-]+|$)")
_FIRST_PART = re.compile(r"[^\s'-]*")


def is_first(before: Before, languages: tuple[str, ...]) -> bool:
    """Whether the word behind this is written with a capital for being the first of its sentence."""
    if before.is_start or len(before.words) > 1:
        return before.is_start
    return any(primary(tag) in SMALL_FIRST for tag in languages) and bool(_SMALL.fullmatch(before.follows))


def capitalised(word: str, language: str) -> str:
    """`word` as people write it at the start of a sentence; one with capitals of its own (iPhone, x-Achse) stays."""
    if word.isalpha() and word.islower() and word[0] not in APOSTROPHES:
        return _with_capital(word, language)
    plain = straight(word)
    small = _SMALL.match(plain) if primary(language) in SMALL_FIRST else None
    signs = range(small.end() if small else 0, len(word))
    start = next((place for place in signs if not needs_no_key(word[place])), len(word))
    if start == len(word) or _has_capitals(plain[start:]):
        return word
    return word[:start] + _with_capital(word[start:], language)


def _has_capitals(word: str) -> bool:
    """Whether it has capitals where a first one would change it: not behind an elided word (l'Europe)."""
    first = _FIRST_PART.match(word)
    end = first.end() if first else 0
    is_sign = end == 1 and word[1:2] == "-"  # of the x in x-Achse, and not in e-mail
    return any(character != character.lower() for character in (word if is_sign else word[:end]))


def _with_capital(word: str, language: str) -> str:
    if word[:2] == "ij" and primary(language) == "nl":  # one letter, of two keys
        return "IJ" + word[2:]
    if word[0] == "i" and is_turkic((language,)):
        return "İ" + word[1:]
    letter = AS_TWO.get(word[0]) or word[0].title()
    return letter + word[1:] if len(letter) == 1 or word[0] in AS_TWO else word  # no word begins with ß
