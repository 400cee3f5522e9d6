"""The link with the token: as a picture that a phone's camera reads, and as a file that a browser opens."""

import html
import io
import os
from contextlib import suppress
from pathlib import Path

import segno

from swipefl.database.files import make_folder, open_private

WAY_IN = "serve.html"  # in the home
_PAGE = """<!doctype html>
<meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={link}">
<title>swipefl</title><a href="{link}">swipefl</a>
"""
_COLOURS = "\033[38;5;231;48;5;16m{}\033[0m"  # white on black, whatever the terminal's are: cameras want it so


def code_of(link: str) -> list[tuple[str, int]]:
    """A link as lines of blocks (a QR code), for a terminal that has colours, and how many cells each takes."""
    drawn = io.StringIO()
    segno.make(link, micro=False, error="l").terminal(out=drawn, compact=True, border=2)
    return [(_COLOURS.format(line), len(line)) for line in drawn.getvalue().splitlines()]


def way_in(home: Path, link: str) -> Path:
    """A file that only its owner reads, and that leads to the link: others see what a browser is started with.

    Raises OSError.
    """
    path = home / WAY_IN
    make_folder(home)
    with os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(_PAGE.format(link=html.escape(link)))
    return path


def no_way_in(home: Path) -> None:
    """Erases that file, if it is there."""
    with suppress(OSError):
        (home / WAY_IN).unlink()
