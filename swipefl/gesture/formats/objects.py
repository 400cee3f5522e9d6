"""JSON objects: which format one is of, and what it says. Each fits one format or none; what fits none is refused."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from swipefl.errors import RejectedLine
from swipefl.gesture.formats import cleverkeys, futo, heliboard, neuroswipe, own
from swipefl.gesture.formats.lines import PRIVATE, says_private
from swipefl.gesture.formats.reading import (
    Deletion,
    Entry,
    Private,
    Reader,
    Reading,
    Rejected,
    is_private,
    unknown_format,
)

ENVELOPE = "data"  # CleverKeys' export as one document: its lines are a field


def format_of(data: Any) -> str | None:
    """The format of an object: a name of FORMATS, `grids` for a file of grids, or None."""
    if not isinstance(data, dict):
        return None
    if neuroswipe.fits(data):
        return "neuroswipe"
    if own.fits(data):
        return "swipefl"
    if heliboard.fits(data):
        return "heliboard"
    if cleverkeys.fits(data):
        return "cleverkeys"
    if futo.is_row(data) or futo.is_document(data):
        return "futo"
    if neuroswipe.are_grids(data):
        return "grids"
    return "swipefl" if own.takes_back(data) else None


def entries_of(
    number: int, data: Any, reader: Reader, text: bytes = b"", marked: bool = False, otherwise: str | None = None
) -> Iterator[Entry]:
    """What an object says; of one that is a line of its own, with its text, and whether that is marked as private.

    `otherwise` is what it is read as where it fits nothing: what its file was up to here, which says what is missing.
    """
    try:
        if not isinstance(data, dict):
            raise RejectedLine("not-a-gesture", "the line is no JSON object") if otherwise else unknown_format()
        chosen = _chosen(data, reader.format if reader.format in READ else None) or otherwise
        if chosen is None:
            raise unknown_format()
        if chosen == "futo" and not futo.is_row(data):  # in which `private` may be a word
            yield from futo.read_document(number, data, reader.keyboard, marked)
            return
        found: Iterable[Entry] = READ[chosen](number, data, reader)
    except RejectedLine as error:
        found = [Rejected(number, error, unknown=error.code == "unknown-format")]
    private = marked or (isinstance(data, dict) and is_private(data.get("private")))
    for entry in found:
        told = entry if isinstance(entry, Private) else _said(replace(entry, text=text), data)
        yield Private(told) if private else told


def _said(entry: Entry, data: Any) -> Entry:
    """An entry with what its object says whatever its format is: its fields, and whether it is over, or taken back."""
    if isinstance(entry, Rejected):
        return replace(entry, gesture_id=data.get("gesture_id")) if isinstance(data, dict) else entry
    said = data.get("delete")
    if isinstance(entry, Reading) and said is not None and said is not False:
        if said is not True:
            fault = RejectedLine("bad-delete", "`delete` must be true or false")
            return Rejected(entry.line, fault, entry.text, gesture_id=data.get("gesture_id"))
        entry = Deletion(entry.line, entry.gesture.id, entry.gesture.trace_hash(), entry.text)
    if isinstance(entry, Reading) and data.get("final") is False:
        return replace(entry, fields=data, partial=True, word=None, fault=None)
    if isinstance(entry, Reading):
        return replace(entry, fields=data)
    return replace(entry, fields=data) if isinstance(entry, Deletion) else entry


def members_of(document: Any) -> list[Any]:
    """The objects that a document is a list of; itself where it is one."""
    if isinstance(document, dict):
        inside = document.get(ENVELOPE)
        are_lines = isinstance(inside, list) and bool(inside) and format_of(inside[0]) == "cleverkeys"
        return inside if are_lines and isinstance(inside, list) else [document]
    return document if isinstance(document, list) else [document]


def are_private(members: list[Any], text: bytes) -> list[bool]:
    """Whether each object of a document of this text is private: where anything in it says so.

    What the text says beside them is said of all: around them, or by a key that stands twice, of which one is parsed.
    """
    if not says_private(text):
        return [False] * len(members)
    try:
        marks = [len(PRIVATE.findall(orjson.dumps(member))) for member in members]
    except TypeError:  # objects in objects, deeper than can be written
        return [True] * len(members)
    return [mark > 0 or sum(marks) < len(PRIVATE.findall(text)) for mark in marks]


def _chosen(data: dict[str, Any], said: str | None) -> str | None:
    """What an object is read as: what was said, which says what is missing. Raises RejectedLine where it is another."""
    found = format_of(data)
    if found in (None, said) or said is None or (said == "futo" and futo.may_be_document(data)):
        return said or found
    if (said, found) == ("neuroswipe", "grids"):
        return found
    raise RejectedLine("other-format", "this is of the format {found}, not {said}", found=found, said=said)


Read = Callable[[int, dict[str, Any], Reader], Iterable[Entry]]
READ: dict[str, Read] = {
    "swipefl": lambda number, data, reader: [own.read(number, data, reader.keyboard, reader.find)],
    "neuroswipe": lambda number, data, reader: [neuroswipe.read(number, data, reader.keyboard, reader.find)],
    "futo": lambda number, data, reader: [futo.read_row(number, data, reader.keyboard)],
    "heliboard": lambda number, data, reader: [heliboard.read(number, data)],
    "cleverkeys": lambda number, data, reader: [cleverkeys.read(number, data, reader.keyboard)],
    "grids": lambda number, data, reader: neuroswipe.read_grids(number, data),
}
