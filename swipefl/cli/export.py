"""`swipefl export`: everything, as JSONL that `ingest` takes back."""

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit


def export(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Write all gestures, words and keyboards as JSON lines. `ingest` takes them back; --json changes nothing."""
    for line in device_of(home).export():
        emit(line)
