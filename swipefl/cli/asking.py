"""Questions that a person at a terminal answers with yes or no."""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

from swipefl.printable import printable


def asks(yes: bool, stdin_is_taken: bool = False) -> bool:
    """Whether somebody is there to be asked, who also sees the question, and has not said so with a flag (`yes`).

    Nobody is where standard input or error is no terminal: what a script does, its author wanted. Only where a command
    reads something else from standard input is a person who watches asked on the terminal itself.
    """
    if yes or not sys.stderr.isatty():
        return False
    try:
        with _terminal(stdin_is_taken) as answers:
            return answers.isatty()
    except OSError:  # there is no terminal
        return False


def agrees(question: str, stdin_is_taken: bool = False) -> bool:
    """Whether who is asked wants it; no answer is a no."""
    with _terminal(stdin_is_taken) as answers:
        sys.stderr.write(f"{printable(question)} [y/N] ")
        sys.stderr.flush()
        return answers.readline().strip().lower() in ("y", "yes")


def _terminal(stdin_is_taken: bool) -> AbstractContextManager[TextIO]:
    if stdin_is_taken and not sys.stdin.isatty():
        return open("/dev/tty", encoding="utf-8")
    return nullcontext(sys.stdin)
