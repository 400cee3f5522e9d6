"""Waiting for what a test needs to have happened, however slow the machine is."""

import time
from collections.abc import Callable
from pathlib import Path

LONG_S = 120.0  # far more than anything here takes: only what never comes costs it


def wait_until(true: Callable[[], object], what: str = "", seconds: float = LONG_S) -> None:
    """Looks again and again until it is true; fails where it does not become so."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds:.0f} s: {what or true}"
        time.sleep(0.02)


def catches(pid: int, signum: int) -> bool:
    """Whether a process has a handler of its own for the signal by now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.split("SigCgt:")[1].split()[0], 16) & 1 << (signum - 1))


def trains(pid: int) -> bool:
    """Whether a process has loaded torch, and used some seconds since it began."""
    used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]
    return "torch" in Path(f"/proc/{pid}/maps").read_text() and int(used) > 300


def rests(pid: int) -> bool:
    """Whether a process waits for something, such as its input."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
