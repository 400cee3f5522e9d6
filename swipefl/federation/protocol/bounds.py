"""What numbers of a federation may be, whoever gives them."""

import math

from swipefl.errors import Remedy, UsageError

MOST_EXAMPLES = 100_000  # that an update may claim, and weighs by
LARGEST_VERSION = 2**63 - 1  # that a database can hold


def check(name: str, value: float, least: float, most: float = math.inf) -> None:
    """Raises UsageError where the setting `name` lies outside `least` to `most`, or is no number."""
    if not least <= value <= most:
        so = f"{least:g} at least" if most == math.inf else f"{least:g} to {most:g}"
        raise UsageError(
            "out-of-range",
            "{setting} is {value:g}, and may be {so}",
            Remedy.CORRECT_SETTING,
            setting=name,
            value=value,
            so=so,
        )
