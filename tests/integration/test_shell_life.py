"""A command among others of a shell: under `timeout` and `nohup`, before `head`, stopped for long and let go on."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command import environment, swipefl
from tests.support.coordinator import Coordinator
from tests.support.phones import Phone, publish
from tests.support.proxy import proxied
from tests.support.swipes import EXAMPLE, GOOD
from tests.support.waiting import LONG_S, rests, wait_until

PREDICTING = [sys.executable, "-m", "swipefl", "predict", "-", "--json"]
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def begun(home: Path, *before: str) -> subprocess.Popen[bytes]:
    """A prediction that has answered one line and waits for the next, run by `before`."""
    process = subprocess.Popen([*before, *PREDICTING], env=environment(home), **PIPES)
    answered(process)
    return process


def answered(process: subprocess.Popen[bytes]) -> bool:
    """Whether one line more is answered."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(GOOD[0])
    process.stdin.flush()
    return b"candidates" in process.stdout.readline()


def child(process: subprocess.Popen[bytes]) -> int:
    """The process that this one began."""
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


def is_stopped(pid: int) -> bool:
    """Or has ended before it could be."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "TZ"
    except OSError:
        return True


def test_timeout_ends_it_as_it_ends_others(tmp_path: Path) -> None:
    with begun(tmp_path, "timeout", "600") as process:
        wait_until(lambda: rests(child(process)))
        process.send_signal(signal.SIGTERM)  # what it does itself when the time is over
        assert process.wait(LONG_S) == -signal.SIGTERM


def test_timeout_ends_one_that_was_stopped(tmp_path: Path) -> None:
    with begun(tmp_path, "timeout", "600") as process:
        stopped = child(process)
        subprocess.run(["kill", "-STOP", str(stopped)], check=True)
        wait_until(lambda: is_stopped(stopped))
        process.send_signal(signal.SIGTERM)
        assert process.wait(LONG_S) == -signal.SIGTERM


def test_nohup_goes_on_when_its_terminal_is_closed(tmp_path: Path) -> None:
    with begun(tmp_path, "nohup") as process:
        process.send_signal(signal.SIGHUP)
        assert answered(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(LONG_S) == 0


def test_without_nohup_a_terminal_that_is_closed_ends_it_as_ctrl_c_does(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "swipefl", "ingest", str(EXAMPLE), "-"]
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL)}  # though these tests are under nohup
    with subprocess.Popen(command, env=environment(tmp_path), **PIPES, **heard) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(b"{broken\n" + GOOD[0])
        process.stdin.flush()
        assert process.stderr.readline().startswith(b"standard input:1: ")  # the file before it has landed
        wait_until(lambda: rests(process.pid))
        process.send_signal(signal.SIGHUP)
        assert process.wait(LONG_S) == -signal.SIGHUP
        assert b"what was finished is kept" in process.stderr.read()
    assert swipefl(tmp_path, "status", "--json").json["gestures"]["good"] == 260


def test_a_reader_that_reads_nothing_is_no_error(tmp_path: Path) -> None:
    assert swipefl(tmp_path, "ingest", str(EXAMPLE)).code == 0
    for words in ("export", "status", "config", "keyboards list", "lexicons list --json", "completion zsh", "--help"):
        command = f"'{sys.executable}' -m swipefl {words} | true; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", command], env=environment(tmp_path), capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), words


SHORT_S = 5.0  # of a visit: enough to come to the middle of a download


@pytest.mark.parametrize(
    "deadline_s", [120.0, SHORT_S], ids=["the coordinator gave up", "its own deadline passed as well"]
)
def test_a_device_that_was_stopped_goes_on_or_says_that_it_cannot(
    tmp_path: Path, collecting: Coordinator, deadline_s: float
) -> None:
    """It was stopped in the middle of a download for longer than it is waited for; the next visit has all of it."""
    wanted = publish(collecting, 0.5)
    with proxied(collecting.address) as proxy:
        with Phone(tmp_path, collecting, proxy.address):
            pass
        proxy.stall_after = 100_000
        command = [sys.executable, "-m", "swipefl", "sync", "--json"]
        env = environment(tmp_path, SWIPEFL_SYNC_DEADLINE_S=str(deadline_s))
        with subprocess.Popen(command, env=env, **PIPES) as process:
            wait_until(lambda: proxy.holds or process.poll() is not None)
            process.send_signal(signal.SIGSTOP)
            stopped_at = time.monotonic()
            wait_until(lambda: is_stopped(process.pid) and time.monotonic() > stopped_at + min(deadline_s, SHORT_S))
            proxy.cut()  # as a coordinator does to whom it has waited for long enough
            proxy.stall_after = None
            process.send_signal(signal.SIGCONT)
            code = process.wait(LONG_S)
            assert process.stderr
            told = process.stderr.read()
        assert (code, told.count(b"\n")) in ((0, 0), (6, 1)), told
        with Phone(tmp_path, None) as phone:
            phone.visit()
            assert phone.member.version == wanted
