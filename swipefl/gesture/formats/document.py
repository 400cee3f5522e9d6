"""A JSON document of many lines, collected whole: as large as one line may be, and only while it can be one value."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from swipefl.errors import RejectedLine
from swipefl.gesture.formats.lines import MOST_LINE, Line, lines_of
from swipefl.gesture.formats.reading import parsed

OPENING, AFTER_OPENING = b"[{,:", b'{["-0123456789tfn]}'  # what a line may end with, and the next one begin
AFTER_VALUE = b",:]}"


class Lines(Iterator[Line]):
    """Lines of which one can be put back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._back: Line | None = None

    def __next__(self) -> Line:
        line, self._back = self._back, None
        return next(self._lines) if line is None else line

    def put_back(self, line: Line) -> None:
        """Makes it the next one again."""
        self._back = line

    def more(self) -> bool:
        """Whether there are any."""
        if self._back is None:
            self._back = next(self._lines, None)
        return self._back is not None


@dataclass(frozen=True)
class Collected:
    """The text of lines from `first` on that may be one value; without an end where there are too many."""

    first: Line
    text: bytes
    ended: bool

    def value(self) -> Any:
        """What the document says. Raises RejectedLine, `long-document` or `broken-json`."""
        if not self.ended:
            raise RejectedLine("long-document", "a document may have {most_mb} MB at most", most_mb=MOST_LINE >> 20)
        return parsed(self.text)

    def lines(self) -> Iterator[Line]:
        """The lines that were collected."""
        return lines_of(BytesIO(self.text), self.first.number - 1, self.first.start)


def collected(first: Line, lines: Lines) -> Collected:
    """What follows `first`, up to the end, to a line that no document has there, or to as much as one may hold."""
    text, last = bytearray(first.text), first.text.strip()[-1:]
    for line in lines:
        stripped = line.text.strip()
        if stripped and (line.too_long or stripped[:1] not in (AFTER_OPENING if last in OPENING else AFTER_VALUE)):
            lines.put_back(line)
            break
        text += line.text
        if len(text) > MOST_LINE:
            return Collected(first, bytes(text), ended=False)
        last = stripped[-1:] or last
    return Collected(first, bytes(text), ended=True)
