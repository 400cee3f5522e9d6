"""Small pictures over days and nights: lines of Braille dots, and bars. They are read without colour."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from swipefl.cli.drawing import DOTS_ACROSS, DOTS_DOWN, Canvas

if TYPE_CHECKING:
    from rich.text import Text

    from swipefl.device.daily import Day
    from swipefl.device.gain import Standing

ROWS, MOST_COLUMNS = 5, 60
LEAST_RANGE = 0.04  # of the shares from bottom to top: less would make mountains of chance
BARS = "▁▂▃▄▅▆▇█"


def curve(nights: "Sequence[Standing]", columns: int) -> "Text":
    """The share that is right, a night after the other: a line for the person's models, dots for the base."""
    from rich.text import Text

    shares = [(night.right_base / night.swipes, night.right_yours / night.swipes) for night in nights]
    low, high = _bounds([share for pair in shares for share in pair])
    labels = [f"{high:.0%} ", *["     "] * (ROWS - 2), f"{low:.0%} "]
    across = min(columns, MOST_COLUMNS) - max(map(len, labels))
    canvas = Canvas(across, ROWS)

    def place(night: int, share: float) -> tuple[float, float]:
        x = night / max(len(shares) - 1, 1) * (across * DOTS_ACROSS - 1)
        return x, (high - share) / (high - low) * (ROWS * DOTS_DOWN - 1)

    for night in range(1, len(shares)):
        (base, yours), (base_then, yours_then) = shares[night - 1], shares[night]
        canvas.line(*place(night - 1, yours), *place(night, yours_then))
        _dotted(canvas.dot, place(night - 1, base), place(night, base_then))
    lines = canvas.text().split("\n")
    return Text("\n").join(Text(f"{label:>5}") + line for label, line in zip(labels, lines, strict=True))


def bars(days: "Sequence[Day]") -> str:
    """A bar a day; a dot where no swipe came."""
    most = max((day.swipes for day in days), default=0)
    return "".join(BARS[-(-day.swipes * len(BARS) // most) - 1] if day.swipes else "·" for day in days)


def bars_say(days: "Sequence[Day]") -> str:
    """What the bars are of."""
    return f"swipes a day since {days[0].day:%Y-%m-%d}, at most {max(day.swipes for day in days)}"


def _bounds(shares: Sequence[float]) -> tuple[float, float]:
    low, high = min(shares), max(shares)
    room = max(LEAST_RANGE - (high - low), 0) / 2
    low, high = max(low - room, 0.0), min(high + room, 1.0)
    return (low, high) if high - low >= LEAST_RANGE else (max(high - LEAST_RANGE, 0.0), min(low + LEAST_RANGE, 1.0))


def _dotted(dot: Callable[[float, float], None], begin: tuple[float, float], end: tuple[float, float]) -> None:
    """Every third dot of a line that runs to the right, wherever it begins."""
    (x, y), (to_x, to_y) = begin, end
    for at in range(round(x), round(to_x) + 1):
        if at % 3 == 0:
            dot(at, y + (at - x) / max(to_x - x, 1) * (to_y - y))
