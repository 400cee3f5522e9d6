"""A keyboard in a picture: its keys at the size that there is room for, and where on it a place in key widths lies."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from swipefl.gesture.keyboard import Key, Keyboard, Layout
from swipefl.telling.svg import MARGIN, ROOM, Shape, shape, words

HIGHEST = 300.0  # units of the picture
BEYOND = 0.8  # key widths that something may leave the keys by, and be drawn where it is
LARGEST = 44.0  # a key width in units of the picture

Bounds = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Placed:
    """A key in key widths: its letters (the first is what a finger types, others with shift), its centre and size."""

    letters: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Board:
    """Keys and bounds in key widths; `scale` units of the picture are one, and the bounds' top lies at `top`."""

    keys: tuple[Placed, ...]
    bounds: Bounds
    scale: float
    top: float

    @property
    def bottom(self) -> float:
        """Where the board ends in the picture."""
        return self.top + (self.bounds[3] - self.bounds[1]) * self.scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where in the picture a place in key widths lies; what is beyond the bounds lies on them."""
        left, top, right, bottom = self.bounds
        start = MARGIN + (ROOM - (right - left) * self.scale) / 2
        return (
            start + (min(max(x, left), right) - left) * self.scale,
            self.top + (min(max(y, top), bottom) - top) * self.scale,
        )

    def drawn(self, quiet: Collection[Placed] = (), corner: bool = False) -> list[Shape]:
        """The keys, those of `quiet` fainter; letters stand in the middle, or in a corner to leave room there."""
        return [
            part
            for key in self.keys
            for part in (self._plate(key, "faint" if key in quiet else "key"), *self._letters(key, corner))
        ]

    def _plate(self, key: Placed, look: str) -> Shape:
        (x, y), (width, height) = self.at(key.x, key.y), self._size(key)
        at = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
        return shape("rect", f"{look} edge", **at, rx=min(5.0, 0.14 * self.scale))

    def _letters(self, key: Placed, corner: bool) -> list[Shape]:
        """The letter that a finger types, and smaller in the other corner those with shift."""
        (x, y), (width, height) = self.at(key.x, key.y), self._size(key)
        size = max(min((0.32 if corner else 0.4) * min(self.scale, height), 15.0), 5.0)
        side, edge = width / 2 - 0.2 * size, y - height / 2
        place = (x - side, edge + 0.95 * size, "letter") if corner else (x, y + 0.36 * size, "letter middle")
        shapes = [words(place[0], place[1], key.letters[0], place[2], size)]
        if shifted := key.letters[1:]:
            small = (0.8 if corner else 0.7) * size
            shapes.append(words(x + side, edge + 0.2 * size + 0.75 * small, shifted, "letter end", small))
        return shapes

    def _size(self, key: Placed) -> tuple[float, float]:
        gap = 0.12 * self.scale
        return max(key.width * self.scale - gap, 1.0), max(key.height * self.scale - gap, 1.0)


def board(
    keyboard: Keyboard, width: float, height: float, top: float, places: Sequence[tuple[float, float]] = ()
) -> Board:
    """The keyboard as it is `width` by `height` large, below `top`, with room for these places in key widths."""
    keys = placed(keyboard, keyboard.layout(width, height), width, height)
    bounds = _bounds(keys, places)
    scale = min(ROOM / (bounds[2] - bounds[0]), HIGHEST / (bounds[3] - bounds[1]), LARGEST)
    return Board(keys, bounds, scale, top)


def placed(keyboard: Keyboard, layout: Layout, width: float, height: float) -> tuple[Placed, ...]:
    """The keys in key widths, each once: letters of one place are on one key."""
    across = float(layout.scale[0]) * width / keyboard.width
    down = float(layout.scale[1]) * height / keyboard.height
    together: dict[tuple[float, float], list[Key]] = {}
    for key in keyboard.keys:
        together.setdefault((key.x, key.y), []).append(key)
    return tuple(
        Placed(
            "".join(dict.fromkeys(key.letter for key in keys)),
            x * across,
            y * down,
            keys[0].width * across,
            keys[0].height * down,
        )
        for (x, y), keys in together.items()
    )


def _bounds(keys: Sequence[Placed], places: Sequence[tuple[float, float]]) -> Bounds:
    left, right = min(k.x - k.width / 2 for k in keys), max(k.x + k.width / 2 for k in keys)
    top, bottom = min(k.y - k.height / 2 for k in keys), max(k.y + k.height / 2 for k in keys)
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return (
        max(left - BEYOND, min([left, *xs])),
        max(top - BEYOND, min([top, *ys])),
        min(right + BEYOND, max([right, *xs])),
        min(bottom + BEYOND, max([bottom, *ys])),
    )
