"""Keyboards that recorders have and do not describe, and lists of keys that lack the keys' sizes."""

import statistics
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from swipefl.errors import RejectedLine
from swipefl.gesture.formats.reading import carried
from swipefl.gesture.keyboard import MOST_KEYS, Keyboard

ROWS = (("qwertyuiop", 0.0), ("asdfghjkl", 0.5), ("zxcvbnm", 1.5))
ROW_HEIGHT = 1.195  # key widths, as on FUTO's canvas
Centre = tuple[str, float, float]
"""What a key types, and where its centre is."""


@cache
def rows_of_qwerty(rows: int) -> Keyboard:
    """A qwerty whose three rows of letters are the first of `rows` that are equally high."""
    keys = [
        {"letter": letter, "x": left + column + 0.5, "y": (row + 0.5) * ROW_HEIGHT, "width": 1, "height": ROW_HEIGHT}
        for row, (letters, left) in enumerate(ROWS)
        for column, letter in enumerate(letters)
    ]
    return carried({"language": "en", "width": 10, "height": rows * ROW_HEIGHT, "keys": keys})


def of_centres(centres: Sequence[Centre], width: float, height: float) -> Keyboard:
    """The keyboard of keys without sizes: as wide as the next key of their row is off, as high as the next row is.

    Raises RejectedLine.
    """
    if len(centres) > MOST_KEYS:
        raise RejectedLine("unknown-keyboard", "a keyboard may have {most} keys at most", most=MOST_KEYS)
    rows = _rows(centres, height)
    key_width = _typical([b[1] - a[1] for row in rows for a, b in pairwise(row)], width / 10)
    tops = [statistics.median(key[2] for key in row) for row in rows]
    key_height = _typical([below - above for above, below in pairwise(tops)], height / 4)
    keys = [{"letter": letter, "x": x, "y": y, "width": key_width, "height": key_height} for letter, x, y in centres]
    return carried({"width": width, "height": height, "keys": keys})


def _rows(centres: Sequence[Centre], height: float) -> list[list[Centre]]:
    """The keys by rows, from top to bottom and from left to right: gaps between rows are larger than in one."""
    by_height = sorted(centres, key=lambda key: key[2])
    gaps = [below[2] - above[2] for above, below in pairwise(by_height)]
    least = max(0.4 * max(gaps, default=0.0), 0.05 * height)
    rows = [by_height[:1]]
    for gap, key in zip(gaps, by_height[1:], strict=True):
        if gap > least:
            rows.append([])
        rows[-1].append(key)
    return [sorted(row, key=lambda key: key[1]) for row in rows]


def _typical(distances: list[float], otherwise: float) -> float:
    """The median of those that are none of two keys in one place."""
    real = [distance for distance in distances if distance > 0]
    return statistics.median(real) if real else otherwise
