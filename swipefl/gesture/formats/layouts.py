"""Keyboards that recorders have and do not describe."""

from dataclasses import replace
from functools import cache

from swipefl.gesture.keyboard import Key, Keyboard, content_name
from swipefl.gesture.keyboards.layouts import LAYOUTS
from swipefl.gesture.keyboards.rows import drawn, split

ROW_HEIGHT = 1.195  # key widths, as on FUTO's canvas


@cache
def rows_of_qwerty(rows: int) -> Keyboard:
    """A qwerty whose three rows of letters are the first of `rows` that are equally high."""
    width, height, places = drawn(split(LAYOUTS["qwerty"].rows), 10.0, ROW_HEIGHT, rows - 3)
    keyboard = Keyboard("", ("en",), width, height, tuple(Key(*place) for place in places))
    return replace(keyboard, name=content_name(keyboard))
