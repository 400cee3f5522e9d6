"""Bad input gets a clear error and loses nothing: what, where, and what to do next; good lines land."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from swipefl.gesture.keyboard import built_in
from tests.support.command import swipefl
from tests.support.swipes import GOOD, gesture, lines


def coords(*points: tuple[Any, Any, Any]) -> list[dict[str, Any]]:
    return [{"x": x, "y": y, "t": t} for x, y, t in points]


BAD_LINES = {
    "broken-json": b'{"gesture_id": \n',
    "not-finite": lines(gesture(coords=coords((1, 1, 0), (float("nan"), 2, 1)))),
    "negative-time": lines(gesture(coords=coords((1, 1, -1), (2, 2, 1)))),
    "time-backwards": lines(gesture(coords=coords((1, 1, 0), (2, 2, 1), (3, 3, 0.5)))),
    "few-points": lines(gesture(coords=coords((1, 1, 0)))),
    "many-points": lines(gesture(coords=coords(*[(i % 300, 3, i / 1e4) for i in range(100_000)]))),
    "unknown-keyboard": lines(gesture(keyboard="nonesuch")),
    "letter-not-on-keyboard": lines(gesture(word="приветище")),
    "no-word": lines({key: value for key, value in gesture().items() if key != "word"}),
    "no-points": lines(gesture(coords="none")),
    "bad-size": lines(gesture(width=-3)),
    "not-a-gesture": b"17\n",
    "not-a-number": lines(gesture(coords=coords(("a", 1, 0), (2, 2, 1)))),
    "long-line": b'{"gesture_id": "' + b"x" * (9 << 20) + b'"}\n',
    "binary": bytes(range(256)).replace(b"\n", b"") + b"\n",
}


@pytest.mark.parametrize("reason", BAD_LINES)
def test_a_bad_line_is_counted_shown_and_kept_apart(tmp_path: Path, reason: str) -> None:
    """Between two good lines, at line 2: both good ones land, and no word or point is shown."""
    path = tmp_path / "swipes.jsonl"
    path.write_bytes(GOOD[0] + BAD_LINES[reason] + GOOD[1])
    done = swipefl(tmp_path / "home", "ingest", str(path), "--json", "--rejects", str(tmp_path / "bad"))
    assert done.code == 0
    report = done.json
    assert (report["read"], report["stored"], report["rejected"]) == (3, 2, 1)
    assert list(report["reasons"]) == [reason]
    assert f"{path}:2: {reason}: " in done.err
    assert "приветище" not in done.err
    assert (tmp_path / "bad").read_bytes()[:40].rstrip(b"\n") == BAD_LINES[reason].rstrip(b"\n")[:40]


def test_a_known_trace_is_a_duplicate_and_another_one_under_its_id_is_not(tmp_path: Path) -> None:
    renamed = {**json.loads(GOOD[0]), "gesture_id": "another"}
    same_id = {**json.loads(GOOD[1]), "gesture_id": json.loads(GOOD[0])["gesture_id"]}
    done = swipefl(tmp_path, "ingest", "-", "--json", given=GOOD[0] + lines(renamed, same_id))
    assert (done.json["stored"], done.json["duplicates"]) == (2, 1)


def test_ends_far_from_the_keys_are_suspect(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "ingest", "-", "--json", given=lines(gesture(word="pm")))
    assert (done.json["stored"], done.json["suspect"]) == (1, 1)


def test_stores_that_cannot_be_used_are_exit_5_and_stay_as_they_are(tmp_path: Path) -> None:
    swipefl(tmp_path, "ingest", "-", given=GOOD[0])
    path = tmp_path / "swipefl.db"
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2 + 100], b"overwritten " * 4000, b""):
        path.write_bytes(damaged)
        done = swipefl(tmp_path, "status")
        assert done.code == 5
        assert str(path) in done.err
        assert path.read_bytes() == damaged
    path.write_bytes(whole)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 999")
    done = swipefl(tmp_path, "ingest", "-", given=GOOD[1])
    assert done.code == 5
    assert "newer" in done.err


@pytest.mark.parametrize("line", [b"{broken\n", b"\n" + lines(gesture(coords=[])), lines({"gesture_id": "x"})])
def test_predict_answers_a_bad_gesture_in_its_place(tmp_path: Path, line: bytes) -> None:
    done = swipefl(tmp_path, "predict", "--json", "-", given=GOOD[0] + line + GOOD[1])
    answers = [json.loads(text) for text in done.out.splitlines()]
    assert ["error" in answer for answer in answers] == [False, True, False]


def test_a_keyboard_whose_name_is_taken_costs_its_own_line_only(tmp_path: Path) -> None:
    other = built_in("qwerty").to_json() | {"width": 999}
    given = GOOD[0] + lines(gesture(keyboard=other, width=999, height=222)) + GOOD[1]
    done = swipefl(tmp_path, "ingest", "-", "--json", given=given)
    assert (done.json["stored"], done.json["reasons"]) == (2, {"name-taken": 1})
    assert "standard input:2: name-taken" in done.err


@pytest.mark.parametrize("label", ["", "x-ray", "привет", 7])
def test_predict_does_not_mind_a_label_that_cannot_be_used(tmp_path: Path, label: object) -> None:
    done = swipefl(tmp_path, "predict", "--json", "-", given=lines(json.loads(GOOD[0]) | {"word": label}))
    assert done.json["candidates"]


def test_a_keyboard_of_a_language_without_lexicon_is_no_reason_to_stop(tmp_path: Path) -> None:
    """It says so; the gestures around it are answered; its own words are found; a language asked for must exist."""
    maori = built_in("qwerty").to_json() | {"name": "maori", "languages": ["mi"]}
    swipes = [json.loads(line) for line in GOOD[:3]]
    swipes[1]["keyboard"] = maori
    done = swipefl(tmp_path, "predict", "--json", "-", given=lines(*swipes))
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert [bool(answer.get("candidates")) for answer in answers] == [True, False, True]
    assert "no word of its languages" in answers[1]["error"]
    assert swipefl(tmp_path, "words", "add", swipes[1]["word"], "--language", "mi").code == 0
    own = swipefl(tmp_path, "predict", "--json", "-", given=lines(swipes[1])).json["candidates"]
    assert [candidate["word"] for candidate in own] == [swipes[1]["word"]]
    assert swipefl(tmp_path, "predict", "-", "--language", "mi", given=GOOD[0]).code == 2


def test_every_bad_line_is_shown_by_its_number(tmp_path: Path) -> None:
    """The first ten one by one, neighbours among the others together."""
    path = tmp_path / "swipes.jsonl"
    path.write_bytes(b"broken\n" * 12 + GOOD[0] + b"broken\n" + GOOD[1] + b"broken\n" * 3)
    told = swipefl(tmp_path / "home", "ingest", str(path)).err.splitlines()
    assert [line.split(": ")[0] for line in told[:10]] == [f"{path}:{number}" for number in range(1, 11)]
    assert f"... and 6 more: {path}:11-12, {path}:14, {path}:16-18;" in told[10]
