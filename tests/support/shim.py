"""What stands between a command and its disk, `shim.c`: built where there is a C compiler, and told what to do."""

import atexit
import ctypes
import errno
import fcntl
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("shim.c")
WRITES, SYNCS, SIZES, NAMES = 1, 2, 4, 8  # kinds of calls: bytes, fsync, lengths, and names that come and go
CHANGES = WRITES | SYNCS | SIZES
ALL = CHANGES | NAMES
OFF, FAIL, FAIL_ON, SHORT, KILL_BEFORE, KILL_HALFWAY, KILL_AFTER = range(7)
KILLS = (KILL_BEFORE, KILL_HALFWAY, KILL_AFTER)
NEVER = 10**9


@dataclass(frozen=True)
class Plan:
    """At the `nth` call (from 1 on) of these `kinds` below `folders` happens what `action` says.

    FAIL is that it fails with `error`, FAIL_ON that all later ones do too, SHORT that half of it is written.
    """

    folders: tuple[Path, ...]
    nth: int = NEVER
    action: int = OFF
    kinds: int = ALL
    error: int = errno.EIO


@dataclass(frozen=True)
class Recording:
    """All that is done to files below a folder, and what is said on standard output, goes into a log."""

    folder: Path
    log: Path


@cache
def built() -> Path:
    """The library, for LD_PRELOAD. Skips the test where it cannot be built."""
    compiler = shutil.which("cc") or pytest.skip("no C compiler (cc): nothing stands between a command and its disk")
    folder = Path(tempfile.mkdtemp(prefix="swipefl-shim-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / "shim.so"
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE), "-ldl", "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"what stands between a command and its disk is not built here: {done.stderr[-200:]}")
    return library


def follow(plan: Plan) -> None:
    """From now on this process, which has it, is as planned."""
    ctypes.CDLL(None).shim_plan(_paths(plan.folders), plan.kinds, ctypes.c_long(plan.nth), plan.action, plan.error)


def counted() -> int:
    """How many calls there were since then."""
    calls: int = ctypes.CDLL(None).shim_count()
    return calls


def record(recording: Recording) -> None:
    """From now on all that this process, which has it, does and says is recorded, behind what was before."""
    opened = os.open(recording.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    descriptor = fcntl.fcntl(opened, fcntl.F_DUPFD, 500)  # far from those that a command opens and closes
    os.close(opened)
    ctypes.CDLL(None).shim_record(_paths((recording.folder,)), descriptor)


def _paths(folders: tuple[Path, ...]) -> bytes:
    return ":".join(str(folder) for folder in folders).encode()
