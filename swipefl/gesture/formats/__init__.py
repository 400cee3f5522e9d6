"""Importers: streams of swipes in, gestures out. The format is found by the first line that looks like one.

A new format is a file here that gives `Reading` and `Rejected` (see `neuroswipe.py` for a format of lines,
`how_we_swipe.py` for a log), its name in FORMATS, how to tell it in `_format_of` and a branch in `_entries`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from swipefl.errors import RejectedLine
from swipefl.gesture.formats import futo, how_we_swipe, neuroswipe, own
from swipefl.gesture.formats.document import Collected, Lines, collected, opens_document
from swipefl.gesture.formats.lines import Line, Unpacked, is_gzip, lines_of, says_private
from swipefl.gesture.formats.reading import (
    Entry,
    OwnKeyboard,
    OwnWord,
    Private,
    Reading,
    Rejected,
    is_private,
    parsed,
    unreadable,
)
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import Keyboard, built_in

FORMATS = ("swipefl", "how-we-swipe", "neuroswipe", "futo")

__all__ = [
    "FORMATS",
    "Entry",
    "OwnKeyboard",
    "OwnWord",
    "Private",
    "Reading",
    "Rejected",
    "read_examples",
    "read_gestures",
    "read_lines",
    "unpacked_lines",
    "unreadable",
]


def read_gestures(
    stream: BinaryIO, name: str, format: str | None, keyboard: Keyboard | None, find: Callable[[str], Keyboard]
) -> Iterator[Entry]:
    """What a stream holds, plain or gzip; bad lines come as Rejected in their place."""
    yield from read_lines(unpacked_lines(stream), name, format, keyboard, find)


def read_examples(path: Path) -> Iterator[Example]:
    """The gestures with words of a file, on built-in keyboards; what cannot be read is passed over.

    Raises DataError where the file itself cannot be read.
    """
    try:
        with path.open("rb") as stream:
            for entry in read_gestures(stream, str(path), None, None, built_in):
                if isinstance(entry, Reading) and entry.word is not None:
                    yield Example(entry.gesture, entry.word)
    except OSError as error:
        raise unreadable(str(path), error) from error


def unpacked_lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of a buffered stream, plain or gzip."""
    packed = is_gzip(stream.peek(2))  # type: ignore[attr-defined]
    yield from lines_of(Unpacked(stream) if packed else stream)


def read_lines(
    lines: Iterable[Line],
    name: str,
    format: str | None,
    keyboard: Keyboard | None,
    find: Callable[[str], Keyboard],
) -> Iterator[Entry]:
    """What lines hold; `name` is the file's, for ids that a format lacks. Raises DataError where reading fails."""
    last = 1

    def counted() -> Iterator[Line]:
        nonlocal last
        for line in lines:
            last = line.number
            yield line

    try:
        yield from _entries(Lines(counted()), _Reader(name, format, keyboard, find))
    except RejectedLine as error:  # the stream itself broke: a damaged gzip, a gzip bomb
        yield Rejected(last, error)
    except OSError as error:
        raise unreadable(name, error) from error


@dataclass(frozen=True)
class _Reader:
    """What is known of a stream before it is read."""

    name: str
    format: str | None
    keyboard: Keyboard | None
    find: Callable[[str], Keyboard]


def _entries(lines: Lines, reader: _Reader, documents: bool = True) -> Iterator[Entry]:
    """One by one; the first line that looks like something says what all are. Without `documents` none begins one."""
    known = reader.format
    for line in lines:
        if not line.text.strip():
            continue
        chosen = known or _format_of(line, reader.name)
        if chosen == "how-we-swipe":
            name = PurePath(reader.name).name.split(".")[0]
            yield from how_we_swipe.read(chain([line], lines), name, reader.keyboard)
        elif documents and (chosen == "futo" or opens_document(line)):
            found = collected(line, lines)
            try:
                yield from _parts(line.number, found.value(), reader)
            except RejectedLine as error:
                coming = lines.coming()
                yield from _no_document(found, error, reader, coming)
                if _is_too_long(found, reader, coming):
                    return
        else:
            yield _line(line, reader)
            known = known or (None if chosen == "futo" else chosen)


def _format_of(line: Line, name: str) -> str | None:
    """What a line looks like; where it is nothing that is known, what its file is called after, or None."""
    text = line.text.strip()
    unknown = "how-we-swipe" if ".log" in PurePath(name).suffixes else None
    if how_we_swipe.is_event(text):
        return "how-we-swipe"
    if opens_document(line):
        return "futo"
    try:
        data = parsed(line.checked())
    except RejectedLine:
        return unknown
    if not isinstance(data, dict):
        return unknown
    return "futo" if futo.is_part(data) else "json-lines" if own.is_line(data) else unknown


def _no_document(found: Collected, error: RejectedLine, reader: _Reader, coming: Line | None) -> Iterator[Entry]:
    """What is no document is rejected as one; line by line where one of them, or one behind them, says something."""

    def by_line() -> Iterator[Entry]:
        return _entries(Lines(found.lines()), reader, documents=False)

    private = says_private(found.text)
    as_one = coming is None and all(map(_is_rejected, by_line()))
    broken = Rejected(found.first.number, error, found.text[:65536] if found.ended else b"", found.resume)
    for entry in [broken] if as_one or reader.format == "futo" or _is_too_long(found, reader, coming) else by_line():
        yield Private(entry) if private and isinstance(entry, Rejected) else entry


def _is_too_long(found: Collected, reader: _Reader, coming: Line | None) -> bool:
    """Whether what was collected seems to go on, beyond what a document may have."""
    return not found.ended and (coming is None or _format_of(coming, reader.name) in ("futo", None))


def _is_rejected(entry: Entry) -> bool:
    return isinstance(entry.entry if isinstance(entry, Private) else entry, Rejected)


def _parts(number: int, document: Any, reader: _Reader) -> Iterator[Entry]:
    """What an object says, or each of a list. Raises RejectedLine where there is none."""
    parts = [part for part in (document if isinstance(document, list) else [document]) if isinstance(part, dict)]
    if not parts:
        raise RejectedLine("not-a-gesture", "the document holds no JSON object")
    for part in parts:
        if reader.format == "futo" or not (reader.format or own.is_line(part)):
            yield from futo.read(number, part, reader.keyboard)
        else:
            yield _object(number, part, reader)


def _line(line: Line, reader: _Reader) -> Entry:
    """What one line of JSON says."""
    try:
        text = line.checked()
        if b"\0" in text[:1024]:
            raise RejectedLine("binary", "this is binary data, not text")
        data = parsed(text)
    except RejectedLine as error:
        unfinished = error.code == "broken-json" and not line.whole
        broken = Rejected(line.number, error, line.text, line.start if unfinished else None)
        return Private(broken) if line.private else broken
    return _object(line.number, data, reader, text, line.private)


def _object(number: int, data: Any, reader: _Reader, text: bytes = b"", private: bool = False) -> Entry:
    """What the object says that stands in `text`, where it is a line of its own."""
    entry: Entry
    try:
        if not isinstance(data, dict):
            raise RejectedLine("not-a-gesture", "the line is no JSON object")
        if reader.format == "neuroswipe" or (reader.format != "swipefl" and isinstance(data.get("curve"), dict)):
            entry = neuroswipe.read(number, data, reader.keyboard)
        else:
            entry = own.read(number, data, reader.keyboard, reader.find)
        entry = replace(entry, text=text)
    except RejectedLine as error:
        entry = Rejected(number, error, text)
    private = private or (isinstance(data, dict) and is_private(data.get("private")))
    return Private(entry) if private else entry
