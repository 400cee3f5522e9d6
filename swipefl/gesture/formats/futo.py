"""FUTO swipe JSON: `{word: [{x, y, t}, ...]}`, x and y as fractions of a qwerty, t in epoch milliseconds."""

from collections.abc import Iterator
from typing import Any

from swipefl.errors import RejectedLine
from swipefl.gesture.formats import own
from swipefl.gesture.formats.reading import Private, Reading, Rejected, is_private
from swipefl.gesture.gesture import Gesture, checked_points, checked_word, named
from swipefl.gesture.keyboard import Keyboard, built_in


def is_part(data: dict[str, Any]) -> bool:
    """Whether an object is nothing but words with their points."""
    words = _words(data)
    return bool(words) and all(isinstance(points, list) for points in words.values()) and not own.is_line(data)


def read(line: int, part: dict[str, Any], keyboard: Keyboard | None) -> Iterator[Reading | Rejected | Private]:
    """The gestures of one parsed object; `private` is a word where it has points, else says what they all are."""
    words = _words(part)
    private = "private" not in words and is_private(part.get("private"))
    for word, points in words.items():
        try:
            entry: Reading | Rejected = _one(line, word, points, keyboard or built_in("qwerty"))
        except RejectedLine as error:
            entry = Rejected(line, error)
        yield Private(entry) if private else entry


def _words(part: dict[str, Any]) -> dict[str, Any]:
    return {word: points for word, points in part.items() if word != "private" or _are_points(points)}


def _are_points(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _one(line: int, word: str, coords: Any, keyboard: Keyboard) -> Reading:
    try:
        first = coords[0]["t"]
        xs, ys = [c["x"] for c in coords], [c["y"] for c in coords]
        ts = [(c["t"] - first) / 1000 for c in coords]
    except (KeyError, TypeError, IndexError):
        raise RejectedLine("no-points", "every word needs a list of points with x, y and t") from None
    points = checked_points(xs, ys, ts)
    points[:, 0] *= keyboard.width
    points[:, 1] *= keyboard.height
    gesture = named(Gesture("", points, keyboard, keyboard.width, keyboard.height))
    return Reading(line, gesture, checked_word(word, keyboard))
