"""A log counts in an evaluation as a store has it that read the log."""

import json
from pathlib import Path
from typing import Any

import pytest

import swipefl
from swipefl.gesture.formats import read_examples
from swipefl.gesture.formats.own import to_line
from tests.support.people import examples

ONE, TWO = ({**to_line(example), "gesture_id": "a"} for example in examples(2, words=("hello", "world")))
BACK: dict[str, Any] = {"gesture_id": "a", "delete": True}
LOGS: dict[str, list[dict[str, Any]]] = {
    "a rejected line has the id anew": [ONE, {**TWO, "coords": TWO["coords"][:1]}, BACK],
    "a line without points is about none": [ONE, {"gesture_id": "a", "coords": []}, BACK],
    "the path has another id now": [ONE, {**ONE, "gesture_id": "b"}, BACK],
    "its owner said it, and a log takes it back": [{**ONE, "by_hand": True}, BACK],
    "its owner said it, and a log another word": [{**ONE, "by_hand": True}, {**ONE, "word": "world"}],
    "a log says it, and then its owner": [ONE, {**ONE, "word": "world", "by_hand": True}, ONE],
    "corrected": [ONE, {**ONE, "word": "world"}],
    "taken back and said again": [ONE, BACK, TWO],
    "private": [ONE, {**TWO, "private": True}, BACK],
    "a finger that is still down": [ONE, {**TWO, "final": False}, BACK],
}


@pytest.mark.parametrize("what", LOGS)
def test_what_stands_is_what_a_store_has(tmp_path: Path, what: str) -> None:
    log = tmp_path / "swipes.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in LOGS[what]))
    with swipefl.open(tmp_path / "home") as device:
        device.ingest(log)
        stored = [line["word"] for line in device.export()]
    assert [example.word for example in read_examples(log)] == stored
