"""Errors, seen by what they advise."""

from collections.abc import Callable

from swipefl.errors import Remedy, SwipeflError


def advises(remedy: Remedy) -> Callable[[SwipeflError], bool]:
    """A check for `pytest.raises`: whether the error names this remedy."""
    return lambda error: error.remedy is remedy
