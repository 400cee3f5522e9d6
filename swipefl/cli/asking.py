"""Questions that a person at a terminal answers with yes or no."""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

from swipefl.cli.rendering import printable


def agrees(question: str, yes: bool, stdin_is_taken: bool = False) -> bool:
    """Whether whoever runs the command wants it; no answer is a no. Nobody is asked who said so with a flag (`yes`).

    Nor is anybody where standard input or error is no terminal: what a script does, its author wanted. Only where a
    command reads something else from standard input is a person who watches asked on the terminal itself.
    """
    terminal = None if yes or not sys.stderr.isatty() else _terminal(stdin_is_taken)
    if terminal is None:
        return True
    with terminal as answers:
        sys.stderr.write(f"{printable(question)} [y/N] ")
        sys.stderr.flush()
        return answers.readline().strip().lower() in ("y", "yes")


def _terminal(stdin_is_taken: bool) -> AbstractContextManager[TextIO] | None:
    if sys.stdin and sys.stdin.isatty():  # it may be closed
        return nullcontext(sys.stdin)
    try:
        return open("/dev/tty", encoding="utf-8") if stdin_is_taken else None
    except OSError:  # nobody watches
        return None
