"""One holder of a home at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swipefl.database.files import make_folder, open_private
from swipefl.errors import Remedy, StoreBusy, StoreError


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


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError:
        pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        who = f"another run (pid {pid})" if pid.isdigit() else "another run"
        raise StoreBusy("held", "{who} holds {home}", Remedy.WAIT_OR_STOP, who=who, home=path.parent) from None
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> StoreError:
    return StoreError("no-lock", "cannot lock {path} ({why})", Remedy.CHECK_FOLDER, path=path, why=error.strerror)
