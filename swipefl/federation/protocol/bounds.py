"""What numbers of a federation may be, whoever gives them."""

import math

from swipefl.errors import Remedy, UsageError

MOST_EXAMPLES = 100_000  # that an update may claim, and weighs by
MOST_JUDGED = 400  # held-out swipes that a device judges a version by: more would cost time and say nothing new
REMEMBERED = 1_000  # versions through which is known what of a coordinator went into one, made of several ones
LARGEST_VERSION = 2**63 - 1  # that a database can hold


def check(name: str, value: float, least: float, most: float = math.inf) -> None:
    """Raises UsageError where the setting `name` lies outside `least` to `most`, or is no finite number."""
    if not least <= value <= most or value == math.inf:
        so = f"{_shown(least)} at least" if most == math.inf else f"{_shown(least)} to {_shown(most)}"
        raise UsageError(
            "out-of-range",
            "{setting} is {value}, and may be {so}",
            Remedy.CORRECT_SETTING,
            setting=name,
            value=_shown(value),
            so=so,
        )


def bounded(value: float, least: float, most: float) -> float:
    """The value, or the end of the range that it lies beyond; what is no number is the least."""
    return min(value, most) if value >= least else least


def _shown(value: float) -> str:
    """A number as people read it; one of hundreds of digits is cut."""
    return f"{value}"[:24] if isinstance(value, int) else f"{value:g}"
