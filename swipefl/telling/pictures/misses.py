"""Keys and words that are missed more often than chance would have it, and what is read in their place."""

from collections.abc import Sequence

from swipefl.device.confusions import Confusion, Confusions
from swipefl.telling.svg import (
    LEADING,
    MARGIN,
    MIDDLE,
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


def misses_picture(found: Confusions) -> str:
    """The table; a calm sentence where there is nothing in it, or too little to tell."""
    if found.swipes < FEW:
        needs = f"this takes {FEW} swipes that your model never learned from, and there are {found.swipes} so far."
        return notice(TITLE, f"Not enough swipes yet: {needs}")
    of = f"Of {found.swipes:,} swipes that your model never learned from, {found.right:,} are read right."
    if not found.keys and not found.words:
        return notice(TITLE, f"{of} No key and no word is missed more often than chance would have it.")
    lines = paragraph(MARGIN + 34, f"{of} These are missed more often than chance would have it.")
    shapes, y, said = [heading(TITLE), *lines], MARGIN + 40 + LEADING * len(lines), [of]
    for name, some in (("Keys", found.keys), ("Words", found.words)):
        if some:
            shapes.append(words(MARGIN, y, name, "ink bold", MIDDLE))
            shapes += [part for i, one in enumerate(some[:MOST_ROWS]) for part in _row(one, y + 8 + ROW * i)]
            y += 8 + ROW * len(some[:MOST_ROWS]) + 24
            said.append(f"{name}: {_said(some[:MOST_ROWS])}.")
    return picture(TITLE, " ".join(said), y - 24 + MARGIN / 2, shapes)


def _row(one: Confusion, y: float) -> list[Shape]:
    """What was meant, what is read, and how often of how often, with a bar."""
    start, end = WIDE - MARGIN - 132.0, WIDE - MARGIN - 62.0
    length = (end - start) * one.missed / one.seen
    return [
        words(MARGIN, y + 16, cut(one.meant, 13), "ink bold"),
        words(
            MARGIN + 104, y + 16, cut(f"→ {one.read}" if one.read else "→ nothing", 15), "ink" if one.read else "quiet"
        ),
        shape("rect", "key", x=start, y=y + 6, width=end - start, height=11, rx=5.5),
        shape("rect", "unsure", x=start, y=y + 6, width=max(length, 3.0), height=11, rx=min(5.5, max(length, 3.0) / 2)),
        words(WIDE - MARGIN, y + 16, f"{one.missed} of {one.seen}", "ink end", SMALL),
    ]


def _said(some: Sequence[Confusion]) -> str:
    return "; ".join(
        f"you swipe {quoted(one.meant)}, it reads {quoted(one.read) if one.read else 'nothing'}: "
        f"missed {one.missed} of {one.seen}, so {one.times} of these"
        for one in some
    )
