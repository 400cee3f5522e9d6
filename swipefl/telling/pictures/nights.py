"""How many swipes are right, night after night: with the person's model and with the one that came with swipefl.

Fairly so: a swipe counts as the model of its day read it, which neither learned from it nor was chosen by it. (As far
as what was misread was corrected: a wrong word that was let stand counts as right.)
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from swipefl.device.chance import wilson
from swipefl.device.gain import LEAST, Standing, standing
from swipefl.store.nights import Night
from swipefl.telling.pictures.chart import HIGH, LEFT, RIGHT, Place, across, rising, short, steps
from swipefl.telling.svg import (
    LEADING,
    MARGIN,
    SMALL,
    Shape,
    heading,
    notice,
    paragraph,
    path,
    picture,
    shape,
    words,
)

TITLE = "Right words, night after night"
TOO_FEW = (
    f"Not enough swipes yet: this takes {LEAST} that are held out and come after a model of your own is in use. "
    "It reads them fairly: it neither learned from them nor was chosen by them."
)
MOST_SAID = 7  # nights that are described in words


def nights_picture(nights: Sequence[Night]) -> str:
    """Two lines over the nights, each in the band where its share may truly lie."""
    stood = standing(nights)
    if not stood:
        return notice(TITLE, TOO_FEW)
    last = stood[-1]
    about = (
        f"Of the last {last.swipes:,} held-out swipes your model read {last.right_yours:,} right as they came, "
        f"the one that came with swipefl {last.right_base:,}."
    )
    note = f"The {'bands' if len(stood) > 1 else 'lines'} hold the true share of each alone 95 times of a hundred."
    lines = paragraph(MARGIN + 34, about)
    top = MARGIN + 58 + LEADING * len(lines)
    notes = paragraph(top + HIGH + 40, note)
    said = "; ".join(
        f"{_day(one.finished_at)}: {one.right_yours} of {one.swipes}, {one.right_base} with the one that came"
        for one in stood[-MOST_SAID:]
    )
    return picture(
        TITLE,
        f"{about} {note} Night by night: {said}.",
        top + HIGH + 40 + LEADING * (len(notes) - 1) + MARGIN,
        [heading(TITLE), *lines, *_legend(top - 16), *_chart(stood, top), *notes],
    )


def _chart(stood: Sequence[Standing], top: float) -> list[Shape]:
    curves = {"base": [one.right_base for one in stood], "yours": [one.right_yours for one in stood]}
    of = [one.swipes for one in stood]
    ends = [100 * end for counts in curves.values() for pair in map(wilson, counts, of) for end in pair]
    marks = steps(min(ends), max(ends))
    height, along = rising(marks[0], marks[-1], top), _along(len(stood))
    shapes = across(marks, height, lambda value: f"{value:g}%")
    for look, counts in curves.items():
        shapes += _curve(look, counts, of, along, height)
    first, last = (short(_day(one.finished_at)) for one in (stood[0], stood[-1]))
    below = top + HIGH + 19
    if len(stood) == 1:
        return [*shapes, words(along(0), below, first, "quiet middle", SMALL)]
    return [*shapes, words(along(0), below, first, "quiet", SMALL), words(RIGHT, below, last, "quiet end", SMALL)]


def _day(unix_s: float) -> date:
    return datetime.fromtimestamp(unix_s).date()


def _along(count: int) -> Place:
    """From the number of a night to its place; a single one stands in the middle."""
    room = RIGHT - LEFT - 16
    return lambda i: LEFT + 8 + (room * i / (count - 1) if count > 1 else room / 2)


def _curve(
    look: str, counts: Sequence[int], of: Sequence[int], along: Callable[[float], float], height: Place
) -> list[Shape]:
    """A line with its band; of one night a point with its whiskers."""
    ends = list(map(wilson, counts, of))
    lows = [(along(i), height(100 * low)) for i, (low, _) in enumerate(ends)]
    highs = [(along(i), height(100 * high)) for i, (_, high) in enumerate(ends)]
    points = [
        (along(i), height(100 * count / swipes)) for i, (count, swipes) in enumerate(zip(counts, of, strict=True))
    ]
    if len(of) == 1:
        aside = 14.0 if look == "yours" else -14.0
        ((x, low), (_, high), (_, y)) = lows[0], highs[0], points[0]
        return [
            path([(x + aside, low), (x + aside, high)], f"line {look}-line", stroke_width=2, stroke_opacity=0.5),
            shape("circle", look, cx=x + aside, cy=y, r=5.0),
        ]
    band = " ".join(f"{x:.2f},{y:.2f}" for x, y in [*lows, *highs[::-1]])
    dash = {"stroke_dasharray": "6 4"} if look == "base" else {}
    return [
        shape("polygon", look, points=band, fill_opacity=0.13),
        path(points, f"line {look}-line", stroke_width=2.5, **dash),
        shape("circle", look, cx=points[-1][0], cy=points[-1][1], r=4.0),
    ]


def _legend(y: float) -> list[Shape]:
    return [
        path([(LEFT, y - 4), (LEFT + 18, y - 4)], "line yours-line", stroke_width=2.5),
        words(LEFT + 24, y, "your model", "ink", SMALL),
        path([(LEFT + 110, y - 4), (LEFT + 128, y - 4)], "line base-line", stroke_width=2.5, stroke_dasharray="6 4"),
        words(LEFT + 134, y, "the one that came with swipefl", "ink", SMALL),
    ]
