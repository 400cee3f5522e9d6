"""What programs write of a keyboard: a label and a place a key, in the words of each; or rows of labels alone.

| who | a key |
|---|---|
| swipefl | `letter`, `x`, `y` of its centre, `width`, `height` |
| NeuroSwipe | `label`, `hitbox{x, y, w, h}` from the left and the top |
| HeliBoard's gesture data | `value`, `left`, `top`, `width`, `height`, or `codePoint`, `centerX`, `centerY` alone |
| How We Swipe and others | `char`, `cx`, `cy`, `w`, `h` or half of them |
| FlorisBoard, HeliBoard's layouts | rows of `label` or `code`, without places |

`x` and `y` beside a `letter`, half a size or none are a centre; beside a size they are the left and the top, unless
keys would then lie outside and would not as centres.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from swipefl.gesture.keyboards.labels import label_of
from swipefl.gesture.keyboards.rows import ROW_HEIGHT, SPACE_ROW, WIDTH, Surface, surface_of_rows

_BOXES = ("hitbox", "bounds", "boundaries", "rect", "box")
_CENTRES = (("centerX", "centerY"), ("center_x", "center_y"), ("centreX", "centreY"), ("cx", "cy"))
_CORNERS = (("left", "top"),)
_PLACES = (("x", "y"),)
_BEGINS = (*_PLACES, *_CORNERS)
_HALVES = (("halfWidth", "halfHeight"), ("half_width", "half_height"), ("half_w", "half_h"), ("hw", "hh"))
_SIZES = (("width", "height"), ("w", "h"))
_BOARDS = (*_SIZES, ("keyboard_width", "keyboard_height"), ("keyboardWidth", "keyboardHeight"))
_PHONE = (WIDTH, (3 + SPACE_ROW) * ROW_HEIGHT)  # the size of a keyboard whose keys lie at fractions of it
_OUTSIDE = 0.02  # of a keyboard: rounding may put a key so far outside

Pair = tuple[float, float]
_NOWHERE = (math.nan, math.nan)


class _Box(NamedTuple):
    """A key at its centre; or `perhaps` at its corner, which x and y beside a size may be."""

    label: str
    at: Pair
    size: Pair | None
    perhaps: bool = False


def surface_of(data: Mapping[str, Any]) -> Surface:
    """What a parsed object says of a keyboard; keys without a place, such as a shift, are at NaN.

    Raises KeyError, TypeError, ValueError and their like where it is none.
    """
    if "rows" in data:
        return surface_of_rows(data["rows"])
    boxes = list(map(_box, _keys(data["keys"])))
    size = _pair(data, _BOARDS)
    if size is None:
        size, boxes = _PHONE, list(map(_enlarged, boxes))
    if any(box.perhaps for box in boxes):
        boxes = _by_centres(boxes, size)
    usual = _NOWHERE if all(box.size for box in boxes) else _apart([box.at for box in boxes])
    return (*size, [(box.label, *box.at, *(box.size or usual)) for box in boxes])


def _keys(given: Any) -> list[Any]:
    """The keys, each an object with its label; some files have them by label."""
    return [{"label": label, **key} for label, key in given.items()] if isinstance(given, dict) else list(given)


def _box(key: Mapping[str, Any]) -> _Box:
    label = label_of(key)
    for name in _BOXES:
        if isinstance(inner := key.get(name), dict):
            size = _size(inner)
            return _Box(label, _centre(_pair(inner, _BEGINS) or _NOWHERE, size), size)
    at, half = _pair(key, _PLACES), _pair(key, _HALVES)
    size = (2 * half[0], 2 * half[1]) if half else _size(key)
    if centre := _pair(key, _CENTRES):
        return _Box(label, centre, size)
    if corner := _pair(key, _CORNERS):
        return _Box(label, _centre(corner, size), size)
    return _Box(label, at or _NOWHERE, size, perhaps=size is not None and half is None and "letter" not in key)


def _centre(corner: Pair, size: Pair | None) -> Pair:
    """Of a key of this corner; without a size there is none."""
    return (corner[0] + size[0] / 2, corner[1] + size[1] / 2) if size else _NOWHERE


def _pair(data: Mapping[str, Any], names: Sequence[tuple[str, str]]) -> Pair | None:
    for across, down in names:
        if across in data and down in data:
            return float(data[across]), float(data[down])
    return None


def _size(data: Mapping[str, Any]) -> Pair | None:
    if size := _pair(data, _SIZES):
        return size
    begin, end = _pair(data, _CORNERS), _pair(data, (("right", "bottom"),))
    return (end[0] - begin[0], end[1] - begin[1]) if begin and end else None


def _enlarged(box: _Box) -> _Box:
    """A box in fractions, in units. Raises KeyError where it lies outside: then a size was wanted."""
    if max(box.at) > 1 + _OUTSIDE:
        raise KeyError("width")
    return box._replace(at=_scaled(box.at, _PHONE), size=box.size and _scaled(box.size, _PHONE))


def _scaled(pair: Pair, by: Pair) -> Pair:
    return pair[0] * by[0], pair[1] * by[1]


def _by_centres(boxes: list[_Box], size: Pair) -> list[_Box]:
    moved = [box._replace(at=_centre(box.at, box.size)) if box.perhaps else box for box in boxes]
    return boxes if not _fit(moved, size) and _fit(boxes, size) else moved


def _fit(boxes: Sequence[_Box], whole: Pair) -> bool:
    """Whether no key lies outside, with these places as their centres."""
    return not any(
        at < key / 2 - _OUTSIDE * board or at > board - key / 2 + _OUTSIDE * board
        for box in boxes
        if box.size
        for at, key, board in zip(box.at, box.size, whole, strict=True)
    )


def _apart(places: Sequence[Pair]) -> Pair:
    """How far keys' centres lie apart, across and down: what keys measure of which nothing else is known."""
    across, down = [], []
    for x, y in places:
        others = [(abs(x - other_x), abs(y - other_y)) for other_x, other_y in places]
        across += _least(dx for dx, dy in others if dx > 2 * dy)
        down += _least(dy for dx, dy in others if dy > dx)
    wide, high = (statistics.median(found) if found else math.nan for found in (across, down))
    return (high if math.isnan(wide) else wide), (wide if math.isnan(high) else high)


def _least(distances: Iterable[float]) -> list[float]:
    return [least] if (least := min(distances, default=None)) is not None else []
