"""What stands on a key, and which letter it types."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from swipefl.gesture.spelling import APOSTROPHES, KEPT, lower

_NAMES = (
    *("letter", "label", "value", "char", "character", "key", "text", "codePoint", "code", "codes", "action"),
    *("default", "lower", "unshifted"),  # where what a key types hangs on the state of shift
)
_SHIFTED = ("manualOrLocked", "shifted", "upper")
_MOST_LEVELS = 8  # of objects in objects before the text: files have three
_MOST_PARTS = 4  # code points that may be one letter once they are composed
_MOST_SHOWN = 20  # characters of a label in a report


def label_of(key: Any) -> str:
    """What a key says that it types: its text, or the character of its code; empty where it says nothing."""
    for _ in range(_MOST_LEVELS):
        if not isinstance(key, dict):
            break
        key = next((key[name] for name in _NAMES if name in key), "")
    return key if isinstance(key, str) else _text(key)


def shifted_label_of(key: Any) -> str:
    """What it types with shift, where it says so."""
    return label_of(next((key[name] for name in _SHIFTED if name in key), "")) if isinstance(key, dict) else ""


def letter_of(label: str, turkic: bool = False) -> str | None:
    """The one letter, mark or digit that a label stands for, in lower case; None for what else stands on keys."""
    return _letter_of(label, turkic) if 0 < len(label) <= _MOST_PARTS else None


@lru_cache(maxsize=KEPT)  # of short labels alone: a stranger's may be megabytes
def _letter_of(label: str, turkic: bool) -> str | None:
    letter = lower(label, turkic)
    if len(label) == 1 < len(letter):  # composed it is no more than its parts: a key of it is one all the same
        letter = label
    is_typed = len(letter) == 1 and (is_letter(letter) or unicodedata.category(letter) == "Nd")
    return letter if is_typed else None


def is_letter(character: str) -> bool:
    """Whether it is a letter or a mark, which words are made of."""
    return unicodedata.category(character)[0] in "LM" and character not in APOSTROPHES


def is_punctuation(label: str) -> bool:
    """Whether it is a key beside the letters that words are written without: an apostrophe, a full stop."""
    return unicodedata.category(label[0])[0] == "P" or label in APOSTROPHES


def shown(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels as a report names them, each once."""
    texts = (label[:_MOST_SHOWN].encode(errors="replace").decode() for label in labels)
    named = {" ": "space", "": "without a label"}
    return tuple(dict.fromkeys(named.get(text, text) for text in texts))


def _text(given: Any) -> str:
    if isinstance(given, list):
        given = given[0] if given else ""
    if isinstance(given, int) and not isinstance(given, bool):
        return chr(given) if 0x20 <= given < 0x110000 else f"code {given}"
    return given if isinstance(given, str) else ""
