"""`swipefl export`: everything, as JSONL that `ingest` takes back."""

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of


def export(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Write all gestures, words and keyboards as JSON lines. `ingest` takes them back; --json changes nothing."""
    from swipefl.device.ownership import exported

    with home_of(home).store() as store:
        for line in exported(store):
            emit(line)
