"""NeuroSwipe JSONL (Yandex Cup 2023): `word`, `curve{x, y, t, grid}` in pixels and milliseconds."""

from typing import Any

from swipefl.errors import RejectedLine, Remedy
from swipefl.gesture.formats.reading import Reading, carried, labelled
from swipefl.gesture.gesture import Gesture, checked_points, named
from swipefl.gesture.keyboard import Keyboard


def read(line: int, data: Any, keyboard: Keyboard | None) -> Reading:
    """The gesture of one parsed line; its keyboard comes with it. Raises RejectedLine."""
    curve = data.get("curve")
    if not isinstance(curve, dict):
        raise RejectedLine("no-points", "the line has no object `curve`")
    try:
        xs, ys, ts = (list(curve[axis]) for axis in ("x", "y", "t"))
        times = [t / 1000 for t in ts]
    except (KeyError, TypeError):
        raise RejectedLine("no-points", "`curve` needs lists x, y and t of numbers") from None
    if not len(xs) == len(ys) == len(ts):
        raise RejectedLine("no-points", "the lists x, y and t of `curve` must be equally long")
    points = checked_points(xs, ys, times)
    grid = curve.get("grid")
    known = keyboard if grid is None else carried(grid)
    if known is None:
        raise RejectedLine("unknown-keyboard", "`curve` has no `grid`", Remedy.SAY_KEYBOARD)
    word, fault = labelled(data.get("word"), known)
    return Reading(line, named(Gesture("", points, known, known.width, known.height)), word, fault=fault)
