"""Real shells on a real terminal, in which somebody presses Tab."""

import fcntl
import os
import pty
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.command import environment
from tests.support.processes import session
from tests.support.terminal import CONTROL, shown_until
from tests.support.waiting import LONG_S

TAB, TO_THE_START, PROMPT = "\t", "\x01", "ready> "
# Words of a command, whatever is in them, between marks that the line that is typed does not have.
PRINTS = "import sys; print('[[' + '[', *(word.encode().hex() for word in sys.argv[1:]), ']]' + ']')"
# How each is started, and what a person has in their shell's file; what comes before that is for a test to read.
FILES = {
    "bash": (
        (),
        ".bashrc",
        f"PS1='{PROMPT}'; bind 'set enable-bracketed-paste off'",
        "source <(swipefl completion bash)",
    ),
    "zsh": (
        ("-d",),
        ".zshrc",
        f"PS1='{PROMPT}'; unset zle_bracketed_paste; bindkey -e; autoload -Uz compinit; compinit -u -D",
        "source <(swipefl completion zsh)",
    ),
    "fish": (
        ("--private",),
        ".config/fish/config.fish",
        f"function fish_prompt; echo -n '{PROMPT}'; end; set fish_greeting; set fish_autosuggestion_enabled 0",
        "swipefl completion fish | source",
    ),
}


def completed(shell: str, home: Path, lines: Sequence[str], folder: Path) -> list[list[str]]:
    """The words of command lines of `shell` after Tab was pressed at the end of each; `folder` is where it runs."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    flags, name, screen, installed = FILES[shell]
    _write(folder, name, f"{screen}\n{installed}\n")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
    process = subprocess.Popen(
        [program, *flags, "-i"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(home, TERM="xterm", LC_ALL="C.UTF-8", **_places(folder)),
        cwd=folder,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY),
    )
    os.close(theirs)
    try:
        return list(_words(ours, lines))
    finally:
        for each in session(process.pid):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.wait(LONG_S)
        os.close(ours)


def _words(terminal: int, lines: Sequence[str]) -> Iterator[list[str]]:
    shown = b""
    for line in lines:
        shown_until(terminal, PROMPT, shown)
        os.write(terminal, f"{line}{TAB}{TO_THE_START}prints \n".encode())
        upto, end, shown = shown_until(terminal, "]]]").partition(b"]]]")  # what is left may have the next prompt
        text = CONTROL.sub("", (upto + end).decode(errors="replace")).replace("\r\n", "")
        (words,) = re.findall(r"\[\[\[(.*?)\]\]\]", text)
        yield [bytes.fromhex(word).decode() for word in words.split()]


def _places(folder: Path) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "ZDOTDIR": str(folder),
        "XDG_CONFIG_HOME": str(folder / ".config"),
        "XDG_DATA_HOME": str(folder / ".local"),
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
    }


def _write(folder: Path, name: str, text: str) -> None:
    """The shell's file, `swipefl` itself, and what prints the words of its command line."""
    (folder / ".local" / "fish" / "generated_completions").mkdir(parents=True)  # or fish reads all man pages first
    (folder / "bin").mkdir()
    python = shlex.quote(sys.executable)
    for program, run in (("swipefl", "-m swipefl"), ("prints", f"-c {shlex.quote(PRINTS)}")):
        file = folder / "bin" / program
        file.write_text(f'#!/bin/sh\nexec {python} {run} "$@"\n')
        file.chmod(0o700)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
