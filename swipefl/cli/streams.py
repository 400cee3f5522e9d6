"""The standard streams as they are met: closed, full, or said to be of another encoding than ours, which is UTF-8."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, TextIO, cast


class OutputLost(Exception):
    """Standard output takes no more; `is_unwanted` where its reader has seen enough."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.is_unwanted = error.errno == errno.EPIPE
        self.is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)


class Sign:
    """A sign of life on a terminal: a few words that stand on its last line until anything else is written."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._stands = False

    def say(self, words: str) -> None:
        """Shows the words at once."""
        self._terminal.write(f"{words}\r")
        self._terminal.flush()
        self._stands = True

    def erase(self) -> None:
        """Leaves nothing of them."""
        if self._stands:
            self._stands = False
            self._terminal.write("\x1b[2K")
            self._terminal.flush()


class Output(io.TextIOWrapper):
    """Standard output, whose errors are told from all others. Raises OutputLost."""

    sign: Sign | None = None

    def write(self, text: str) -> int:
        """As a file does it."""
        if self.sign:
            self.sign.erase()
        with _losing():
            return super().write(text)

    def flush(self) -> None:
        """As a file does it."""
        with _losing():
            super().flush()


class Messages(io.TextIOWrapper):
    """Standard error; where it takes no more, as on a full disk, a line is lost and the work goes on."""

    sign: Sign | None = None

    def write(self, text: str) -> int:
        """As a file does it."""
        if self.sign:
            self.sign.erase()
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """As a file does it."""
        with suppress(OSError):
            super().flush()


@contextmanager
def _losing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputLost(error) from error


def take_up() -> None:
    """Makes the three streams ours; one that is closed leads nowhere, and no file of ours ever gets its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    if isinstance(sys.stdout, Output):
        return
    sys.stdin = io.TextIOWrapper(_bytes_of(sys.stdin, 0, "rb"), "utf-8", "replace")
    sys.stdout = Output(_bytes_of(sys.stdout, 1, "wb"), "utf-8", "backslashreplace", line_buffering=True)
    sys.stderr = Messages(_bytes_of(sys.stderr, 2, "wb"), "utf-8", "backslashreplace", line_buffering=True)


@contextmanager
def alive(words: str) -> Iterator[None]:
    """Inside, a sign of life stands on the terminal until the command itself says something."""
    out, err = sys.stdout, sys.stderr
    if not (isinstance(out, Output) and isinstance(err, Messages) and out.isatty() and err.isatty()):
        yield
        return
    sign = Sign(err)
    sign.say(words)
    out.sign = err.sign = sign
    try:
        yield
    finally:
        sign.erase()
        out.sign = err.sign = None


def end_sign() -> None:
    """Erases a sign of life, for what speaks to a terminal past these streams."""
    if isinstance(sys.stderr, Messages) and sys.stderr.sign:
        sys.stderr.sign.erase()


def _bytes_of(stream: TextIO | None, descriptor: int, mode: str) -> BinaryIO:
    """What a stream of text is made of; one that Python found closed is opened."""
    if stream is None:
        return cast(BinaryIO, open(descriptor, mode, closefd=False))
    return cast(BinaryIO, cast(io.TextIOWrapper, stream).detach())


def drop_output() -> None:
    """Send what is still buffered nowhere, or Python would fail on it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
