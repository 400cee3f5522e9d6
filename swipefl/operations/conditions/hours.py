"""Quiet hours: times of the day, by the clock on the wall, in which no night works."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

_HOURS = re.compile(r"(\d{1,2})(?::(\d\d))?\s*-\s*(\d{1,2})(?::(\d\d))?")
DAY_MIN = 24 * 60


@dataclass(frozen=True)
class Hours:
    """From `begin` until before `end`, in minutes of the day; over midnight where it ends before it begins."""

    begin: int
    end: int

    def holds(self, minute: int) -> bool:
        """Whether a minute of the day, 0 to 1439, is one of them."""
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end

    def __str__(self) -> str:
        return f"{_clock(self.begin)} to {_clock(self.end)}"


def quiet_hours(text: str) -> tuple[Hours, ...]:
    """`22:00-06:30`, several with commas between. Raises ValueError for what is none."""
    return tuple(_hours(part.strip()) for part in text.split(",") if part.strip())


def quiet_now(hours: tuple[Hours, ...], now: float, zone: tzinfo | None = None) -> Hours | None:
    """The quiet hours that it is in, at a time in unix seconds; None where it is in none.

    What the clock on the wall shows counts, here or in `zone`: an hour that comes twice in autumn is quiet twice, and
    one that is left out in spring is not missed.
    """
    then = datetime.fromtimestamp(now, UTC).astimezone(zone)
    return next((each for each in hours if each.holds(then.hour * 60 + then.minute)), None)


def _hours(text: str) -> Hours:
    found = _HOURS.fullmatch(text.replace("–", "-"))
    if found is None:
        raise ValueError("hours are written as 22:00-06:30, several with commas between")
    begin, end = _minute(found[1], found[2]) % DAY_MIN, _minute(found[3], found[4])
    if begin == end:
        raise ValueError("quiet hours end at another time than they begin")
    return Hours(begin, end)


def _minute(hour: str, minute: str | None) -> int:
    """Minutes of the day; 24:00 is its end."""
    at = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or at > DAY_MIN:
        raise ValueError("a day has the times 00:00 to 24:00")
    return at


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
