"""NeuroSwipe JSONL (Yandex Cup 2023): `word`, `curve{x, y, t, grid}` in pixels and milliseconds."""

import json
from functools import lru_cache
from typing import Any

from swipefl.errors import RejectedLine, Remedy, UsageError
from swipefl.gesture.formats.reading import Reading, labelled
from swipefl.gesture.gesture import Gesture, checked_points
from swipefl.gesture.keyboard import Keyboard, keyboard_from_json


def read(line: int, data: Any, keyboard: Keyboard | None) -> Reading:
    """The gesture of one parsed line; its keyboard comes with it. Raises RejectedLine."""
    curve = data["curve"]
    try:
        xs, ys, ts = (list(curve[axis]) for axis in ("x", "y", "t"))
        times = [t / 1000 for t in ts]
    except (KeyError, TypeError):
        raise RejectedLine("no-points", "`curve` needs lists x, y and t of numbers") from None
    if not len(xs) == len(ys) == len(ts):
        raise RejectedLine("no-points", "the lists x, y and t of `curve` must be equally long")
    points = checked_points(xs, ys, times)
    grid = curve.get("grid")
    if grid is None and keyboard is None:
        raise RejectedLine("unknown-keyboard", "`curve` has no `grid`", Remedy.SAY_KEYBOARD)
    try:
        known = keyboard if grid is None else _grid(json.dumps(grid, sort_keys=True))
    except UsageError:
        raise RejectedLine("unknown-keyboard", "`grid` is no keyboard: it needs width, height and keys") from None
    assert known is not None
    word, fault = labelled(data.get("word"), known)
    return Reading(line, Gesture("", points, known, known.width, known.height), word, fault=fault)


@lru_cache(maxsize=16)
def _grid(text: str) -> Keyboard:
    return keyboard_from_json(json.loads(text))
