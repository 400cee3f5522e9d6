"""Where reading a file goes on: from its bookmark if it only grew, and not past what is still being written.

The last swipe of a table may be all of it or the beginning: it is taken, and looked at again when the table has grown.
"""

import codecs
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from swipefl.errors import RejectedLine
from swipefl.gesture.formats import Entry, Private, Reading, Rejected, is_packed, parts_of, unreadable
from swipefl.gesture.formats.lines import MOST_LINE, Line, Unpacked, is_gzip, lines_of
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
        is_moved: bool = False,
    ) -> None:
        self.is_known = is_known  # nothing of it is new
        self.is_moved = is_moved  # nor does its path have a place of its own yet
        self.taken = taken  # lines of a swipe that was taken before, as they were then; they may go on by now
        self._parts = parts
        self._bookmarking = bookmarking
        self._number = self._reached = 0
        self._is_whole = True
        self._tables = 0  # headers of tables
        self.has_text = had_text  # whether any line has more than blanks, or had when it was read before
        self._before_last = self._end = bookmarking.start if bookmarking else Place(0, 0)

    @property
    def is_stream(self) -> bool:
        """Whether nobody can read it a second time, as that of a pipe."""
        return self._bookmarking is None

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
        before = bookmarks.get(name)
        packed = is_packed(stream.peek(4))  # type: ignore[attr-defined]
        seen = before if before and _fits(before, stream, size) else None
        if seen is None or seen.offset < size:  # an empty log, or a header alone, was here before, and fits anything
            seen = _elsewhere(stream, size, packed, bookmarks, seen.offset if seen else 0) or seen
        had_text = bool(before or seen)
        start = Place(seen.offset, seen.line) if seen else Place(0, 0)
        head = _head(stream, start)
        taken = _taken(stream, seen, start) if seen and head else b""
        stream.seek(0 if packed else start.offset)
    except OSError as error:
        raise unreadable(str(path), error) from error

    def put(place: Place, reached: int) -> None:
        if before and before.offset and seen is not before:
            bookmarks.keep_replaced(before)
        hashes = _hashes(stream, place.offset)
        bookmarks.put(Bookmark(name, place.offset, max(reached, place.offset), place.line, *hashes))

    if size and start.offset == size:
        return Following((), Bookmarking(put, start), is_known=True, is_moved=seen is not before)
    if packed:
        known = _unpacked(stream, bookmarks)
        stream.seek(0)
        parts = known.parts(stream, str(path)) if known else parts_of(stream, str(path))
        whole = Bookmarking(put, known.start if known else start, whole=Place(size, 0))
        return Following(parts, whole, taken=known.taken if known else (), had_text=had_text or known is not None)
    fresh = abs(now - status.st_mtime) < MAX_DURATION_S
    lines = chain(head, lines_of(stream, start.line, start.offset))
    again = (*head, *lines_of(BytesIO(taken), start.line, start.offset)) if taken else ()
    return Following([(str(path), lines)], Bookmarking(put, start, fresh=fresh), taken=again, had_text=had_text)


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
    return _first_line_of(os.pread(stream.fileno(), HEAD, 0))


def _header(text: bytes) -> bytes:
    """All up to the end of the line that is the header of a table; nothing where there is none."""
    first = _first_line_of(text)
    return text[: text.index(first) + len(first) + 1] if is_header(first) else b""


def _first_line_of(text: bytes) -> bytes:
    return text.removeprefix(codecs.BOM_UTF8).lstrip().split(b"\n", 1)[0]


def _fits(seen: Bookmark, stream: BinaryIO, size: int) -> bool:
    """Whether an opened file still begins with what was read of it."""
    return size >= seen.offset and _hashes(stream, seen.offset) == (seen.head, seen.tail)


def _elsewhere(stream: BinaryIO, size: int, packed: bool, bookmarks: Bookmarks, known: int) -> Bookmark | None:
    """The bookmark of another path from where this file, or how it begins, came: renamed, moved, or copied and emptied.

    It reaches further than the byte that is `known`. What is packed is known only whole. A header alone says nothing:
    other tables begin with it.
    """
    text = os.pread(stream.fileno(), HEAD, 0)
    fitting = _beginning(text, bookmarks.beginnings(known, size))
    whole = (seen for seen in fitting if seen.offset == size or not packed)
    return _moved([seen for seen in whole if _fits(seen, stream, size)])


