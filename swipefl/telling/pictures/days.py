"""Swipes a day, as bars."""

from collections.abc import Sequence

from swipefl.device.daily import Day
from swipefl.telling.pictures.chart import HIGH, LEFT, RIGHT, across, rising, short, steps
from swipefl.telling.svg import MARGIN, SMALL, Shape, heading, notice, picture, shape, words

TITLE = "Swipes a day"


def days_picture(days: Sequence[Day]) -> str:
    """A bar a day, the last one at the right."""
    if not days:
        return notice(TITLE, "Not enough swipes yet: none came in the last days.")
    total, most = sum(day.swipes for day in days), max(days, key=lambda day: day.swipes)
    about = f"{total:,} in {len(days)} days"
    top = MARGIN + 62.0
    marks = steps(0, max(most.swipes, 4))
    if marks[1] < 1:
        marks = [0.0, 1.0]
    place = rising(0, marks[-1], top)
    shapes = [heading(TITLE), words(MARGIN, MARGIN + 34, about, "quiet", SMALL)]
    shapes += across(marks, place, lambda value: f"{value:,.0f}")
    slot = (RIGHT - LEFT) / len(days)
    for i, day in enumerate(days):
        shapes += _bar(LEFT + slot * i, slot, place(day.swipes), place(0), day.swipes)
    shapes += [
        words(LEFT, top + HIGH + 19, short(days[0].day), "quiet", SMALL),
        words(RIGHT, top + HIGH + 19, short(days[-1].day), "quiet end", SMALL),
    ]
    said = f"{about}, from {days[0].day} to {days[-1].day}; most of them on {most.day}: {most.swipes:,}."
    return picture(
        TITLE, f"{said} {'; '.join(f'{day.day}: {day.swipes}' for day in days[-7:])}.", top + HIGH + 34, shapes
    )


def _bar(left: float, slot: float, top: float, bottom: float, count: int) -> list[Shape]:
    if not count:
        return []
    width = min(0.72 * slot, 26.0)
    top = min(top, bottom - 2)
    return [
        shape(
            "rect",
            "yours",
            x=left + (slot - width) / 2,
            y=top,
            width=width,
            height=bottom - top,
            rx=min(2.0, width / 4),
        )
    ]
