"""Tables: a row for each point, `gesture_id, word, x, y, t` in any order under a header that names them.

Columns are separated by commas, semicolons or tabs. Rows of one gesture follow one another; `width`, `height`,
`keyboard`, `user`, `language` and `private` may stand in each, and mean what they do in swipefl's own lines.
"""

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from swipefl.errors import RejectedLine
from swipefl.gesture.formats import own
from swipefl.gesture.formats.lines import Line
from swipefl.gesture.formats.reading import Entry, Private, Reader, Rejected, unknown_format
from swipefl.gesture.gesture import MAX_POINTS

NEEDED = frozenset({"gesture_id", "x", "y", "t"})
TEXTS = ("gesture_id", "word", "keyboard", "user", "language")
SIZES = ("width", "height")
SEPARATORS = (",", "\t", ";")
NO = ("", "false", "no", "0", "null", "none")
MOST_HEADER = 4096  # bytes


@dataclass(frozen=True)
class _Header:
    """Where the columns of a table are, and what lies between them."""

    separator: str
    columns: dict[str, int]

    def row(self, text: bytes) -> dict[str, str]:
        """The cells of a row by the names of their columns. Raises RejectedLine."""
        try:
            cells = next(csv.reader([text.decode().strip("\r\n")], delimiter=self.separator, strict=True))
            return {name: cells[at].strip() for name, at in self.columns.items()}
        except (csv.Error, UnicodeDecodeError, IndexError, StopIteration):
            raise RejectedLine("broken-line", "the row has not the columns that the header names") from None


@dataclass
class _Stroke:
    """The rows of one gesture up to here."""

    line: int
    start: int
    said: dict[str, str]
    coords: list[dict[str, float]] = field(default_factory=list)
    private: bool = False

    @property
    def endless(self) -> bool:
        """Whether there are more points than a gesture has: no more of them are kept."""
        return len(self.coords) > MAX_POINTS


def is_header(text: bytes) -> bool:
    """Whether a line names the columns of such a table."""
    return _header(text) is not None


def read(lines: Iterable[Line], reader: Reader) -> Iterator[Entry]:
    """A gesture of each id's rows; one whose last row breaks off can be read on from (`resume`)."""
    stroke: _Stroke | None = None
    header: _Header | None = None
    resume: int | None = None
    for line in lines:
        if not line.text.strip():
            continue
        if header is None:
            header = _header(line.text)
            if header is None:
                yield Rejected(line.number, unknown_format(), line.text)
                return
            continue
        try:
            row = header.row(line.checked())
            point = _point(row)
        except RejectedLine as error:
            resume = None if line.whole else (stroke or line).start
            broken = Rejected(line.number, error, line.text, None if line.whole else line.start)
            yield Private(broken) if "private" in header.columns or line.private else broken
            continue
        if stroke is None or row["gesture_id"] != stroke.said["gesture_id"]:
            if stroke is not None:
                yield _gesture(stroke, reader)
            stroke = _Stroke(line.number, line.start, row)
        stroke.private |= row.get("private", "").lower() not in NO
        if not stroke.endless:
            stroke.coords.append(point)
    if stroke is not None:
        yield _gesture(stroke, reader, resume)


def _header(text: bytes) -> _Header | None:
    if len(text) > MOST_HEADER or b"{" in text:
        return None
    for separator in SEPARATORS:
        try:
            cells = next(csv.reader([text.decode().strip()], delimiter=separator), [])
        except (csv.Error, UnicodeDecodeError):
            return None
        columns = {name.strip().lower(): at for at, name in reversed(list(enumerate(cells)))}
        if columns.keys() >= NEEDED:
            return _Header(separator, columns)
    return None


def _point(row: dict[str, str]) -> dict[str, float]:
    try:
        point = {axis: float(row[axis]) for axis in "xyt"}
    except ValueError:
        raise RejectedLine("not-a-number", "x, y and t must be numbers") from None
    if not all(map(math.isfinite, point.values())):
        raise RejectedLine("not-finite", "x, y and t must be finite numbers")
    return point


def _gesture(stroke: _Stroke, reader: Reader, resume: int | None = None) -> Entry:
    entry: Any
    try:
        entry = own.read(stroke.line, _line(stroke), reader.keyboard, reader.find)
        entry = replace(entry, fields={name: cell for name, cell in stroke.said.items() if cell})
    except RejectedLine as error:
        entry = Rejected(stroke.line, error)
    entry = replace(entry, resume=resume)
    return Private(entry) if stroke.private else entry


def _line(stroke: _Stroke) -> dict[str, Any]:
    """The gesture as a line of swipefl's own: a cell that is empty says nothing."""
    said = stroke.said
    line: dict[str, Any] = {name: said[name] for name in TEXTS if said.get(name)}
    return line | {name: _size(said[name]) for name in SIZES if said.get(name)} | {"coords": stroke.coords}


def _size(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text  # which is no size, and is told as that
