"""Where reading a file goes on: from its bookmark if it only grew, and not past what is still being written.

The last swipe of a table may be all of it or the beginning: it is taken, and looked at again when the table has grown.
"""

import codecs
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from swipefl.gesture.formats import Entry, Private, Reading, Rejected, is_packed, parts_of, unreadable
from swipefl.gesture.formats.lines import MOST_LINE, Line, lines_of
from swipefl.gesture.formats.table import is_header
from swipefl.gesture.gesture import MAX_DURATION_S
from swipefl.store.bookmarks import Bookmark, Bookmarks

HEAD, TAIL = 1 << 16, 1 << 12


@dataclass(frozen=True)
class Place:
    """A byte that reading may go on from, and how many lines were read for good before it."""

    offset: int
    line: int


@dataclass(frozen=True)
class Bookmarking:
    """How places of one file are kept: from `start` on by `put`; only at `whole`, where it is read whole or not at all.

    `put` also takes up to which byte the file was read.

    A file is `fresh` that was written to within the time that a gesture may take.
    """

    put: Callable[[Place, int], None]
    start: Place
    whole: Place | None = None
    fresh: bool = False


class Following:
    """Parts of a stream, by name, and the places that their lines pass; without `bookmarking` there is none to keep."""

    def __init__(
        self,
        parts: Iterable[tuple[str, Iterator[Line]]],
        bookmarking: Bookmarking | None = None,
        is_known: bool = False,
        taken: tuple[Line, ...] = (),
        had_text: bool = False,
    ) -> None:
        self.is_known = is_known  # nothing of it is new
        self.taken = taken  # lines of a swipe that was taken before, as they were then; they may go on by now
        self._parts = parts
        self._bookmarking = bookmarking
        self._number = self._reached = 0
        self._is_whole = True
        self._tables = 0  # headers of tables
        self.has_text = had_text  # whether any line has more than blanks, or had when it was read before
        self._before_last = self._end = bookmarking.start if bookmarking else Place(0, 0)

    @property
    def read_before(self) -> int:
        """How many bytes need not be read again."""
        return self._bookmarking.start.offset if self._bookmarking else 0

    def parts(self) -> Iterator[tuple[str, Iterator[Line]]]:
        """Each part's name and its lines."""
        for name, lines in self._parts:
            yield name, self._passing(lines)

    def _passing(self, lines: Iterator[Line]) -> Iterator[Line]:
        is_within = False
        for line in lines:
            if not is_within:
                self._before_last = Place(line.start, line.number - 1)
            is_within = line.goes_on
            self.has_text |= bool(line.text.strip())
            self._end = Place(line.end, line.number if line.whole else line.number - 1)
            self._number, self._is_whole, self._reached = line.number, line.whole, line.end
            self._tables += b"gesture_id" in line.text.lower() and is_header(line.text)
            yield line

    def leaves(self, entry: Entry) -> bool:
        """Whether `entry` looks unfinished and is left for the next time.

        Reading then goes on from its first byte, also where it is taken nevertheless.
        """
        if not isinstance(entry, Reading | Rejected):
            return isinstance(entry, Private) and self.leaves(entry.entry)
        if self._bookmarking is None or self._bookmarking.whole or entry.resume is None:
            return False
        if self._is_whole and not self._bookmarking.fresh:
            return False
        self._end = Place(entry.resume, entry.line - 1)
        return not entry.taken

    def keep_before(self, line: int) -> None:
        """Keeps the place before the last line, unless what began on `line` was read past."""
        if self._bookmarking and not self._bookmarking.whole and self._number == line:
            self._bookmarking.put(self._before_last, 0)  # more may follow on this line

    def keep_end(self) -> None:
        """Keeps the place that was reached."""
        if self._bookmarking:
            end = self._end if self._tables < 2 else Place(0, 0)  # the first header says nothing of a later table
            self._bookmarking.put(self._bookmarking.whole or end, self._reached)


def followed(stream: BinaryIO, path: Path, bookmarks: Bookmarks, now: float) -> Following:
    """What is new of an opened file, since its bookmark was put; `now` in unix seconds. Raises DataError."""
    try:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):  # a pipe
            return Following(parts_of(stream, str(path)))
        size, name = status.st_size, str(path.resolve())
        seen = bookmarks.get(name)
        had_text = seen is not None
        start = _start(seen, stream, size)
        packed = is_packed(stream.peek(4))  # type: ignore[attr-defined]
        head = _head(stream, start)
        taken = _taken(stream, seen, start) if seen and head else b""
        stream.seek(0 if packed else start.offset)
    except OSError as error:
        raise unreadable(str(path), error) from error

    def put(place: Place, reached: int) -> None:
        hashes = _hashes(stream, place.offset)
        bookmarks.put(Bookmark(name, place.offset, max(reached, place.offset), place.line, *hashes))

    if size and start.offset == size:
        return Following((), Bookmarking(put, start), is_known=True)
    if packed:
        return Following(parts_of(stream, str(path)), Bookmarking(put, start, whole=Place(size, 0)), had_text=had_text)
    fresh = abs(now - status.st_mtime) < MAX_DURATION_S
    lines = chain(head, lines_of(stream, start.line, start.offset))
    before = (*head, *lines_of(BytesIO(taken), start.line, start.offset)) if taken else ()
    return Following([(str(path), lines)], Bookmarking(put, start, fresh=fresh), taken=before, had_text=had_text)


def _head(stream: BinaryIO, start: Place) -> tuple[Line, ...]:
    """The line that says what those behind a bookmark are: the header of a table; none where there is no need."""
    text = _first_line(stream)
    return (Line(start.line, text, start.offset, whole=True),) if start.offset and is_header(text) else ()


def _taken(stream: BinaryIO, seen: Bookmark, start: Place) -> bytes:
    """What was read behind a bookmark when it was put."""
    size = seen.size - start.offset
    return os.pread(stream.fileno(), size, start.offset) if start.offset == seen.offset and size <= MOST_LINE else b""


def _first_line(stream: BinaryIO) -> bytes:
    """The first line of an opened file, or as much of it as the header of a table may have; it stays where it is."""
    return os.pread(stream.fileno(), HEAD, 0).removeprefix(codecs.BOM_UTF8).lstrip().split(b"\n", 1)[0]


def _start(seen: Bookmark | None, stream: BinaryIO, size: int) -> Place:
    """Where to go on: where it ended before, if the file still begins with what was read of it."""
    if seen and size >= seen.offset and _hashes(stream, seen.offset) == (seen.head, seen.tail):
        return Place(seen.offset, seen.line)
    return Place(0, 0)


def _hashes(stream: BinaryIO, offset: int) -> tuple[str, str]:
    """Of the beginning of an opened file, and of what stands before `offset`; whoever reads it stays where it is."""
    file, tail = stream.fileno(), min(offset, TAIL)
    parts = os.pread(file, min(offset, HEAD), 0), os.pread(file, tail, offset - tail)
    head, before = (hashlib.sha256(part).hexdigest() for part in parts)
    return head, before
