"""`swipefl export`: everything, as JSONL that `ingest` takes back."""

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, is_terminal
from swipefl.cli.progress import showing


def export(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Write all gestures, words and keyboards as JSON lines. `ingest` takes them back; --json changes nothing."""
    from swipefl.doing import Doing

    with showing(is_terminal(), "writing swipes") as shown:  # on a terminal its lines are to be seen themselves
        device = device_of(home)
        most = sum(device.status().gestures[verdict] for verdict in ("good", "suspect")) if shown.is_seen else None
        for count, line in enumerate(device.export()):
            emit(line)
            shown(Doing("writing swipes", min(count, most or count), most))
