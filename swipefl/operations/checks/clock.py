"""Whether this device's clock can be right."""

import ctypes
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from swipefl.operations.findings import Finding

NAME = "clock"
BUILT = datetime(2026, 11, 1, tzinfo=UTC).timestamp()  # no clock was before that when this swipefl was made
FAR_S = 20 * 365.25 * 86_400  # after that
SLACK_S = 300.0  # that clocks which are set by a network may go back
_UNSYNCHRONISED = 5  # TIME_ERROR
SET = "set it; where systemd is, `timedatectl set-ntp true` lets the network set it"


def is_synchronised() -> bool | None:
    """Whether the kernel says that something sets the clock by others; None where that cannot be asked."""
    try:
        answer = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))  # asks for nothing to be changed
    except (AttributeError, OSError):
        return None
    return None if answer < 0 else answer != _UNSYNCHRONISED


def clock(
    now: float, marks: Mapping[str, float | None], synchronised: Callable[[], bool | None] = is_synchronised
) -> Iterator[Finding]:
    """Whether `now` (unix seconds) can be: not before what is known to have been, by what it is called."""
    known = {name: at for name, at in marks.items() if at}
    last = max(known, key=lambda name: known[name], default=None)
    if now < BUILT:
        yield Finding(NAME, "wrong", f"it says {_day(now)}, which is before this swipefl was made", SET)
    elif now > BUILT + FAR_S:
        yield Finding(NAME, "wrong", f"it says {_day(now)}, which is far ahead", SET)
    elif last and known[last] > now + SLACK_S:
        yield _before(now, last, known[last], synchronised())
    else:
        how = ", set by the network" if synchronised() else ""
        yield Finding(NAME, "ok", f"it says {minute(now)}{how}")


def _before(now: float, last: str, at: float, synchronised: bool | None) -> Finding:
    says = f"it says {minute(now)}, which is before {last} ({minute(at)})"
    if synchronised:
        return Finding(NAME, "note", f"{says}: it is set by the network now, and was ahead then; this passes by itself")
    return Finding(NAME, "wrong", says, f"{SET}; if it is right, it was ahead then, and this passes by itself")


def _day(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at):%Y-%m-%d}"
    except (OverflowError, ValueError, OSError):
        return "a day beyond all calendars"


def minute(at: float) -> str:
    """A time of this place, also where no calendar has it."""
    try:
        return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "a day beyond all calendars"
