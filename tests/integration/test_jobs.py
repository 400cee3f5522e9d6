"""`predict --jobs` and `evaluate --jobs`: several processes share a file."""

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import environment, swipefl
from tests.support.processes import kill_a_worker, session, workers
from tests.support.swipes import EXAMPLE, GOOD, gesture, lines, many_swipes
from tests.support.vocabularies import unlabelled
from tests.support.waiting import LONG_S, wait_until

ODD = (
    b"no json",
    b"",
    b'{"gesture_id": "x"}',
    json.dumps(gesture(private=True)).encode(),
    json.dumps(gesture(keyboard="jcuken", gesture_id="russian", word=None)).encode(),
    json.dumps(gesture(language="xx", gesture_id="of no language")).encode(),
    json.dumps(gesture(coords=[])).encode(),
)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Good lines, and after every third one that is bad, private, of another keyboard or blank."""
    path = tmp_path / "mixed.jsonl"
    good = [line.rstrip() for line in GOOD[:70]]
    lines = [line for place, one in enumerate(good) for line in (one, ODD[place % len(ODD)])[: 1 + (place % 3 == 0)]]
    path.write_bytes(b"\n".join(lines))
    return path


@pytest.mark.parametrize("flags", [(), ("--json", "--top", "1"), ("--language", "en", "--model", "base")])
def test_several_processes_answer_as_one_does(mixed: Path, tmp_path: Path, flags: tuple[str, ...]) -> None:
    home = tmp_path / "home"
    assert swipefl(home, "words", "add", "ouyangxi", "--language", "en").code == 0
    alone = swipefl(home, "predict", "--json", str(mixed), *flags)
    assert (alone.code, "error" in alone.out) == (0, True)
    for jobs in ("1", "2", "3"):
        together = swipefl(home, "predict", "--json", str(mixed), "--jobs", jobs, *flags)
        assert (together.code, together.out) == (alone.code, alone.out)


def test_a_packed_file_and_an_empty_one_are_shared_too(tmp_path: Path) -> None:
    packed, empty = tmp_path / "s.jsonl.gz", tmp_path / "empty.jsonl"
    packed.write_bytes(gzip.compress(b"".join(GOOD[:20])))
    empty.write_bytes(b"")
    for path in (packed, empty):
        alone, together = (swipefl(tmp_path, "predict", "--json", str(path), *jobs) for jobs in ((), ("--jobs", "2")))
        assert (together.code, together.out) == (alone.code, alone.out)


@pytest.mark.parametrize("by", [(), ("--by", "keyboard")])
def test_several_processes_see_what_one_does(mixed: Path, tmp_path: Path, by: tuple[str, ...]) -> None:
    def untimed(*flags: str) -> dict[str, object]:
        found = swipefl(tmp_path, "evaluate", str(mixed), "--json", *by, *flags).json
        for each in (found, *found.get("by", {}).values()):
            del each["ms_p50"], each["ms_p99"]
        return dict(found)

    assert untimed("--jobs", "2") == untimed()


@pytest.mark.parametrize("command", [("predict",), ("evaluate",), ("evaluate", "--by", "keyboard")])
def test_which_languages_were_guessed_is_told_as_by_one(tmp_path: Path, command: tuple[str, ...]) -> None:
    unsaid, said = tmp_path / "unsaid.jsonl", tmp_path / "said.jsonl"
    unsaid.write_bytes(unlabelled("hello").replace(b"{", b'{"word": "hello", ', 1) * 40)
    said.write_bytes(lines(*(gesture(language="en") for _ in range(40))))
    for path, told in ((said, 0), (unsaid, 1), (unsaid, 1)):
        done = swipefl(tmp_path / "home", *command, str(path), "--jobs", "2", LANG="ru_RU.UTF-8")
        assert (done.code, done.err.count("ru: LANG says so"), done.err.count("\n")) == (0, told, told)


def test_standard_input_is_for_one(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "predict", "--json", "-", "--jobs", "2", given=GOOD[0])
    assert (done.code, done.out) == (2, "")
    assert "standard input is answered line by line, by one process; name the file" in done.err
    assert swipefl(tmp_path, "predict", "-", "--jobs", "1", given=GOOD[0]).code == 0
    assert swipefl(tmp_path, "evaluate", "-", "--jobs", "2", "--model", "base", given=GOOD[0]).code == 0


@pytest.mark.parametrize("jobs", ["0", "-1", "65", "two"])
def test_how_many_is_a_number_of_processes(tmp_path: Path, jobs: str) -> None:
    assert swipefl(tmp_path, "predict", str(EXAMPLE), "--jobs", jobs).code == 2


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_what_cannot_be_read_ends_as_with_one(tmp_path: Path, jobs: str) -> None:
    assert swipefl(tmp_path, "predict", str(tmp_path / "none"), "--jobs", jobs).code == 3
    assert swipefl(tmp_path, "evaluate", str(tmp_path / "none"), "--jobs", jobs).code == 3
    nothing = tmp_path / "nothing.jsonl"
    nothing.write_bytes(b"\n")
    assert swipefl(tmp_path, "evaluate", str(nothing), "--jobs", jobs).code == 3


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A long prediction in a session of its own, whose two processes are there and answer."""
    many_swipes(tmp_path / "many.jsonl")
    command = [sys.executable, "-m", "swipefl", "predict", "--json", str(tmp_path / "many.jsonl"), "--jobs", "2"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, 0, env=environment(tmp_path), start_new_session=True, **pipes) as process:
        assert process.stdout
        assert b"candidates" in process.stdout.readline()
        assert len(workers(process.pid)) == 2
        yield process
        process.kill()


@pytest.mark.parametrize(
    ("signum", "to"), [(signal.SIGINT, "all"), (signal.SIGTERM, "the first"), (signal.SIGKILL, "the first")]
)
def test_they_end_with_the_first(begun: subprocess.Popen[bytes], signum: signal.Signals, to: str) -> None:
    (os.kill if to == "the first" else os.killpg)(begun.pid, signum)
    out, err = begun.communicate(timeout=LONG_S)
    assert begun.returncode == -signum
    wait_until(lambda: session(begun.pid) == [])
    if signum != signal.SIGKILL:  # after which Python's own process says that it cleaned up
        assert err == b"swipefl: interrupted; what was finished is kept\n"
    assert all(b"candidates" in line for line in out.splitlines(keepends=True) if line.endswith(b"\n"))


def test_a_reader_that_has_seen_enough_ends_it(begun: subprocess.Popen[bytes]) -> None:
    assert begun.stdout
    begun.stdout.close()
    assert begun.wait(LONG_S) == 0
    wait_until(lambda: session(begun.pid) == [])
    assert begun.stderr
    assert begun.stderr.read() == b""


def test_a_killed_process_is_told(begun: subprocess.Popen[bytes]) -> None:
    kill_a_worker(begun.pid)
    _, err = begun.communicate(timeout=LONG_S)
    assert begun.returncode == 5
    assert err.decode() == (
        "swipefl: one of 2 processes was killed, maybe for want of memory; run it again, with fewer --jobs\n"
    )
    wait_until(lambda: session(begun.pid) == [])
