"""One holder of a home at a time."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from swipefl.database.files import make_folder, open_private
from swipefl.database.sql import NO_SPACE, disk_full
from swipefl.errors import Remedy, StoreBusy, StoreError
from swipefl.stopping import Stop, raise_if

LOOKS_EVERY_S = 0.02
LOOKS = 4  # before it counts as held: who only asks whether it is holds it for some microseconds
MOST_WAIT_S = 600.0  # for one whose turn it is: it may read a year of swipes, or have been stopped


@contextmanager
def hold(home: Path, name: str = "lock") -> Iterator[None]:
    """Hold the file `name` in `home` inside the block; the kernel releases it when the process dies.

    Raises StoreBusy, with the holder's process id, if another holds it; StoreError if the file
    cannot be written, or is a link.
    """
    path = home / name
    try:
        make_folder(home)
        descriptor = open_private(path, os.O_RDWR)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        _take(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def check_free(home: Path, name: str = "lock") -> None:
    """Raises StoreBusy where another holds the file just now. Nothing is made, and nobody is kept from it for long."""
    path = home / name
    with suppress(OSError):  # nobody ever held it, or who is to hold it is told what is wrong
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _held(descriptor, path) from None
        finally:
            os.close(descriptor)


@contextmanager
def in_turn(folder: Path, stop: Stop, most_s: float = MOST_WAIT_S) -> Iterator[None]:
    """The block runs while no other one of this folder does; `stop` is asked while it waits. Raises what that says.

    And StoreBusy where it was not its turn for so long. A folder that cannot be locked, as on some network file
    systems, keeps nobody waiting.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        yield
        return
    try:
        latest = time.monotonic() + most_s
        while not _is_ours(descriptor):
            raise_if(stop)
            if time.monotonic() > latest:
                busy = "another run reads files into {home}"
                raise StoreBusy("ingesting", busy, Remedy.RUN_AGAIN_LATER, home=folder)
            time.sleep(LOOKS_EVERY_S)
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a process forked meanwhile has it open, too
        os.close(descriptor)


def _is_ours(descriptor: int) -> bool:
    """False as long as another one holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:  # any other: nobody can hold it
        return not isinstance(error, BlockingIOError)
    return True


def _take(descriptor: int, path: Path) -> None:
    for left in reversed(range(LOOKS)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            return
        except BlockingIOError:
            if not left:
                raise _held(descriptor, path) from None
            time.sleep(LOOKS_EVERY_S)
        except OSError as error:
            raise _unusable(path, error) from error


def _held(descriptor: int, path: Path) -> StoreBusy:
    pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    who = f"another run (pid {pid})" if pid.isdigit() else "another run"
    return StoreBusy("held", "{who} holds {home}", Remedy.WAIT_OR_STOP, who=who, home=path.parent)


def _unusable(path: Path, error: OSError) -> StoreError:
    if error.errno in NO_SPACE:
        return disk_full(path)
    return StoreError("no-lock", "cannot lock {path} ({why})", Remedy.CHECK_FOLDER, path=path, why=error.strerror)
