"""Whether what swipefl is made of is all there, and whether its settings can be used."""

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from swipefl.errors import UsageError
from swipefl.operations.findings import Finding, of_error

SETTINGS = "settings"
PARTS = {
    "torch": "`swipefl train` and `swipefl cycle`",
    "grpc": "`swipefl sync` and a federation",
    "jeepney": "what UPower and NetworkManager know of battery and network",
    "psutil": "what is known of temperature and free memory",
}


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


def settings(load: Callable[[], object], file: Path) -> Iterator[Finding]:
    """Whether `load` finds nothing wrong with the settings, of which some stand in `file`."""
    try:
        loaded = load()
    except UsageError as error:
        remedy = f"correct {file}, or move it aside" if error.code == "unreadable-settings" else None
        yield of_error(SETTINGS, error, remedy)
        return
    metrics = getattr(loaded, "metrics_file", None)
    if metrics is not None and metrics.suffix != ".prom":
        says = f"metrics_file is {metrics}, and node_exporter reads no file but those that end in .prom"
        yield Finding(SETTINGS, "note", says, f"name it {metrics.name}.prom")
    else:
        yield Finding(SETTINGS, "ok", "every setting can be used")
