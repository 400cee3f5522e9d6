"""Keyboards of any letters."""

from collections.abc import Iterable
from typing import Any

from swipefl.gesture.keyboard import Keyboard, keyboard_from_json


def row(letters: Iterable[str], size: float = 1000, **of_each_key: Any) -> dict[str, Any]:
    """The JSON of a keyboard `size` units wide with these keys in one row."""
    labels = list(letters)
    wide = size / max(len(labels), 1)
    keys = [
        {"letter": label, "x": wide * (n + 0.5), "y": size / 10, "width": wide, "height": size / 5, **of_each_key}
        for n, label in enumerate(labels)
    ]
    return {"name": "row", "language": "", "width": size, "height": size / 5, "keys": keys}


def keyboard_of(letters: Iterable[str]) -> Keyboard:
    """The keyboard of such a row."""
    return keyboard_from_json(row(letters))
