"""The processes that a command begins."""

import os
import signal
from contextlib import suppress
from pathlib import Path


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
