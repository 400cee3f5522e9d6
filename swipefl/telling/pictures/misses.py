"""Keys and words that are missed more often than chance would have it, and what is read in their place."""

from collections.abc import Sequence

from swipefl.device.confusions import Confusion, Confusions
from swipefl.telling.svg import (
    LEADING,
    MARGIN,
    SMALL,
    WIDE,
    Shape,
    cut,
    heading,
    notice,
    paragraph,
    picture,
    quoted,
    shape,
    words,
)

TITLE = "What is missed, and for what"
FEW = 20  # held-out swipes below which nothing is said
MOST_ROWS = 8  # of keys, and of words
ROW = 26
READ, START, END = MARGIN + 130.0, WIDE - MARGIN - 124.0, WIDE - MARGIN - 66.0  # a word's place, and a bar's ends


def misses_picture(found: Confusions) -> str:
    """The table; a calm sentence where there is nothing in it, or too little to tell."""
    if found.swipes < FEW:
        needs = f"this takes {FEW} swipes that your model never learned from, and there are {found.swipes} so far."
        return notice(TITLE, f"Not enough swipes yet: {needs}")
    of = f"Of {found.swipes:,} swipes that your model never learned from, {found.right:,} are read right."
    if not found.keys and not found.words:
        return notice(TITLE, f"{of} No key and no word is missed more often than chance would have it.")
    lines = paragraph(MARGIN + 34, f"{of} These are missed more often than chance would have it.")
    shapes, y, said = [heading(TITLE), *lines], MARGIN + 44 + LEADING * len(lines), [of]
    for name, some in (("keys", found.keys[:MOST_ROWS]), ("words", found.words[:MOST_ROWS])):
        if some:
            shapes += _header(name, y)
            shapes += [part for i, one in enumerate(some) for part in _row(one, y + 6 + ROW * i)]
            y += 6 + ROW * len(some) + 26
            said.append(f"{name.capitalize()}: {_said(some)}.")
    return picture(TITLE, " ".join(said), y - 26 + MARGIN / 2, shapes)


def _header(name: str, y: float) -> list[Shape]:
    return [
        words(MARGIN, y, f"{name} you swipe", "quiet", SMALL),
        words(READ, y, "it reads", "quiet", SMALL),
        words(WIDE - MARGIN, y, "missed", "quiet end", SMALL),
    ]


def _row(one: Confusion, y: float) -> list[Shape]:
    """What was meant, what is read in its place, and how often of how often it is missed, with a bar."""
    length = max((END - START) * one.missed / one.seen, 3.0)
    times = f" ×{one.times}" if one.times < one.missed else ""  # the others were something else each
    read = cut(one.read, 13 - len(times)) if one.read else "nothing"
    return [
        words(MARGIN, y + 16, cut(one.meant, 12), "ink bold"),
        words(READ - 20, y + 16, "→", "quiet"),
        words(READ, y + 16, read, "ink" if one.read else "quiet"),
        *([words(START - 6, y + 16, times.strip(), "quiet end", SMALL)] if times else []),
        shape("rect", "key", x=START, y=y + 6, width=END - START, height=11, rx=5.5),
        shape("rect", "unsure", x=START, y=y + 6, width=length, height=11, rx=min(5.5, length / 2)),
        words(WIDE - MARGIN, y + 16, f"{one.missed} of {one.seen}", "ink end", SMALL),
    ]


def _said(some: Sequence[Confusion]) -> str:
    return "; ".join(
        f"you swipe {quoted(one.meant)}, it reads {quoted(one.read) if one.read else 'nothing'}: "
        f"missed {one.missed} of {one.seen}, so {one.times} of these"
        for one in some
    )
