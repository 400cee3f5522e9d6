"""Keyboards that recorders have and do not describe."""

from functools import cache

from swipefl.gesture.formats.reading import carried
from swipefl.gesture.keyboard import Keyboard

ROWS = (("qwertyuiop", 0.0), ("asdfghjkl", 0.5), ("zxcvbnm", 1.5))
ROW_HEIGHT = 1.195  # key widths, as on FUTO's canvas


@cache
def rows_of_qwerty(rows: int) -> Keyboard:
    """A qwerty whose three rows of letters are the first of `rows` that are equally high."""
    keys = [
        {"letter": letter, "x": left + column + 0.5, "y": (row + 0.5) * ROW_HEIGHT, "width": 1, "height": ROW_HEIGHT}
        for row, (letters, left) in enumerate(ROWS)
        for column, letter in enumerate(letters)
    ]
    return carried({"language": "en", "width": 10, "height": rows * ROW_HEIGHT, "keys": keys})
