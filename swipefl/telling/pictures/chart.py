"""Axes of pictures: whole steps that people count by, lines across, and days below."""

import math
from collections.abc import Callable, Sequence
from datetime import date

from swipefl.telling.svg import MARGIN, SMALL, WIDE, Shape, path, words

LEFT, RIGHT = MARGIN + 40.0, WIDE - MARGIN - 4.0  # where the lines across begin and end
HIGH = 150.0

Place = Callable[[float], float]


def steps(low: float, high: float, most: int = 4) -> list[float]:
    """Round numbers from `low` or below to `high` or above, at equal steps of 1, 2, 2.5 or 5 times a power of ten."""
    least = max((high - low) / most, 1e-9)
    tens = 10.0 ** math.floor(math.log10(least))
    step = next(tens * by for by in (1, 2, 2.5, 5, 10) if tens * by >= least * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * i for i in range(first, last + 1)]


def rising(low: float, high: float, top: float) -> Place:
    """From a value to its height in the picture, `high` at `top` and `low` HIGH below it."""
    return lambda value: top + HIGH * (high - min(max(value, low), high)) / (high - low)


def across(values: Sequence[float], place: Place, said: Callable[[float], str]) -> list[Shape]:
    """A line at each value, with what it is."""
    shapes: list[Shape] = []
    for value in values:
        shapes.append(path([(LEFT, place(value)), (RIGHT, place(value))], "line grid", stroke_width=1))
        shapes.append(words(LEFT - 7, place(value) + 4.3, said(value), "quiet end", SMALL))
    return shapes


def short(day: date) -> str:
    """A day as people write it in a small place."""
    return f"{day.day} {day:%b}"
