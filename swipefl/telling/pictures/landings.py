"""Where the finger lands on each key: a dot for the mean, and around it what holds two landings of three."""

import math

from swipefl.device.fingers import LEAST, KeyLandings, Landings
from swipefl.telling.pictures.board import Board, Placed, board
from swipefl.telling.svg import (
    LEADING,
    MARGIN,
    SMALL,
    Shape,
    cut,
    heading,
    notice,
    paragraph,
    path,
    picture,
    shape,
    words,
)

TITLE = "Where your finger lands"
TWO_IN_THREE = math.sqrt(2 * math.log(3))  # standard deviations around a mean in the plane
NOTABLE = 0.05  # key widths: what is nearer is called the middle
MOST_SAID = 8  # keys that are described in words


def landings_picture(found: Landings | None) -> str:
    """The picture of where the finger lands; of too few swipes a calm one that says so."""
    if found is None or not found.keys or found.right is None or found.down is None:
        swipes = found.swipes if found else 0
        needs = f"this picture needs {LEAST} landings on a key, and there are {swipes} swipes to learn from so far."
        return notice(TITLE, f"Not enough swipes yet: {needs}")
    mean = f"On average {aside(found.right, found.down)}."
    name = cut(found.keyboard.name, 24)
    of = f"{found.landings:,} landings of {found.swipes:,} swipes on {name}: where they begin, end and turn."
    lines = paragraph(MARGIN + 34, f"{mean} {of}")
    keys = board(found.keyboard, found.width, found.height, MARGIN + 28 + LEADING * len(lines))
    by_letter = {key.letter: key for key in found.keys}
    shapes = [heading(TITLE), *lines]
    shapes += keys.drawn([key for key in keys.keys if key.letters[0] not in by_letter], corner=True)
    for key in keys.keys:
        if key.letters[0] in by_letter:
            shapes += _landings(keys, key, by_letter[key.letters[0]])
    shapes += _legend(keys.bottom + 24)
    return picture(TITLE, f"{mean} {of} {_said(found)}", keys.bottom + 24 + MARGIN, shapes)


def _landings(keys: Board, key: Placed, found: KeyLandings) -> list[Shape]:
    (x, y), (at_x, at_y) = keys.at(key.x, key.y), keys.at(key.x + found.right, key.y + found.down)
    wide, high, turned = ellipse(found)
    size = {"rx": max(wide * keys.scale, 1.5), "ry": max(high * keys.scale, 1.5)}
    turn = f"translate({at_x:.2f} {at_y:.2f}) rotate({turned:.1f})"
    return [
        shape("ellipse", "yours yours-line", transform=turn, fill_opacity=0.14, stroke_opacity=0.65, **size),
        *_cross(x, y),
        shape("circle", "yours halo", cx=at_x, cy=at_y, r=3.2, stroke_width=1),
    ]


def _cross(x: float, y: float) -> list[Shape]:
    ends = ([(x - 4, y), (x + 4, y)], [(x, y - 4), (x, y + 4)])
    return [path(line, "line mark", stroke_width=1.2) for line in ends]


def ellipse(found: KeyLandings) -> tuple[float, float, float]:
    """Half axes in key widths and the angle in degrees, clockwise, of what holds two landings of three."""
    xx, yy = found.spread_right**2, found.spread_down**2
    xy = found.slant * found.spread_right * found.spread_down
    middle, apart = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    angle = math.degrees(math.atan2(2 * xy, xx - yy) / 2)
    return TWO_IN_THREE * math.sqrt(middle + apart), TWO_IN_THREE * math.sqrt(max(middle - apart, 0.0)), angle


def _legend(y: float) -> list[Shape]:
    x = MARGIN + 5
    return [
        *_cross(x, y - 4),
        words(x + 10, y, "key's middle", "quiet", SMALL),
        shape("circle", "yours", cx=x + 102, cy=y - 4, r=3.2),
        words(x + 111, y, "your average", "quiet", SMALL),
        shape("ellipse", "yours yours-line", cx=x + 217, cy=y - 4, rx=9, ry=6, fill_opacity=0.14, stroke_opacity=0.65),
        words(x + 231, y, "two landings of three", "quiet", SMALL),
    ]


def aside(right: float, down: float) -> str:
    """Where a mean lies, in words."""
    ways = [
        f"{abs(away):.2f} key widths {way}"
        for away, way in (
            (right, "right of" if right > 0 else "left of"),
            (down, "below" if down > 0 else "above"),
        )
        if abs(away) >= NOTABLE
    ]
    return f"{' and '.join(ways)} the middle of the key" if ways else "in the middle of the key"


def _said(found: Landings) -> str:
    farthest = sorted(found.keys, key=lambda key: -math.hypot(key.right, key.down))[:MOST_SAID]
    keys = "; ".join(f"{key.letter}: {aside(key.right, key.down)} ({key.landings} landings)" for key in farthest)
    return f"The keys that are farthest off: {keys}."
