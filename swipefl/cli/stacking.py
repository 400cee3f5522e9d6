"""What is printed for people, whole at any width: a table whose rows do not fit a terminal stacks them."""

import re
import sys
from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Text

from swipefl.printable import printable

PROSE = 20  # columns that running text needs at least to be pleasant to read
ENDLESS = 100_000  # columns of a pipe or a file, where nothing is to be wrapped
INDENT = "  "


class Screen(Console):
    """Standard output. Text breaks between words and nowhere else; in a pipe or a file it does not break at all.

    A word that is longer than a line, such as a path, goes out whole, so that it can be copied.
    """

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else ENDLESS
        super().__init__(markup=False, emoji=False, highlight=False, width=width)

    def print(self, *objects: Any, **how: Any) -> None:
        """As rich does it, and nothing is cut. With `soft_wrap` the terminal breaks lines: for what is drawn."""
        objects = tuple(_harmless(each) if isinstance(each, str) else each for each in objects)
        if not how.get("soft_wrap"):
            objects = tuple(_Whole(each) if isinstance(each, str | Text) else each for each in objects)
        super().print(*objects, **{"crop": False, **how})


def _harmless(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


class _Whole:
    """Text whose words are never cut."""

    def __init__(self, text: str | Text) -> None:
        self._text = _text(text)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._text.split("\n", allow_blank=True):
            yield from _wrapped(line, options.max_width)


def prose(header: str = "", least: int | None = None) -> Column:
    """A column of running text, which may break between words; it is given `least` columns, else what it needs."""
    return Column(header, overflow="fold", min_width=least)


def fixed(column: Column | str) -> Column:
    """A column whose cells never break, unless it was made for prose."""
    column = Column(column) if isinstance(column, str) else column
    column.no_wrap = not _is_prose(column)
    return column


class Rows(Table):
    """A table without lines. Where it is wider than the screen each row is `header: value` lines, each value whole."""

    def __init__(self, *columns: Column | str, header: bool) -> None:
        super().__init__(*map(fixed, columns), box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=header)

    def add_row(self, *cells: Any, **how: Any) -> None:
        """As rich does it, and nothing that a cell holds moves the cursor, ends a line or turns one around."""
        super().add_row(*(printable(cell) if isinstance(cell, str) else cell for cell in cells), **how)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table as it is, or its rows stacked."""
        if self.fits(options.max_width):
            shown = super().__rich_console__(console, options)
            for line in Segment.split_lines(each for each in shown if isinstance(each, Segment)):
                yield from _without_end(line)
                yield Segment.line()
        else:
            yield from self._stacked(options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """As wide as there is room, at most."""
        return super().__rich_measure__(console, options).with_maximum(options.max_width)

    def fits(self, width: int) -> bool:
        """Whether so many columns of a screen show every cell whole, and prose well enough."""
        return sum(map(self._width, self.columns)) + 2 * (len(self.columns) - 1) <= width

    def _width(self, column: Column) -> int:
        cells = [*([_text(column.header)] if self.show_header else []), *map(_text, column.cells)]
        widest = max((cell.cell_len for cell in cells), default=0)
        if not _is_prose(column):
            return max(widest, column.min_width or 0)
        words = (cell_len(word) for cell in cells for word in cell.plain.split())
        return max(column.min_width or min(widest, PROSE), *words, 0)

    def _stacked(self, width: int) -> Iterator[Text]:
        rows = zip(*(map(_text, column.cells) for column in self.columns), strict=True)
        names = [_text(column.header) for column in self.columns]
        for place, row in enumerate(rows):
            if self.show_header:
                if place:
                    yield Text()
                for name, value in zip(names, row, strict=True):
                    yield from _line(name, value, width) if value else ()
            else:
                yield from _line(row[0], Text(", ").join(cell for cell in row[1:] if cell), width)


def _line(name: Text, value: Text, width: int) -> Iterator[Text]:
    """`name: value`, going on indented where that is longer than the screen."""
    return _wrapped(Text(f"{name.plain}: ").append_text(value) if name and value else name + value, width, INDENT)


def _wrapped(text: Text, width: int, indent: str = "") -> Iterator[Text]:
    """Lines of at most `width` cells that break between words only; all but the first begin with `indent`."""
    starts, used = [], 0
    for word in re.finditer(r"\s*(\S+)", text.plain):
        if used and used + cell_len(word[0]) > width:
            starts.append(word.start(1))
            used = cell_len(indent + word[1])
        else:
            used += cell_len(word[0])
    for place, line in enumerate(text.divide(starts)):
        line.rstrip()
        line.no_wrap, line.overflow = True, "ignore"
        yield Text(indent, no_wrap=True, overflow="ignore").append_text(line) if place else line


def _without_end(line: list[Segment]) -> list[Segment]:
    """A line without the blanks that fill its last cells."""
    kept = list(line)
    while kept and not kept[-1].text.strip():
        kept.pop()
    return [*kept[:-1], *(Segment(last.text.rstrip(), last.style) for last in kept[-1:])]


def _text(cell: object) -> Text:
    return cell.copy() if isinstance(cell, Text) else Text(str(cell))


def _is_prose(column: Column) -> bool:
    return column.overflow == "fold"
