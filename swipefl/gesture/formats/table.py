"""Tables: a row for each point, `gesture_id, word, x, y, t` in any order under a header that names them.

Columns are separated by commas, semicolons or tabs; where not by commas, these may be decimal marks. Rows of one
gesture follow one another: another id, another word or an earlier time begins the next. `width`, `height`, `keyboard`,
`user`, `language`, `before` and `private` may stand in each row, and mean what they do in swipefl's own lines; an empty
cell says nothing.
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
from swipefl.gesture.gesture import MAX_POINTS, MIN_POINTS, MOST_STEP_BACK_S

NEEDED = frozenset({"gesture_id", "x", "y", "t"})
TEXTS = ("gesture_id", "word", "keyboard", "user", "language", "before")
SIZES = ("width", "height")
SEPARATORS = (",", "\t", ";")
NO = ("", "false", "no", "0", "null", "none")
MOST_HEADER = 4096  # bytes
STEP_BACK_S = MOST_STEP_BACK_S + 1e-6  # the least that epoch seconds in a float can tell apart


@dataclass(frozen=True)
class _Row:
    """What a row says, as far as it can be read: its cells, and its point or what is wrong with it."""

    line: Line
    said: dict[str, str]
    point: dict[str, float]
    private: bool
    fault: RejectedLine | None = None


@dataclass(frozen=True)
class _Header:
    """Where the columns of a table are, and what lies between them."""

    separator: str
    columns: dict[str, int]

    def row(self, line: Line) -> _Row:
        """The row that stands on a line; private is also one that is broken where it might say so."""
        said: dict[str, str] = {}
        try:
            said = self._cells(line.checked())
            return _Row(line, said, self._point(said), _is_yes(said.get("private", "")))
        except RejectedLine as fault:
            cut = "private" in self.columns and "private" not in said
            return _Row(line, said, {}, line.private or cut or _is_yes(said.get("private", "")), fault)

    def number(self, cell: str) -> float:
        """What a cell says. Raises ValueError."""
        return float(cell if self.separator == "," else cell.replace(",", "."))

    def _cells(self, text: bytes) -> dict[str, str]:
        """By the names of their columns, as many as there are. Raises RejectedLine."""
        try:
            cells = next(csv.reader([text.decode().strip("\r\n")], delimiter=self.separator, strict=True))
        except (csv.Error, UnicodeDecodeError, StopIteration):
            raise _no_row() from None
        return {name: cells[at].strip() for name, at in self.columns.items() if at < len(cells)}

    def _point(self, said: dict[str, str]) -> dict[str, float]:
        if len(said) < len(self.columns):
            raise _no_row()
        try:
            point = {axis: self.number(said[axis]) for axis in "xyt"}
        except ValueError:
            raise RejectedLine("not-a-number", "x, y and t must be numbers") from None
        if not all(map(math.isfinite, point.values())):
            raise RejectedLine("not-finite", "x, y and t must be finite numbers")
        return point


def _no_row() -> RejectedLine:
    return RejectedLine("broken-line", "the row has not the columns that the header names")


def _is_yes(cell: str) -> bool:
    return cell.lower() not in NO


@dataclass
class _Stroke:
    """The rows of one gesture up to here; `broken` is the first of them that cannot be read."""

    header: _Header
    first: _Row
    coords: list[dict[str, float]] = field(default_factory=list)
    private: bool = False
    broken: _Row | None = None

    @property
    def endless(self) -> bool:
        """Whether there are more points than a gesture has: no more of them are kept."""
        return len(self.coords) > MAX_POINTS

    def goes_on_in(self, row: _Row) -> bool:
        """Whether a row is one more of this gesture, as far as it says."""
        said = self.first.said
        is_same = row.said.get("gesture_id", said.get("gesture_id")) == said.get("gesture_id")
        is_same &= row.said.get("word") in (None, "", said.get("word")) or "word" not in said
        is_known = bool(row.point and self.coords)
        return is_same and not (is_known and row.point["t"] < self.coords[-1]["t"] - STEP_BACK_S)

    def add(self, row: _Row) -> None:
        """Takes a row."""
        self.private |= row.private
        if row.fault:
            self.broken = self.broken or row
        elif not self.endless:
            self.coords.append(row.point)


def is_header(text: bytes) -> bool:
    """Whether a line names the columns of such a table."""
    return _header(text) is not None


def read(lines: Iterable[Line], reader: Reader) -> Iterator[Entry]:
    """A gesture of each id's rows, or what is wrong with one of them; the last can be read on from (`resume`)."""
    header: _Header | None = None
    stroke: _Stroke | None = None
    lost: _Row | None = None  # one of which nobody knows whose it is, until the next row says that
    for line in lines:
        if not line.text.strip():
            continue
        row = header.row(line) if header else None
        if row is None or (row.fault and is_header(line.text)):  # tables may follow one another
            yield from _ended(stroke, lost, reader)
            header, stroke, lost = _header(line.text), None, None
            if header is None:
                yield Rejected(line.number, unknown_format(), line.text)
                return
            continue
        assert header
        goes_on = stroke is not None and stroke.goes_on_in(row)
        if (row.fault and "gesture_id" not in row.said) or not (line.whole or (goes_on and not row.fault)):
            yield from [_rejected(lost)] if lost else []
            lost = row
            continue
        if stroke is None or not goes_on:
            yield from _ended(stroke, lost, reader)
            stroke, lost = _Stroke(header, row), None
        for known in (lost, row):
            if known:
                stroke.add(known)
        lost = None
    yield from _ended(stroke, lost, reader, is_last=True)


