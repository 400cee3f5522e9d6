"""How many swipes are right, night after night: with the person's model and with the one that came with swipefl."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from swipefl.device.chance import wilson
from swipefl.telling.pictures.chart import HIGH, LEFT, RIGHT, Place, across, rising, short, steps
from swipefl.telling.svg import MARGIN, SMALL, Shape, heading, notice, paragraph, path, picture, shape, words

TITLE = "Right words, night after night"


class Night(Protocol):
    """What a night's judging came to: of so many swipes so many were right with each model."""

    @property
    def finished_at(self) -> float: ...
    @property
    def swipes(self) -> int: ...
    @property
    def right_base(self) -> int: ...
    @property
    def right_before(self) -> int: ...
    @property
    def right_now(self) -> int: ...
    @property
    def adopted(self) -> bool: ...


@dataclass(frozen=True)
class Judged:
    """Of `swipes` so many were right with the model that came with swipefl, and with the one in use since."""

    day: date
    swipes: int
    base: int
    yours: int


def nights_picture(nights: Sequence[Night]) -> str:
    """Two lines over the nights in which models were judged, each in the band where its share may truly lie."""
    judged = [
        Judged(_day(n.finished_at), n.swipes, n.right_base, n.right_now if n.adopted else n.right_before)
        for n in nights
        if n.swipes
    ]
    if not judged:
        return notice(TITLE, "Not enough swipes yet: no night has judged a model on swipes that it never learned from.")
    last = judged[-1]
    about = (
        f"In the last night {last.yours:,} of {last.swipes:,} swipes were right with your model, "
        f"{last.base:,} with the one that came with swipefl."
    )
    lines = paragraph(MARGIN + 34, about)
    top = MARGIN + 34 + 17.0 * len(lines) + 24
    ends = [end for one in judged for right in (one.base, one.yours) for end in wilson(right, one.swipes)]
    marks = [mark for mark in steps(100 * min(ends), 100 * max(ends)) if -1e-6 <= mark <= 100 + 1e-6]
    height = rising(marks[0], marks[-1], top)
    along = _along(len(judged))
    shapes = [heading(TITLE), *lines, *_legend(top - 16), *across(marks, height, lambda value: f"{value:g}%")]
    for look, counts in (("base", [one.base for one in judged]), ("yours", [one.yours for one in judged])):
        shapes += _curve(look, counts, judged, along, height)
    shapes.append(
        words(along(0), top + HIGH + 19, short(judged[0].day), f"quiet {'' if len(judged) > 1 else 'middle'}", SMALL)
    )
    if len(judged) > 1:
        shapes.append(words(RIGHT, top + HIGH + 19, short(last.day), "quiet end", SMALL))
    said = "; ".join(
        f"{one.day}: {one.yours} of {one.swipes}, {one.base} with the one that came" for one in judged[-7:]
    )
    note = f"The {'bands' if len(judged) > 1 else 'lines'} hold the true share 95 times of a hundred."
    shapes += paragraph(top + HIGH + 38, note)
    return picture(TITLE, f"{about} {note} Night by night: {said}.", top + HIGH + 38 + MARGIN, shapes)


def _day(unix_s: float) -> date:
    return datetime.fromtimestamp(unix_s).date()


def _along(count: int) -> Place:
    """From the number of a night to its place; a single one stands in the middle."""
    room = RIGHT - LEFT - 16
    return lambda i: LEFT + 8 + (room * i / (count - 1) if count > 1 else room / 2)


def _curve(
    look: str, counts: Sequence[int], judged: Sequence[Judged], along: Callable[[float], float], height: Place
) -> list[Shape]:
    """A line with its band; of one night a point with its whiskers."""
    ends = [wilson(right, one.swipes) for right, one in zip(counts, judged, strict=True)]
    lows = [(along(i), height(100 * low)) for i, (low, _) in enumerate(ends)]
    highs = [(along(i), height(100 * high)) for i, (_, high) in enumerate(ends)]
    points = [(along(i), height(100 * n / one.swipes)) for i, (n, one) in enumerate(zip(counts, judged, strict=True))]
    if len(judged) == 1:
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