def _moved(fitting: Sequence[Bookmark]) -> Bookmark | None:
    """The longest of what a file begins with, unless that still lies where it was read, or read again: it is a copy."""
    longest = [seen for seen in fitting if seen.offset == fitting[0].offset]
    return longest[0] if longest and all(map(_is_away, longest)) else None


def _is_away(seen: Bookmark) -> bool:
    """Whether what was read is at its path no longer; a copy beside it is another file, and says it all again."""
    try:
        found = os.stat(seen.path)
        if not stat.S_ISREG(found.st_mode):
            return True
        with open(seen.path, "rb") as file:
            return not _fits(seen, file, found.st_size)
    except OSError:
        return True


def _beginning(text: bytes, all: Iterable[Bookmark]) -> list[Bookmark]:
    """Those whose first bytes are those of a file that begins with `text`."""
    header = len(_header(text))
    found = [seen for seen in all if seen.offset > header]
    heads, digest, at = {}, hashlib.sha256(), 0
    for length in sorted({min(seen.offset, HEAD) for seen in found}):
        digest.update(text[at:length])
        heads[length], at = digest.hexdigest(), length
    return [seen for seen in found if heads[min(seen.offset, HEAD)] == seen.head]


@dataclass(frozen=True)
class Unpacking:
    """What of a packed file was read before it was packed: up to where, and what was `taken` of the swipe behind."""

    start: Place
    taken: tuple[Line, ...]

    def parts(self, stream: BinaryIO, name: str) -> Iterator[tuple[str, Iterator[Line]]]:
        """The file, and its lines that are new behind a table's header."""
        for part, lines in parts_of(stream, name):
            yield part, (line for line in lines if line.end > self.start.offset or _is_first_header(line))


def _is_first_header(line: Line) -> bool:
    return line.number == 1 and is_header(line.text.lstrip())


def _unpacked(stream: BinaryIO, bookmarks: Bookmarks) -> Unpacking | None:
    """What of a gzip file was read when it was not packed yet; None of what cannot be read, which reading says."""
    if not is_gzip(stream.peek(4)):  # type: ignore[attr-defined]
        return None
    with suppress(RejectedLine, OSError):
        text = _read(Unpacked(stream), HEAD)
        if seen := _moved([seen for seen in _beginning(text, bookmarks.beginnings()) if _fits_unpacked(seen, stream)]):
            header, size = _header(text), seen.size - seen.offset
            taken = _behind(stream, seen.offset, size) if header and size <= MOST_LINE else b""
            place = Place(seen.offset, seen.line)
            again = chain(_lines(header, Place(0, 0)), _lines(taken, place)) if taken else ()
            return Unpacking(place, tuple(again))
    return None


def _fits_unpacked(seen: Bookmark, stream: BinaryIO) -> bool:
    stream.seek(0)
    return hashlib.sha256(_last(Unpacked(stream), seen.offset)).hexdigest() == seen.tail


def _behind(stream: BinaryIO, offset: int, size: int) -> bytes:
    """What stands behind the byte `offset` of what is packed. Raises RejectedLine."""
    stream.seek(0)
    plain = Unpacked(stream)
    _last(plain, offset)
    return _read(plain, size)


def _lines(text: bytes, place: Place) -> Iterator[Line]:
    return lines_of(BytesIO(text), place.line, place.offset)


def _read(plain: Unpacked, most: int) -> bytes:
    """The next `most` bytes; fewer where it ends. Raises RejectedLine."""
    parts = []
    while most and (text := plain.readline(most)):
        most -= len(text)
        parts.append(text)
    return b"".join(parts)


def _last(plain: Unpacked, offset: int) -> bytes:
    """What stands before the byte `offset`; it is read up to there. Raises RejectedLine."""
    at, last = 0, b""
    while at < offset and (text := plain.readline(min(HEAD, offset - at))):
        at += len(text)
        last = (last + text)[-TAIL:]
    return last if at == offset else b""


def _hashes(stream: BinaryIO, offset: int) -> tuple[str, str]:
    """Of the beginning of an opened file, and of what stands before `offset`; whoever reads it stays where it is."""
    file, tail = stream.fileno(), min(offset, TAIL)
    parts = os.pread(file, min(offset, HEAD), 0), os.pread(file, tail, offset - tail)
    head, before = (hashlib.sha256(part).hexdigest() for part in parts)
    return head, before
