"""Swipes a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MOST_DAYS, LEAST_DAYS = 30, 7


@dataclass(frozen=True)
class Day:
    """How many swipes came into the store on a day of this place."""

    day: date
    swipes: int


def since(today: date) -> float:
    """When the first of the MOST_DAYS days begins that end with `today`, in unix seconds."""
    first = today - timedelta(MOST_DAYS - 1)
    return datetime(first.year, first.month, first.day).timestamp()


def days(stored: Mapping[str, int], today: date) -> tuple[Day, ...]:
    """A day after the other up to `today`, also those without swipes; none where nothing was stored in them.

    They begin with the first swipe, and are LEAST_DAYS at least and MOST_DAYS at most.
    """
    counts = {day: stored.get(day.isoformat(), 0) for day in (today - timedelta(i) for i in range(MOST_DAYS))}
    if not any(counts.values()):
        return ()
    first = min(min(day for day, count in counts.items() if count), today - timedelta(LEAST_DAYS - 1))
    return tuple(Day(day, counts[day]) for day in sorted(counts) if day >= first)
