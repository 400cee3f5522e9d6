"""Whether Flower is installed, and what comes with it: without it no more is said than what is missing."""

from importlib.util import find_spec

from swipefl.errors import Remedy, UsageError


def check_installed(*names: str) -> None:
    """Raises UsageError where one of these packages is not."""
    if missing := [name for name in names if find_spec(name) is None]:
        what = "what runs on Flower is not installed: there is no {missing}"
        raise UsageError("no-flower", what, Remedy.INSTALL_FLOWER, missing=" and no ".join(missing))
