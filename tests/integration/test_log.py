"""What the owner of a timer reads in the journal: a few lines on standard error, and never a word."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import SHORT, Done, environment, swipefl
from tests.support.swipes import EXAMPLE, gesture, lines
from tests.support.terminal import swipefl_on_terminal
from tests.support.waiting import trains, wait_until

SWIPED = {json.loads(line)["word"] for line in EXAMPLE.read_bytes().splitlines()}
WORDS = {word for word in SWIPED if len(word) > 8} | {"zuzanka", "qqwordqq", "приветище"}  # short ones are ours too
GIVEN = EXAMPLE.read_bytes() + b'{"word": "qqwordqq", broken\n' + lines(gesture(word="приветище"))


def night(home: Path, **extra: str) -> list[Done]:
    """Ingest with two bad lines, two cycles, train, forget, and an error."""
    return [
        swipefl(home, "ingest", "-", given=GIVEN, **extra),
        swipefl(home, "cycle", **extra),
        swipefl(home, "cycle", **extra),
        swipefl(home, "train", "--epochs", "1", **extra),
        swipefl(home, "forget", "--word", "zuzanka", **extra),
        swipefl(home, "ingest", "none.jsonl", **extra),
    ]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> list[Done]:
    return night(tmp_path_factory.mktemp("text"), **SHORT)


@pytest.fixture(scope="module")
def as_json(tmp_path_factory: pytest.TempPathFactory) -> list[Done]:
    return night(tmp_path_factory.mktemp("json"), SWIPEFL_LOG="json", **SHORT)


def test_lines_are_key_value_by_default(text: list[Done]) -> None:
    ingest, first, second, train, forget, error = [done.err.splitlines() for done in text]
    assert [line.split(": ")[0] for line in ingest[:2]] == ["standard input:261", "standard input:262"]
    assert "event='ingest finished' read=262 stored=260 duplicates=0 rejected=2" in ingest[2]
    assert re.search(r"event='round finished' round=1 examples=\d{3} top1_before=0\.\d+ top1_after=0\.\d+ ", first[0])
    assert "adopted=True" in first[0]
    assert "push='none'" in first[0]
    assert "event='round skipped' round=2 reason='nothing new since the last cycle'" in second[0]
    assert re.search(r"event='train finished' examples=\d{3} ", train[0])
    assert "event='forget finished' erased=7" in forget[0]
    assert [len(part) for part in (ingest, first, second, train, forget, error)] == [3, 1, 1, 1, 1, 1]
    assert error[0].startswith("swipefl: cannot read none.jsonl")


def test_lines_are_json_where_that_is_asked_for(as_json: list[Done]) -> None:
    said = [[json.loads(line) for line in done.err.splitlines()] for done in as_json]
    assert [part[-1]["event"] for part in said[:5]] == [
        "ingest finished",
        "round finished",
        "round skipped",
        "train finished",
        "forget finished",
    ]
    assert said[0][0]["event"].startswith("standard input:261: broken-json")
    assert said[1][0]["adopted"] is True
    assert [line["level"] for line in said[5]] == ["error"]
    assert all({"event", "level", "timestamp"} <= line.keys() for part in said for line in part)


def test_standard_output_is_data_alone(text: list[Done], as_json: list[Done]) -> None:
    for nights in (text, as_json):
        assert all(json.loads(done.out) for done in nights[:4])
        assert [done.out for done in nights[4:]] == ["", ""]


def test_no_word_and_no_point_is_in_any_line(text: list[Done], as_json: list[Done]) -> None:
    for done in text + as_json:
        assert not [word for word in WORDS if word in done.err]
        assert "coords" not in done.err


def test_a_person_at_the_terminal_reads_no_log(tmp_path: Path) -> None:
    for words in (("ingest", str(EXAMPLE)), ("train", "--epochs", "1"), ("forget", "--all", "--yes")):
        assert "event=" not in swipefl_on_terminal(tmp_path, *words).out


def test_an_interruption_is_a_line_too(tmp_path: Path) -> None:
    swipefl(tmp_path, "ingest", str(EXAMPLE))
    with subprocess.Popen(
        [sys.executable, "-m", "swipefl", "cycle", "--rounds", "99"],
        stderr=subprocess.PIPE,
        env=environment(tmp_path, SWIPEFL_LOG="json", SWIPEFL_EPOCHS="10000"),
    ) as process:
        assert process.stderr
        wait_until(lambda: trains(process.pid))
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read().decode()
        assert process.wait() == -signal.SIGTERM
    assert "interrupted" in json.loads(said.splitlines()[-1])["event"]
