"""`swipefl sync`: not there yet, and says so."""

from swipefl.cli.common import HomeOption, JsonOption
from swipefl.errors import UsageError


def sync(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Exchange updates for a better global model. No coordinator can be configured yet."""
    raise UsageError("no coordinator is configured; `swipefl cycle` works without one")
