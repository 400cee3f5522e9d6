"""Rows of labels to places: the geometry that phones draw, computed."""

import unicodedata
from typing import Any

from swipefl.gesture.keyboards.labels import label_of, letter_of, shifted_label_of

WIDTH, ROW_HEIGHT = 370.0, 60.0  # of a keyboard and of its rows, in units of its own
SPACE_ROW = 0.7  # of a row's height: the lowest row, which has no letters
CIRCLE = "\N{DOTTED CIRCLE}"  # what a mark that has a key stands on in writing
NO_KEY = "-"  # in rows of what keys type with shift

Rows = list[list[str]]
Place = tuple[str, float, float, float, float]  # a label, x and y of its key's centre, width and height
Surface = tuple[float, float, list[Place]]  # a keyboard's width and height, and its keys


def split(text: str) -> Rows:
    """Rows that blanks divide: each character is a key, but for the circle below a mark."""
    rows = unicodedata.normalize("NFC", text).split()
    return [[label for label in row if label != CIRCLE] for row in rows]


def rows_of_lines(text: str) -> Rows:
    """Of a text with a key a line, whose label comes first, and an empty line between rows (HeliBoard)."""
    rows = text.replace("\r", "").strip("\n").split("\n\n")
    return [[line.split()[0] for line in row.split("\n") if line.strip()] for row in rows]


def drawn(rows: Rows, width: float = WIDTH, row_height: float = ROW_HEIGHT, space_row: float = SPACE_ROW) -> Surface:
    """Rows in the middle, one below the other, with keys as wide as the longest has place for, and one row below."""
    columns = max(map(len, rows), default=0)
    wide = width / max(columns, 1)
    places = [
        (label, (columns - len(row) + 2 * n + 1) / 2 * wide, (down + 0.5) * row_height, wide, row_height)
        for down, row in enumerate(rows)
        for n, label in enumerate(row)
    ]
    return width, (len(rows) + space_row) * row_height, places


def with_shifted(surface: Surface, shifted: Rows) -> Surface:
    """A surface of rows, and at the same places the letters that its keys type with shift."""
    width, height, places = surface
    labels = [label for row in shifted for label in row]
    return (
        width,
        height,
        places + [(label, *place[1:]) for label, place in zip(labels, places, strict=False) if label != NO_KEY],
    )


def surface_of_rows(given: Any) -> Surface:
    """Of rows of keys in a parsed file: each a string of characters, or a list of labels, codes or objects.

    Raises TypeError for what is none.
    """
    if not isinstance(given, list) or not all(isinstance(row, list | str) for row in given):
        raise TypeError("rows are a list of lists or strings")
    keys = [list(row) for row in given]
    rows = [list(map(label_of, row)) for row in keys]
    return with_shifted(drawn(rows), [list(map(_other_letter, row)) for row in keys])


def _other_letter(key: Any) -> str:
    """What it types with shift, if that is a letter which is not just its capital."""
    label = shifted_label_of(key)
    is_other = letter_of(label) not in (None, letter_of(label_of(key)))
    return label if is_other else NO_KEY