def _ended(stroke: _Stroke | None, lost: _Row | None, reader: Reader, is_last: bool = False) -> Iterator[Entry]:
    """A gesture that is over, and the row behind it that may be anybody's; at the end of a table they may go on."""
    is_cut = is_last and lost is not None and not lost.line.whole
    if lost and is_cut:
        yield _rejected(lost, lost.line.start)
    if stroke:
        resumes = is_last and not stroke.endless
        yield _gesture(stroke, reader, stroke.first.line.start if resumes else None, resumes and not is_cut)
    if lost and not is_cut:
        yield _rejected(lost)


def _rejected(row: _Row, resume: int | None = None) -> Entry:
    broken = Rejected(row.line.number, row.fault or _no_row(), row.line.text, resume)
    return Private(broken) if row.private else broken


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


def _gesture(stroke: _Stroke, reader: Reader, resume: int | None, taken: bool) -> Entry:
    entry: Any
    try:
        if stroke.broken:
            row = stroke.broken
            entry = Rejected(row.line.number, row.fault or _no_row(), row.line.text)
        elif len(stroke.coords) < MIN_POINTS:
            what = "a gesture needs at least {least} rows, which follow one another"
            raise RejectedLine("few-points", what, least=MIN_POINTS)
        else:
            entry = own.read(stroke.first.line.number, _line(stroke), reader.keyboard, reader.find)
            entry = replace(entry, fields={name: cell for name, cell in stroke.first.said.items() if cell})
    except RejectedLine as error:
        entry = Rejected(stroke.first.line.number, error)
    entry = replace(entry, resume=resume, taken=taken)
    if resume is not None:
        entry = replace(entry, line=stroke.first.line.number)
    return Private(entry) if stroke.private else entry


def _line(stroke: _Stroke) -> dict[str, Any]:
    """The gesture as a line of swipefl's own: a cell that is empty says nothing."""
    said = stroke.first.said
    line: dict[str, Any] = {name: said[name] for name in TEXTS if said.get(name)}
    sizes = {name: _size(said[name], stroke.header) for name in SIZES if said.get(name)}
    return line | sizes | {"coords": stroke.coords}


def _size(cell: str, header: _Header) -> Any:
    try:
        return header.number(cell)
    except ValueError:
        return cell  # which is no size, and is told as that
