"""`swipefl simulate`."""

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import environment, swipefl
from tests.support.processes import kill_a_worker, session
from tests.support.waiting import LONG_S, wait_until

KEYS = ["round", "version", "clients", "examples", "top1", "top3", "bytes_up", "bytes_down", "seconds", "judged"]


def test_the_command_prints_a_line_a_round_and_draws_a_plot(swipes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["simulate", str(swipes), "--clients-per-round", "2", "--eval", str(swipes), "--out", str(out), "--json"]
    done = swipefl(tmp_path, *command, "--rounds", "2")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [list(row) for row in rows] == [KEYS] * 3
    assert [row["round"] for row in rows] == [0, 1, 2]
    assert rows[1]["top1"] is None
    assert all(0 <= row["top1"] <= row["top3"] <= 1 and row["judged"] == 63 for row in (rows[0], rows[2]))
    assert (out / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert not (out / "people").exists()
    first = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()
    again = swipefl(tmp_path, *command, "--rounds", "2")
    assert (again.code, "--resume" in again.err) == (2, True)
    more = swipefl(tmp_path, *command, "--rounds", "3", "--resume")
    assert [json.loads(line)["round"] for line in more.out.splitlines()] == [3]
    assert hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest() != first
    other = swipefl(tmp_path, *command, "--rounds", "3", "--resume", "--clip", "9")
    assert (other.code, "begun otherwise" in other.err) == (2, True)


def test_a_simulation_of_an_earlier_version_is_left_alone(swipes: Path, tmp_path: Path) -> None:
    """It has rounds, and does not say by which scenario."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "rounds.jsonl").write_text("{}\n")
    for flags in ((), ("--resume",)):
        done = swipefl(tmp_path, "simulate", str(swipes), "--out", str(out), *flags)
        assert (done.code, "earlier swipefl; --out names another folder" in done.err) == (2, True)
    assert [file.name for file in out.iterdir()] == ["rounds.jsonl"]


def test_a_file_of_nobodys_swipes_begins_no_simulation(swipes: Path, tmp_path: Path) -> None:
    nobodys, out = tmp_path / "nobodys.jsonl", tmp_path / "out"
    nobodys.write_text("".join(json.dumps(line) + "\n" for line in map(_without_user, swipes.open())))
    rounds = ("--rounds", "1", "--clients-per-round", "1", "--out", str(out), "--json")
    assert swipefl(tmp_path, "simulate", str(nobodys), *rounds).code == 3
    assert swipefl(tmp_path, "simulate", str(swipes), *rounds).code == 0


def _without_user(line: str) -> dict[str, object]:
    return {name: value for name, value in json.loads(line).items() if name != "user"}


ON_TWO_CORES = "import os; os.cpu_count = lambda: 2; from swipefl.__main__ import main; main()"  # a worker for each


@pytest.fixture
def begun(swipes: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A long simulation in a session of its own, whose workers are there and train."""
    out = ("--rounds", "1000", "--clients-per-round", "4", "--epochs", "20", "--out", str(tmp_path / "out"))
    command = [sys.executable, "-c", ON_TWO_CORES, "simulate", str(swipes), *out]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(tmp_path), start_new_session=True, **pipes) as process:
        wait_until(lambda: len(session(process.pid)) > 2)
        yield process
        process.kill()


@pytest.mark.parametrize(
    ("signum", "to", "trains"),
    [
        (signal.SIGTERM, "the first", True),
        (signal.SIGTERM, "all", False),
        (signal.SIGINT, "all", True),
        (signal.SIGKILL, "the first", True),
        (signal.SIGKILL, "the first", False),
    ],
)
def test_workers_end_with_the_simulation(
    begun: subprocess.Popen[bytes], tmp_path: Path, signum: signal.Signals, to: str, trains: bool
) -> None:
    if trains:
        wait_until(lambda: list((tmp_path / "out").glob("*/round.jsonl")))
    (os.kill if to == "the first" else os.killpg)(begun.pid, signum)
    assert begun.wait(LONG_S) == -signum
    wait_until(lambda: session(begun.pid) == [])
    people = tmp_path / "out" / "people"
    assert people.exists() is (signum == signal.SIGKILL)
    assert not people.exists() or stat.S_IMODE(people.stat().st_mode) == 0o700
    if signum != signal.SIGKILL:
        assert begun.stderr
        assert begun.stderr.read() == b"swipefl: interrupted; what was finished is kept\n"


def test_a_killed_worker_is_told_and_the_rounds_go_on_later(begun: subprocess.Popen[bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    wait_until(lambda: list(out.glob("*/round.jsonl")))
    kill_a_worker(begun.pid)
    assert begun.wait(LONG_S) == 5
    assert begun.stderr
    told = begun.stderr.read().decode()
    assert "was killed, maybe for want of memory; --resume goes on" in told
    assert not (out / "people").exists()


def test_one_simulation_at_a_time_is_at_a_folder(begun: subprocess.Popen[bytes], swipes: Path, tmp_path: Path) -> None:
    wait_until(lambda: list((tmp_path / "out").glob("*/round.jsonl")))
    for flags in ((), ("--resume",)):
        done = swipefl(tmp_path, "simulate", str(swipes), "--out", str(tmp_path / "out"), *flags)
        assert (done.code, "another run" in done.err) == (8, True), done.err
    assert begun.poll() is None


def test_other_people_in_the_same_file_are_not_gone_on_with(swipes: Path, tmp_path: Path) -> None:
    """Of the same name and size."""
    file, rounds = tmp_path / "people.jsonl", ("--clients-per-round", "1", "--out", str(tmp_path / "out"), "--json")
    text = swipes.read_bytes()
    file.write_bytes(text)
    assert swipefl(tmp_path, "simulate", str(file), "--rounds", "1", *rounds).code == 0
    head, tail = text[: text.rindex(b"{")], text[text.rindex(b"{") :]
    file.write_bytes(tail + head)
    done = swipefl(tmp_path, "simulate", str(file), "--rounds", "2", "--resume", *rounds)
    assert (done.code, "begun otherwise (swipes)" in done.err) == (2, True), done.err


@pytest.mark.parametrize(("text", "code"), [("", 3), ("nonsense", 3), ("one", 0)])
def test_swipes_to_judge_by_are_looked_for_before_the_rounds(
    swipes: Path, tmp_path: Path, text: str, code: int
) -> None:
    judges = tmp_path / "judges.jsonl"
    judges.write_text(swipes.read_text().splitlines()[0] if text == "one" else text)
    rounds = ("--rounds", "1", "--clients-per-round", "1", "--out", str(tmp_path / "out"), "--json")
    done = swipefl(tmp_path, "simulate", str(swipes), *rounds, "--eval", str(judges))
    assert done.code == code, done.err
    assert (tmp_path / "out" / "rounds.jsonl").exists() is (code == 0)


@pytest.mark.parametrize("flags", [("--rule", "median"), ("--rule", "trimmed-mean"), ("--unbounded",), ("--float32",)])
def test_noise_that_hides_nobody_is_refused(swipes: Path, tmp_path: Path, flags: tuple[str, ...]) -> None:
    done = swipefl(tmp_path, "simulate", str(swipes), "--noise", "0.1", *flags, "--out", str(tmp_path / "out"))
    assert (done.code, "noise hides" in done.err, (tmp_path / "out").exists()) == (2, True, False)


@pytest.mark.parametrize("place", ["file", "file/under"])
def test_a_file_in_the_place_of_out_is_a_usage_error(swipes: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("kept")
    done = swipefl(tmp_path, "simulate", str(swipes), "--out", str(tmp_path / place))
    assert (done.code, "--out names another folder" in done.err) == (2, True), done.err
    assert (tmp_path / "file").read_text() == "kept"
