"""Importers: streams of swipes in, gestures out. A format is taken only if it fits, and found by what is written.

A new format of JSON objects is a file here that gives a `Reading` (see `neuroswipe.py`), with what tells it from all
others in `objects.format_of`, a line in `objects.READ` and its name in `reading.FORMATS`; one of other lines
(`how_we_swipe.py`, `table.py`) has a branch in `_entries`.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice, repeat
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from swipefl.errors import RejectedLine
from swipefl.gesture.formats import futo, how_we_swipe, table
from swipefl.gesture.formats.archive import is_zip, members_of_zip
from swipefl.gesture.formats.document import Collected, Lines, collected, elements, opens_document
from swipefl.gesture.formats.lines import Line, Unpacked, is_gzip, is_utf_16, lines_of, says_private, whole_lines
from swipefl.gesture.formats.objects import are_private, entries_of, format_of, members_of
from swipefl.gesture.formats.reading import (
    FORMATS,
    Bare,
    Deletion,
    Entry,
    OwnKeyboard,
    OwnWord,
    Private,
    Reader,
    Reading,
    Rejected,
    bare,
    parsed,
    unknown_format,
    unreadable,
)
from swipefl.gesture.formats.standing import Kept, standing
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import Keyboard, built_in

__all__ = [
    "FORMATS",
    "Bare",
    "Deletion",
    "Entry",
    "OwnKeyboard",
    "OwnWord",
    "Private",
    "Reading",
    "Rejected",
    "bare",
    "is_packed",
    "parts_of",
    "read_examples",
    "read_gestures",
    "read_labelled",
    "read_lines",
    "standing",
    "unknown_format",
    "unreadable",
]

LOOKED_AT = 1_000  # elements of a long list among which one must be a swipe


def read_gestures(
    stream: BinaryIO,
    name: str,
    format: str | None,
    keyboard: Keyboard | None,
    find: Callable[[str], Keyboard],
    by_line: bool = False,
) -> Iterator[Entry]:
    """What a stream holds, plain, gzip or zip; bad lines come as Rejected in their place.

    With `by_line` somebody waits for what each line gives.
    """
    for part, lines in parts_of(stream, name):
        yield from read_lines(lines, part, format, keyboard, find, by_line)


def read_examples(path: Path) -> Iterator[Example]:
    """The gestures with words that a file has in the end, on built-in keyboards; what cannot be read is passed over.

    Raises DataError where the file itself cannot be read.
    """
    return read_labelled(path, lambda example, fields: example)


def read_labelled(path: Path, kept: Callable[[Example, Mapping[str, Any]], Kept]) -> Iterator[Kept]:
    """What is `kept` of each of them, and of all that its line says."""
    try:
        with path.open("rb") as stream:
            yield from standing(read_gestures(stream, str(path), None, None, built_in), kept)
    except OSError as error:
        raise unreadable(str(path), error) from error


def parts_of(stream: BinaryIO, name: str) -> Iterator[tuple[str, Iterator[Line]]]:
    """What a buffered stream consists of, by name: itself, plain or unpacked, or each member of a zip archive."""
    try:
        head = stream.peek(4)  # type: ignore[attr-defined]
    except OSError as error:
        raise unreadable(name, error) from error
    if is_zip(head):
        yield from members_of_zip(stream, name)
    else:
        yield name, lines_of(Unpacked(stream) if is_gzip(head) else stream)


def is_packed(head: bytes) -> bool:
    """Whether bytes begin a gzip or a zip."""
    return is_gzip(head) or is_zip(head)


def read_lines(
    lines: Iterable[Line],
    name: str,
    format: str | None,
    keyboard: Keyboard | None,
    find: Callable[[str], Keyboard],
    by_line: bool = False,
) -> Iterator[Entry]:
    """What lines hold; `name` is the file's, for ids that a format lacks. Raises DataError where reading fails."""
    last = 1

    def counted() -> Iterator[Line]:
        nonlocal last
        for line in lines:
            last = line.number
            yield line

    try:
        yield from _entries(Lines(counted()), Reader(name, format, keyboard, find, by_line))
    except RejectedLine as error:  # the stream itself broke: a damaged gzip, a gzip bomb
        yield Rejected(last, error)
    except OSError as error:
        raise unreadable(name, error) from error


def _entries(lines: Lines, reader: Reader, documents: bool = True) -> Iterator[Entry]:
    """One by one; the first line that fits a format says what all are. Without `documents` none begins one."""
    known = reader.format
    for line in lines:
        if not line.text.strip():
            continue
        chosen = known or _format_of_line(line)
        if chosen == "how-we-swipe":
            name = PurePath(reader.name).name.split(".")[0]
            yield from how_we_swipe.read(whole_lines(chain([line], lines)), name, reader.keyboard)
        elif chosen == "table":
            yield from table.read(whole_lines(chain([line], lines)), reader)
        elif documents and opens_document(line) and not (reader.by_line and known and not line.goes_on):
            is_over = yield from _document(line, lines, reader)
            if line.goes_on:
                lines.end_line()
            elif is_over:
                return
        else:
            yield from _told(line, _line(line, reader, known), reader)
            known = known or chosen


