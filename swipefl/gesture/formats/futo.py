"""FUTO swipe JSON: `{word: [{x, y, t}, ...]}`, x and y as fractions of a qwerty, t in epoch milliseconds."""

from collections.abc import Iterator
from typing import Any

from swipefl.errors import RejectedLine
from swipefl.gesture.formats.reading import Reading, Rejected
from swipefl.gesture.gesture import Gesture, checked_points, checked_word
from swipefl.gesture.keyboard import Keyboard, built_in


def read(line: int, document: Any, keyboard: Keyboard | None) -> Iterator[Reading | Rejected]:
    """The gestures of a parsed document, or of a list of such."""
    for part in document if isinstance(document, list) else [document]:
        for word, points in part.items() if isinstance(part, dict) else ():
            try:
                yield _one(line, word, points, keyboard or built_in("qwerty"))
            except RejectedLine as error:
                yield Rejected(line, error)


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
    gesture = Gesture("", points, keyboard, keyboard.width, keyboard.height)
    return Reading(line, gesture, checked_word(word, keyboard))
