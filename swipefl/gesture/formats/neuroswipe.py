"""NeuroSwipe JSONL (Yandex Cup 2023): `word`, `curve{x, y, t, grid}` in pixels and milliseconds.

In place of the `grid` there may be a `grid_name`: of a keyboard that is known, or of one in a file of grids,
`{name: grid, ...}`, which is read first.
"""

from collections.abc import Callable, Iterator
from typing import Any

from swipefl.errors import RejectedLine, Remedy
from swipefl.gesture.formats.reading import (
    OwnKeyboard,
    Reading,
    Rejected,
    carried,
    known,
    labelled,
    languages_in,
    seconds_of,
)
from swipefl.gesture.gesture import Gesture, checked_points, named
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.language import Languages

Find = Callable[[str], Keyboard]
GRID = frozenset({"width", "height", "keys"})
FIELDS = frozenset({"grid", "keyboard", "keyboardInfo", "layout"})  # of a line of which the rest is missing


def fits(data: dict[str, Any]) -> bool:
    """Whether an object is such a line."""
    return isinstance(data.get("curve"), dict)


def are_grids(data: dict[str, Any]) -> bool:
    """Whether an object is a file of grids."""
    grids = [grid for grid in data.values() if isinstance(grid, dict) and grid.keys() >= GRID]
    return bool(grids) and len(grids) == len(data) and not data.keys() <= FIELDS


def read_grids(line: int, data: dict[str, Any]) -> Iterator[OwnKeyboard | Rejected]:
    """The keyboards of a file of grids, under the names that it gives them."""
    for name, grid in data.items():
        if not isinstance(grid, dict):  # a mark beside them, where the file is known to be one of grids
            continue
        try:
            yield OwnKeyboard(line, carried(grid | {"name": name})[0], of_grids=True)
        except RejectedLine as error:
            yield Rejected(line, error)


def read(line: int, data: dict[str, Any], keyboard: Keyboard | None, find: Find) -> Reading:
    """The gesture of one parsed line; its keyboard comes with it. Raises RejectedLine."""
    curve = data.get("curve")
    if not isinstance(curve, dict):
        raise RejectedLine("no-points", "the line has no object `curve`")
    xs, ys, ts = (curve.get(axis) for axis in "xyt")
    if not (isinstance(xs, list) and isinstance(ys, list) and isinstance(ts, list)):
        raise RejectedLine("no-points", "`curve` needs lists x, y and t of numbers")
    if not len(xs) == len(ys) == len(ts):
        raise RejectedLine("no-points", "the lists x, y and t of `curve` must be equally long")
    points = checked_points(xs, ys, seconds_of(ts))
    found, written = _keyboard(curve, data.get("grid_name"), keyboard, find)
    languages = languages_in(data) or written
    word, fault = labelled(data.get("word"), found, languages)
    gesture = Gesture("", points, found, found.width, found.height, languages=languages)
    return Reading(line, named(gesture), word, fault=fault)


def _keyboard(curve: dict[str, Any], beside: Any, default: Keyboard | None, find: Find) -> tuple[Keyboard, Languages]:
    """A line's keyboard, and what is written on it where it does not say that itself."""
    grid, name = curve.get("grid"), curve.get("grid_name", beside)
    if grid is not None:
        return carried(grid)
    if default is not None:
        return default, ()
    if isinstance(name, str):
        return known(name, find), ()
    raise RejectedLine("unknown-keyboard", "`curve` has neither `grid` nor `grid_name`", Remedy.SAY_KEYBOARD)
