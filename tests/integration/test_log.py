"""What the owner of a timer reads in the journal: a few lines on standard error, and never a word."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT, SHORT, Done, environment, swipefl
from tests.support.readme import lines as lines_of
from tests.support.swipes import EXAMPLE, gesture, lines
from tests.support.terminal import swipefl_on_terminal
from tests.support.waiting import LONG_S, trains, wait_until

SWIPED = {json.loads(line)["word"] for line in EXAMPLE.read_bytes().splitlines()}
WORDS = {word for word in SWIPED if len(word) > 8} | {"zuzanka", "qqwordqq", "приветище"}  # short ones are ours too
GIVEN = EXAMPLE.read_bytes() + b'{"word": "qqwordqq", broken\n' + lines(gesture(word="приветище"))


def without_numbers(text: str) -> str:
    return re.sub(r"\d+", "0", text)


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


def test_a_journal_has_sentences_and_no_numbers_without_meaning(text: list[Done]) -> None:
    ingest, first, second, train, forget, error = [done.err.splitlines() for done in text]
    assert [line.split(": ")[0] for line in ingest] == ["standard input:261", "standard input:262"]
    assert text[0].out.startswith("262 gestures read in ")
    assert "nothing new since the last cycle" in text[2].out
    assert forget[0].startswith("erased 7 gestures")
    assert error[0].startswith("swipefl: cannot read none.jsonl")
    assert [len(part) for part in (first, second, train, error)] == [0, 0, 0, 1]
    assert "event=" not in "".join(done.out + done.err for done in text)


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


def test_each_event_of_a_night_is_on_the_page(as_json: list[Done]) -> None:
    """A line that has facts is an event; a sentence has none."""
    page = (ROOT / "examples" / "INTERFACE.md").read_text("utf-8")
    all_of = [json.loads(line) for done in as_json for line in done.err.splitlines()]
    said = {line["event"] for line in all_of if line.keys() - {"event", "level", "timestamp", "run_id"}}
    assert said >= {"ingest finished", "round finished", "round skipped", "train finished", "forget finished"}
    assert {event for event in said if f"`{event}`" not in page} == set()


def test_what_a_command_prints_is_the_same_whatever_the_log_is(text: list[Done], as_json: list[Done]) -> None:
    for plain, beside in zip(text, as_json, strict=True):
        assert without_numbers(plain.out) == without_numbers(beside.out)


def test_no_word_and_no_point_is_in_any_line(text: list[Done], as_json: list[Done]) -> None:
    for done in text + as_json:
        assert not [word for word in WORDS if word in done.err]
        assert "coords" not in done.err


def test_a_person_at_the_terminal_reads_no_log(tmp_path: Path) -> None:
    for words in (("ingest", str(EXAMPLE)), ("train", "--epochs", "1"), ("forget", "--all", "--yes")):
        assert '"event"' not in swipefl_on_terminal(tmp_path, *words, SWIPEFL_LOG="json").out


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
        _, said = process.communicate(timeout=LONG_S)
        assert process.returncode == -signal.SIGTERM
    assert "interrupted" in json.loads(said.splitlines()[-1])["event"]


def test_a_slip_of_who_types_is_no_error_of_the_service_whose_log_it_is_in(tmp_path: Path) -> None:
    """One that nobody sees is, such as a timer's."""
    file = tmp_path / "coordinator.log"
    (tmp_path / "coordinator.toml").write_text(f'log = "json"\nlog_file = "{file}"\n')
    assert swipefl(tmp_path, "coordinator", "init").code == 0
    wrong = ("coordinator", "rollback", "99")
    typed, unseen = swipefl_on_terminal(tmp_path, *wrong), swipefl(tmp_path, *wrong)
    assert (typed.code, unseen.code, "99" in typed.out) == (2, 2, True)
    said = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["level"] for line in said if "99" in line["event"]] == ["warning", "error"]


def test_a_night_is_one_run_in_all_its_lines_and_its_file_has_them_all(tmp_path: Path) -> None:
    """Its steps are units, each of which systemd calls otherwise; what follows in one is called as systemd does."""
    home, file, run = tmp_path / "home", tmp_path / "night.log", "0123456789abcdef" * 2
    night = {"SWIPEFL_LOG": "json", "SYSTEMD_EXEC_PID": "", **SHORT}
    steps = [("ingest", str(EXAMPLE)), ("ingest", "none.jsonl"), ("cycle",), ("sync",)]
    called = [run, run, "f" * 32, run]
    shown = [
        swipefl(home, *step, "--log-file", str(file), **night, INVOCATION_ID=its).err
        for step, its in zip(steps, called, strict=True)
    ]
    assert file.read_text() == "".join(shown)
    said = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["run_id"] for line in said] == [run] * len(said)
    assert [line["level"] for line in said] == ["info", "error", "info", "error"]


def test_a_file_has_the_numbers_that_a_journal_of_sentences_has_not(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "night.log"
    done = swipefl(home, "ingest", "-", given=GIVEN, SWIPEFL_LOG_FILE=str(file))
    bare = swipefl(tmp_path / "other", "ingest", "-", given=GIVEN)
    assert done.err == bare.err
    said = file.read_text().splitlines()
    assert ["standard input:261" in said[0], "event='ingest finished'" in said[-1], len(said)] == [True, True, 3]
    assert len({line.partition(" run_id=")[2] for line in said}) == 1


def test_the_lines_of_the_page_keep_a_log_and_numbers(tmp_path: Path) -> None:
    for line in lines_of("examples/NIGHTS.md", "Logs and numbers"):
        command, *words = shlex.split(line)
        done = swipefl(tmp_path / "home", *words, before=("env", "-C", str(tmp_path)))
        assert (command, done.code) == ("swipefl", 0)
    assert "run_id=" in (tmp_path / "night.log").read_text()
    assert "swipefl_device_night_outcome" in (tmp_path / "swipefl.prom").read_text()


@pytest.mark.parametrize("words", [("cycle",), ("ingest", str(EXAMPLE)), ("status",), ("coordinator", "status")])
def test_a_log_that_cannot_be_written_is_an_error_at_once(tmp_path: Path, words: tuple[str, ...]) -> None:
    home, file = tmp_path / "home", tmp_path / "pipe"
    os.mkfifo(file)
    variables = {"SWIPEFL_LOG_FILE": str(file), "SWIPEFL_COORDINATOR_LOG_FILE": str(file)}
    done = swipefl(home, *words, **variables)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"swipefl: the log file {file} cannot be written: it is no file; name another one")
    assert not home.exists()
