"""The processes that a command begins."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.waiting import LONG_S


@contextmanager
def served(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[tuple[dict[str, Any], subprocess.Popen[bytes]]]:
    """What serves: what its first line, one of JSON, says, and its process; ended by SIGTERM."""
    with log.open("ab") as written:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=written)
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line, log.read_text()
        yield json.loads(line), process
    finally:
        process.terminate()
        try:
            process.wait(LONG_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@contextmanager
def heard(signum: int) -> Iterator[None]:
    """Here, and in what is begun meanwhile, a signal is not ignored, though these tests are under nohup."""
    before = signal.signal(signum, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signum, before)


def session(leader: int) -> list[int]:
    """The processes of a session that still run."""
    running = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, its_session, *_ = status.read_text().rpartition(")")[2].split()
            if int(its_session) == leader and state != "Z":
                running.append(int(status.parent.name))
    return running


def workers(leader: int) -> list[int]:
    """Those of them that were begun to work for the first."""
    found = []
    for each in session(leader):
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes():
                found.append(each)
    return found


def kill_a_worker(leader: int) -> None:
    """Kills one outright, as a kernel without memory does."""
    os.kill(workers(leader)[0], signal.SIGKILL)
