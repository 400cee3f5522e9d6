"""Whether what swipefl is made of is all there."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec

from swipefl.operations.findings import Finding

PARTS = {"torch": "`swipefl train` and `swipefl cycle`", "grpc": "`swipefl sync` and a federation"}


def software(is_there: Callable[[str], bool] = lambda name: is_installed(name)) -> Iterator[Finding]:
    """What is missing, and what needs it; nothing of it is loaded."""
    missing = {name: needs for name, needs in PARTS.items() if not is_there(name)}
    for name, needs in missing.items():
        yield Finding(
            "software", "note", f"{name} is not installed: {needs} cannot do without", "install it where you want that"
        )
    if not missing:
        yield Finding("software", "ok", "all that swipefl needs is installed")


def is_installed(name: str) -> bool:
    """Whether a package could be loaded, which it is not."""
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
