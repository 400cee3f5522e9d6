"""The real command on a real (pseudo) terminal."""

import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from tests.support.command import Done, environment
from tests.support.waiting import LONG_S

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def swipefl_on_terminal(
    home: Path,
    *words: str,
    columns: int = 80,
    piped: str = "",
    given: bytes | None = None,
    typed: str = "",
    run: tuple[str, ...] = ("-m", "swipefl"),
    **extra: str,
) -> Done:
    """Runs `swipefl WORDS...`; output and errors go to one terminal and come raw as `out`.

    With `piped` "out" or "err" that one goes to a pipe, and the other alone to the terminal. `given` comes through a
    pipe, else standard input is the terminal, where `typed` is typed.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, *run, *words],
        stdin=theirs if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE if piped == "out" else theirs,
        stderr=subprocess.PIPE if piped == "err" else theirs,
        env=environment(home, **{"TERM": "xterm-256color", **extra}),
        start_new_session=True,
        preexec_fn=(lambda: fcntl.ioctl(2, termios.TIOCSCTTY)) if typed else None,  # it is the terminal of its session
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        if process.stdin:
            process.stdin.write(given or b"")
            process.stdin.close()
        screen = all_of(ours)
        apart = (process.stdout or process.stderr or io.BytesIO()).read().decode()
        code = process.wait(LONG_S)
    return Done(code, apart, screen) if piped == "out" else Done(code, screen, apart)


def all_of(terminal: int) -> str:
    """All that is ever shown on a terminal, which then is closed."""
    shown, until = b"", time.monotonic() + 2 * LONG_S
    try:
        while block := _next(terminal, until, shown):
            shown += block
    finally:
        os.close(terminal)
    return shown.decode().replace("\r\n", "\n")


def shown_until(terminal: int, text: str, shown: bytes = b"") -> bytes:
    """What was shown on a terminal, and is until a text is there, and with it; fails where it does not come."""
    until = time.monotonic() + LONG_S
    while text not in CONTROL.sub("", shown.decode(errors="replace")):
        block = _next(terminal, until, shown)
        assert block, f"the terminal ended, and {text!r} was not on it: {shown[-2000:]!r}"
        shown += block
    return shown


def _next(terminal: int, until: float, shown: bytes) -> bytes:
    """What is shown next; nothing where the last one that held the terminal is gone."""
    is_there = select.select([terminal], [], [], max(0.0, until - time.monotonic()))[0]
    assert is_there, f"a terminal is waited for in vain, after {shown[-2000:]!r}"
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def seen(text: str) -> list[str]:
    """The lines that stay on the screen, without colours and trailing blanks."""
    return [line.rsplit("\r", 1)[-1].rstrip() for line in CONTROL.sub("", text).split("\n")]
