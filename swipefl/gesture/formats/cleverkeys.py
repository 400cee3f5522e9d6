"""CleverKeys: `target_word`, `trace_points[{x, y, t_delta_ms}]`, each later than the last by so much; `metadata`.

The app divides x and y by the width and the height of the *screen*, both counted from the keyboard's corner; there are
also lines whose y is a fraction of three rows of keys. Which it is, the keys that it registered say. A line may bring
its keys, in pixels: `key_geometry[{k, l, t, r, b}]`; else `metadata.layout_name` says what it was swiped on.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any

import numpy as np

from swipefl.errors import RejectedLine, Remedy
from swipefl.gesture.formats.layouts import rows_of_qwerty
from swipefl.gesture.formats.reading import Reading, axes_of, carried, labelled, languages_in
from swipefl.gesture.gesture import Gesture, Points, checked_points, checked_size, named
from swipefl.gesture.keyboard import Keyboard

QWERTY = re.compile(r"(latn_)?qwerty(_us|_gb|_uk|_en)?", re.IGNORECASE)
UNKNOWN = (None, "", "unknown")  # in lines from before it was said: then there was no other
OUTSIDE = 1.05  # a finger may leave a keyboard by a twentieth of its height


def fits(data: dict[str, Any]) -> bool:
    """Whether an object is such a line."""
    return isinstance(data.get("trace_points"), list)


def read(line: int, data: dict[str, Any], keyboard: Keyboard | None) -> Reading:
    """The gesture of one parsed line. Raises RejectedLine."""
    xs, ys, deltas = axes_of(data.get("trace_points"), "trace_points", "t_delta_ms")
    points = checked_points(xs, ys, _seconds(deltas))
    metadata = data.get("metadata")
    placed = _placed(data, points, metadata if isinstance(metadata, dict) else {}, keyboard)
    languages = languages_in(data)
    word, fault = labelled(data.get("target_word"), placed.keyboard, languages)
    return Reading(line, named(replace(placed, languages=languages)), word, fault=fault)


def _seconds(deltas: list[Any]) -> list[float]:
    try:
        return [ms / 1000 for ms in accumulate([0, *deltas[1:]])]  # the first is from when the object was made
    except (TypeError, ValueError, OverflowError):
        raise RejectedLine("not-a-number", "x, y and t must be numbers") from None


def _placed(data: dict[str, Any], points: Points, metadata: dict[str, Any], keyboard: Keyboard | None) -> Gesture:
    """The likeliest of what the fractions may be of; of equals the first, which is what the app writes."""
    identity = data.get("trace_id")
    name = identity[:200] if isinstance(identity, str) else ""
    candidates = _candidates(data, points, metadata, keyboard)
    registered = data.get("registered_keys")
    ends = (registered[0], registered[-1]) if isinstance(registered, list) and registered else ()
    chosen, axes, width, height = min(candidates, key=lambda found: _misfit(found, ends))
    return Gesture(name, axes, chosen, width, height)


Placed = tuple[Keyboard, Points, float, float]


def _candidates(
    data: dict[str, Any], points: Points, metadata: dict[str, Any], keyboard: Keyboard | None
) -> Iterator[Placed]:
    screen = [metadata.get(field) for field in ("screen_width_px", "screen_height_px", "keyboard_height_px")]
    is_said = all(value is not None for value in screen)
    if not is_said:
        whole = keyboard or _named(metadata, 3)
        yield whole, _scaled(points, whole.width, whole.height), whole.width, whole.height
        return
    width, height = checked_size(*screen[:2])
    width, own_height = checked_size(width, screen[2])
    geometry = data.get("key_geometry")
    brought = _brought(geometry, width, own_height) if geometry else None
    on_screen = _scaled(points, width, height)
    if on_screen[:, 1].max() <= OUTSIDE * own_height:
        yield brought or keyboard or _named(metadata, 4), on_screen, width, own_height
    yield brought or keyboard or _named(metadata, 3), _scaled(points, width, own_height), width, own_height


def _scaled(points: Points, width: float, height: float) -> Points:
    return points * np.array([width, height, 1], points.dtype)


def _misfit(found: Placed, ends: tuple[Any, ...]) -> float:
    """How far, in key widths, the ends are from the keys that were registered there."""
    keyboard, points, width, height = found
    layout = keyboard.layout(width, height)
    return sum(
        layout.distance(letter, *points[at, :2].tolist())
        for letter, at in zip(ends, (0, -1), strict=False)
        if isinstance(letter, str) and letter in layout.index
    )


def _named(metadata: dict[str, Any], rows: int) -> Keyboard:
    """The keyboard that the line names. Raises RejectedLine where that is no qwerty as everybody has it."""
    name = metadata.get("layout_name")
    if name not in UNKNOWN and not (isinstance(name, str) and QWERTY.fullmatch(name)):
        raise RejectedLine("unknown-keyboard", "the line was swiped on another layout than qwerty", Remedy.SAY_KEYBOARD)
    return rows_of_qwerty(rows)


def _brought(geometry: Any, width: float, height: float) -> Keyboard:
    try:
        keys = [_key(key) for key in geometry]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise RejectedLine("unknown-keyboard", "`key_geometry` has keys without a place") from None
    return carried({"width": width, "height": height, "keys": keys})[0]


def _key(key: dict[str, Any]) -> dict[str, Any]:
    left, top, right, bottom = (float(key[side]) for side in "ltrb")
    place = {"x": (left + right) / 2, "y": (top + bottom) / 2, "width": right - left, "height": bottom - top}
    return {"letter": key.get("k"), **place}
