"""A log in a file: private, bounded, and shared by all processes that write to it."""

import errno
import fcntl
import os
import re
import stat
import time
from contextlib import suppress
from pathlib import Path

from swipefl.database.files import check_not_ours, open_private
from swipefl.database.sql import NO_SPACE
from swipefl.errors import Remedy, UsageError

MOST_BYTES = 1_000_000  # of one file
KEPT = 4  # older ones beside it: FILE.1 is the newest of them
WAIT_S = 2.0  # for who writes just now, and gets little of a busy processor; who was stopped keeps nobody for longer
LOOKS_EVERY_S = 0.005
TRIES = 10  # to find room in what others fill, too
OURS = re.compile(rb"""run_id(?:"\s*:\s*"|=')\w+["']""")  # in each line of ours
BEGINS = (b'{"', b"timestamp=")
LONGEST_LINE = 65_536


class LogFile:
    """Lines in the file `path`; where one has `most_bytes` it is moved aside, and `kept` older ones stay.

    Raises UsageError where nothing can be written there, and for what holds anything else: it would be lost. What
    cannot be written later, as on a full disk, is lost, and ends no work.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES, kept: int = KEPT, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._most_bytes = most_bytes
        self._kept = kept
        try:
            self._path = path.absolute()  # a folder that was erased has none
            check_not_ours(path)
            self._check()
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise unwritable("log file", path, error.strerror) from error

    def _check(self) -> None:
        """Raises OSError, also for what is no log of ours, and where what is none has the name of an older one."""
        descriptor = open_private(self._path, os.O_RDWR | os.O_NONBLOCK)  # a FIFO would be waited for
        try:
            if not _is_log(descriptor):
                raise OSError(errno.EEXIST, "it holds something else than log lines of swipefl")
            if os.fstat(descriptor).st_mode & 0o077:
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
        for older in map(self._named, range(1, self._kept + 1)):
            if not _is_log_or_none(older):
                raise OSError(errno.EEXIST, f"{older}, where an older log would go, is none of swipefl's")

    def write(self, line: str) -> None:
        """Appends a line, and a newline."""
        with suppress(OSError):
            self._append(line.encode("utf-8", "replace") + b"\n")

    def _append(self, line: bytes) -> None:
        for _ in range(TRIES):
            descriptor, is_alone = self._opened()
            try:
                size = os.fstat(descriptor).st_size
                if not size or size + len(line) <= self._most_bytes:
                    if os.write(descriptor, line) < len(line) and is_alone:
                        os.ftruncate(descriptor, size)  # half a line on a full disk
                    return
                if not is_alone:  # whoever has it makes room
                    return
                if not self._is_moved():  # the folder is another's
                    os.ftruncate(descriptor, 0)
            finally:
                os.close(descriptor)

    def _opened(self) -> tuple[int, bool]:
        """A descriptor of the file as it is now, and whether no other process writes to it or moves it."""
        until = time.monotonic() + self._wait_s
        while time.monotonic() <= until and self._path.parent.is_dir():
            with suppress(FileNotFoundError):  # moved aside a moment ago, as it may be again and again
                descriptor = open_private(self._path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
                is_alone = _is_locked(descriptor, until)
                if self._is_there(descriptor):
                    return descriptor, is_alone
                os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "it is moved aside again and again, or its folder is gone")

    def _is_there(self, descriptor: int) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        return False

    def _is_moved(self) -> bool:
        """Moves the file aside, and the older ones on; the oldest goes."""
        with suppress(OSError):
            for number in reversed(range(self._kept)):
                with suppress(FileNotFoundError):
                    os.replace(self._named(number), self._named(number + 1))
            return True
        return False

    def _named(self, number: int) -> str:
        return f"{self._path}.{number}" if number else str(self._path)


def _is_log(descriptor: int) -> bool:
    """Whether it holds lines of ours, or nothing; a power cut may have left the first one torn."""
    begin = os.pread(descriptor, LONGEST_LINE, 0)
    is_torn = b"\n" not in begin and begin.startswith(BEGINS) and not begin.endswith(b"}")
    return not begin or is_torn or OURS.search(begin) is not None


def _is_log_or_none(path: str) -> bool:
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return False
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return True
    try:
        return _is_log(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(descriptor: int, until: float) -> bool:
    """Whether it is ours until it is closed; where nothing can be locked, nobody else has it."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(LOOKS_EVERY_S)
        except OSError:
            return True


def unwritable(kind: str, path: Path, why: str | None) -> UsageError:
    """What is said of a file that nothing can be written to."""
    what = "the {kind} {path} cannot be written: {why}"
    return UsageError("cannot-write-file", what, Remedy.NAME_OTHER_FILE, kind=kind, path=path, why=why or "no reason")