def _told(line: Line, entries: Iterator[Entry], reader: Reader) -> Iterator[Entry]:
    """What a line says; where somebody waits for that and it is nothing, as of `[]`, this."""
    says_any = False
    for entry in entries:
        says_any = True
        yield entry
    if reader.by_line and not says_any:
        yield Rejected(line.number, RejectedLine("no-gesture", "the line has no gesture"), line.text)


def _format_of_line(line: Line) -> str | None:
    """The format that a line fits, or None."""
    text = line.text.strip()
    if how_we_swipe.is_event(text):
        return "how-we-swipe"
    if text[:1] not in (b"[", b"{") and table.is_header(text):
        return "table"
    try:
        return format_of(parsed(line.checked())) if text.startswith(b"{") else None
    except RejectedLine:
        return None


def _line(line: Line, reader: Reader, known: str | None) -> Iterator[Entry]:
    """What one line of JSON says."""
    try:
        text = line.checked()
        data = futo.with_every_word(_value(text), text)
    except RejectedLine as error:
        unfinished = error.code == "broken-json" and not line.whole
        broken = Rejected(line.number, error, line.text, line.start if unfinished else None, unknown=not known)
        yield Private(broken) if line.private else broken
        return
    inside = members_of(data)
    if isinstance(data, list) or inside[0] is not data:  # an empty list is nothing to read
        yield from _parts(line.number, inside, reader, text)
    else:
        yield from entries_of(line.number, data, reader, text, line.private, known)


def _value(text: bytes) -> Any:
    """The JSON value of a line. Raises RejectedLine."""
    if is_utf_16(text):
        raise RejectedLine("utf-16", "this is UTF-16 text; save it as UTF-8")
    if b"\0" in text[:1024]:
        raise RejectedLine("binary", "this is binary data, not text")
    return parsed(text)


def _document(line: Line, lines: Lines, reader: Reader) -> Generator[Entry, None, bool]:
    """What a document says that begins on a line; what is none is read by its lines. True where nothing more is."""
    found = collected(line, lines)
    try:
        if not found.ended:
            return (yield from _long(found, lines, reader))
        document = futo.with_every_word(found.value(), found.text)
        yield from _told(line, _parts(line.number, document, reader, found.text), reader)
    except RejectedLine as error:
        coming = lines.coming()
        if coming is None and found.is_open and found.text.lstrip().startswith(b"[") and _begins_list(found):
            return (yield from _long(found, lines, reader))
        yield from _no_document(found, error, reader, coming)
        return _is_too_long(found, coming)
    return False


def _long(found: Collected, lines: Lines, reader: Reader) -> Generator[Entry, None, bool]:
    """The objects of a list that is longer than a document may be, one by one; True where one of them has no end.

    Raises RejectedLine where it is no list of swipes.
    """
    if not _begins_list(found):
        found.value()
    for text, part in elements(found, lines):
        if isinstance(part, Rejected):
            yield Private(part) if says_private(part.text) else replace(part, text=b"")
            if part.fault.code == "long-document":
                return True
        else:
            part = futo.with_every_word(part, text)
            yield from entries_of(found.first.number, part, reader, marked=says_private(text))
    return False


def _begins_list(found: Collected) -> bool:
    """Whether one of the first of a list is a swipe."""
    return any(format_of(part) for _, part in islice(elements(found, iter(())), LOOKED_AT))


def _no_document(found: Collected, error: RejectedLine, reader: Reader, coming: Line | None) -> Iterator[Entry]:
    """What is no document is rejected as one; line by line where one of them, or one behind them, says something."""

    def by_line() -> Iterator[Entry]:
        return _entries(Lines(found.lines()), reader, documents=False)

    private = says_private(found.text)
    as_one = error.code == "long-document" and found.ended  # of so much one line after another takes long
    as_one = as_one or _is_too_long(found, coming) or (coming is None and all(map(_is_rejected, by_line())))
    broken = Rejected(found.first.number, error, found.text[:65536] if found.ended else b"", found.resume)
    for entry in [broken] if as_one or reader.format == "futo" else by_line():
        yield Private(entry) if private else entry


def _is_too_long(found: Collected, coming: Line | None) -> bool:
    """Whether what was collected seems to go on, beyond what a document may have."""
    return not found.ended and (coming is None or opens_document(coming) or _format_of_line(coming) in (None, "futo"))


def _is_rejected(entry: Entry) -> bool:
    return isinstance(bare(entry), Rejected)


def _parts(number: int, document: Any, reader: Reader, text: bytes) -> Iterator[Entry]:
    """What an object says, or each of a list; where the same is wrong with all of them, that once."""
    members = members_of(document)
    marked = zip(members, are_private(members, text), strict=True)
    entries = (entry for member, private in marked for entry in entries_of(number, member, reader, marked=private))
    first: Rejected | None = None
    count = 0
    for entry in entries:
        if not isinstance(entry, Rejected) or (first and entry.fault.code != first.fault.code):
            yield from repeat(first, count) if first else ()
            yield entry
            yield from entries
            return
        first, count = first or entry, count + 1
    if first:  # an empty list is nothing to read
        yield first
