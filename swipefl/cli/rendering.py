"""How things look on a terminal: plain tables, percents, and nothing that a name could smuggle in."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Column

    from swipefl.cli.stacking import Rows


def console() -> "Console":
    """Standard output, which reads no markup: a word may well hold a bracket. In a pipe no line of it breaks."""
    from swipefl.cli.stacking import Screen

    return Screen()


def table(*columns: "Column | str", header: bool = True) -> "Rows":
    """An empty table without lines, whose cells never break; on a screen too narrow for it each row is stacked."""
    from swipefl.cli.stacking import Rows

    return Rows(*columns, header=header)


def number(header: str) -> "Column":
    """A column whose cells stand to the right."""
    from rich.table import Column

    return Column(header, justify="right")


def prose(header: str = "", least: int | None = None) -> "Column":
    """A column of running text, which may break between words; it is given `least` columns, else what it needs."""
    from swipefl.cli.stacking import prose

    return prose(header, least)


def facts(rows: "Iterable[tuple[str, str]]") -> "Rows":
    """Names and what they are, a line each."""
    shown = table("", prose(), header=False)
    for name, value in rows:
        shown.add_row(name, value)
    return shown


def percent(share: float) -> str:
    """A fraction as people read it."""
    return f"{share:.1%}"


def counted(count: int, what: str) -> str:
    """`1 gesture`, `2 gestures`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def moment(unix_s: float) -> str:
    """A time of this place, to the minute."""
    from swipefl.operations.checks.clock import minute

    return minute(unix_s)
