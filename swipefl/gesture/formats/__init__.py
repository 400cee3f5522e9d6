"""Importers: streams of swipes in, gestures out. The format is found by what the first line looks like.

A new format is a file here that gives `Reading` and `Rejected` (see `neuroswipe.py` for a format of lines,
`how_we_swipe.py` for a log), its name in FORMATS, how to tell it in `_format_of` and a branch in `read_lines`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from swipefl.errors import RejectedLine
from swipefl.gesture.formats import futo, how_we_swipe, neuroswipe, own
from swipefl.gesture.formats.lines import MOST_LINE, Line, Unpacked, is_gzip, lines_of
from swipefl.gesture.formats.reading import Entry, OwnKeyboard, OwnWord, Reading, Rejected, parsed, unreadable
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import Keyboard, built_in

FORMATS = ("swipefl", "how-we-swipe", "neuroswipe", "futo")

__all__ = [
    "FORMATS",
    "Entry",
    "OwnKeyboard",
    "OwnWord",
    "Reading",
    "Rejected",
    "parse_line",
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
    lines = iter(lines)
    first: Line | None = None
    try:
        for first in lines:
            if first.text.strip():
                break
        else:
            return
        whole = chain([first], lines)
        chosen = format or _format_of(first, name)
        if chosen == "how-we-swipe":
            yield from how_we_swipe.read(whole, PurePath(name).name.split(".")[0], keyboard)
        elif chosen == "futo":
            yield from map(_named, _document(whole, keyboard))
        else:
            yield from (_line(line, chosen, keyboard, find) for line in whole if line.text.strip())
    except RejectedLine as error:  # the stream itself broke: a damaged gzip, a gzip bomb
        yield Rejected(first.number if first else 1, error)
    except OSError as error:
        raise unreadable(name, error) from error


def _format_of(first: Line, name: str) -> str:
    text = first.text.strip()
    if how_we_swipe.is_event(text) or ".log" in PurePath(name).suffixes:
        return "how-we-swipe"
    if text in (b"{", b"[") or text.startswith(b"["):
        return "futo"
    try:
        data = parsed(text)
    except RejectedLine:
        return "json-lines"
    lists = isinstance(data, dict) and data and all(isinstance(value, list) for value in data.values())
    return "futo" if lists and "coords" not in data else "json-lines"


def _document(lines: Iterable[Line], keyboard: Keyboard | None) -> Iterator[Reading | Rejected]:
    text = bytearray()
    for line in lines:
        text += line.text
        if len(text) > 16 * MOST_LINE or line.too_long:
            yield Rejected(1, RejectedLine("long-document", "a FUTO document may be 128 MB at most; split it"))
            return
    try:
        yield from futo.read(1, parsed(bytes(text)), keyboard)
    except RejectedLine as error:
        yield Rejected(1, error, bytes(text[:65536]))


def _line(line: Line, format: str, keyboard: Keyboard | None, find: Callable[[str], Keyboard]) -> Entry:
    try:
        return parse_line(line.checked(), line.number, keyboard, find, format)
    except RejectedLine as error:
        unfinished = error.code == "broken-json" and not line.whole
        return Rejected(line.number, error, line.text, line.start if unfinished else None)


def parse_line(
    text: bytes, number: int, keyboard: Keyboard | None, find: Callable[[str], Keyboard], format: str = "json-lines"
) -> Entry:
    """What one line of JSON says. Raises RejectedLine."""
    if b"\0" in text[:1024]:
        raise RejectedLine("binary", "this is binary data, not text")
    data: Any = parsed(text)
    if not isinstance(data, dict):
        raise RejectedLine("not-a-gesture", "the line is no JSON object")
    if format == "neuroswipe" or (format != "swipefl" and isinstance(data.get("curve"), dict)):
        if not isinstance(data.get("curve"), dict):
            raise RejectedLine("no-points", "the line has no object `curve`")
        return _named(neuroswipe.read(number, data, keyboard))
    return _named(own.read(number, data, keyboard, find))


def _named(entry: Entry) -> Entry:
    """A gesture without an id is named after its trace."""
    if not isinstance(entry, Reading) or entry.gesture.id:
        return entry
    return replace(entry, gesture=replace(entry.gesture, id=entry.gesture.trace_hash().hex()))
