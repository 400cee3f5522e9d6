"""The link for a phone, and the picture of it that a phone's camera reads."""

import io

import segno

_COLOURS = "\033[38;5;231;48;5;16m{}\033[0m"  # white on black, whatever the terminal's are: cameras want it so


def code_of(link: str) -> list[tuple[str, int]]:
    """A link as lines of blocks (a QR code), for a terminal that has colours, and how many cells each takes."""
    drawn = io.StringIO()
    segno.make(link, micro=False, error="l").terminal(out=drawn, compact=True, border=2)
    return [(_COLOURS.format(line), len(line)) for line in drawn.getvalue().splitlines()]
