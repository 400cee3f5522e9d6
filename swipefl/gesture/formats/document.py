"""A JSON document of many lines, collected whole: as large as one line may be, and only while it can be one value.

A list may be longer: its elements are read one by one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain
from typing import Any

from swipefl.errors import RejectedLine
from swipefl.gesture.formats.lines import MOST_LINE, Line, lines_of
from swipefl.gesture.formats.reading import Rejected, parsed

OPENING, AFTER_OPENING = b"[{,:", b'{["-0123456789tfn]}'  # what a line may end with, and the next one begin
AFTER_VALUE = b",:]}"
MOST_DEPTH = 100  # of brackets in brackets
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],]')  # a text, or what values are made of


class Lines(Iterator[Line]):
    """Lines of which one can be put back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._back: Line | None = None
        self._is_within = False

    def __next__(self) -> Line:
        line, self._back = self._back, None
        line = next(self._lines) if line is None else line
        self._is_within = line.goes_on
        return line

    def end_line(self) -> None:
        """Passes over what is left of a line of several pieces."""
        while self._is_within:
            next(self)

    def put_back(self, line: Line) -> None:
        """Makes it the next one again."""
        self._back = line

    def coming(self) -> Line | None:
        """The next one, which stays that; None at the end."""
        if self._back is None:
            self._back = next(self._lines, None)
        return self._back


@dataclass(frozen=True)
class Collected:
    """The text of lines from `first` on that may be one value; without an end where there are too many."""

    first: Line
    text: bytes
    ended: bool

    @property
    def resume(self) -> int | None:
        """Where to read on from, if it looks unfinished and nothing is behind it."""
        return self.first.start if self.ended and (self.is_open or not self.text.endswith(b"\n")) else None

    @property
    def is_open(self) -> bool:
        """Whether brackets in it wait for their ends."""
        marks = [token[0] for token in TOKEN.finditer(self.text)]
        return sum(mark in (b"[", b"{") for mark in marks) > sum(mark in (b"]", b"}") for mark in marks)

    def value(self) -> Any:
        """What the document says. Raises RejectedLine, `long-document` or `broken-json`."""
        if not self.ended:
            raise RejectedLine("long-document", "a document may have {most_mb} MB at most", most_mb=MOST_LINE >> 20)
        return parsed(self.text)

    def lines(self) -> Iterator[Line]:
        """The lines that were collected."""
        return lines_of(BytesIO(self.text), self.first.number - 1, self.first.start)


def opens_document(line: Line) -> bool:
    """Whether a document may begin so: with a list, or with a line of its own that goes on on the next.

    A list that is a whole line is none: whoever waits for its answers may write no other before.
    """
    text = line.text.strip()
    if line.whole and text.startswith(b"[") and text.endswith(b"]") and _is_over(text):
        return False
    goes_on = line.whole and text.startswith(b"{") and text[-1:] in OPENING
    return not line.too_long and (text.startswith(b"[") or goes_on)


def collected(first: Line, lines: Lines) -> Collected:
    """What follows `first`, up to the end, to a line that no document has there, or to as much as one may hold."""
    if first.goes_on:
        return Collected(first, first.text, ended=False)
    text, last = bytearray(first.text), first.text.strip()[-1:]
    for line in lines:
        stripped = line.text.strip()
        if stripped and (line.too_long or stripped[:1] not in (AFTER_OPENING if last in OPENING else AFTER_VALUE)):
            lines.put_back(line)
            break
        if len(text) + len(line.text) > MOST_LINE:
            lines.put_back(line)
            return Collected(first, bytes(text), ended=False)
        text += line.text
        last = stripped[-1:] or last
    return Collected(first, bytes(text), ended=True)


def elements(found: Collected, lines: Iterator[Line]) -> Iterator[tuple[bytes, Any]]:
    """Text and value of each in a list that began with what was found and goes on in `lines`; Rejected what is none."""
    scanned = _Scanned()
    for line in chain(found.lines(), lines):
        yield from scanned.elements_of(line)
        if scanned.ended:
            return
    fault = RejectedLine("broken-json", "the list ends too early; what came before it was read")
    rest = bytes(scanned.rest)
    yield rest, Rejected(found.first.number, fault, rest, found.first.start)


@dataclass
class _Scanned:
    """How far a list was read: how deep in brackets, and what there is of the next element."""

    depth: int = 0
    rest: bytearray = field(default_factory=bytearray)
    ended: bool = False

    def elements_of(self, line: Line) -> Iterator[tuple[bytes, Any]]:
        """The elements that end on a line."""
        if line.too_long or len(self.rest) + len(line.text) > MOST_LINE or self.depth > MOST_DEPTH:
            self.ended = True
            what = "an element of a list may have {most_mb} MB and {most} brackets in brackets at most"
            fault = RejectedLine("long-document", what, most_mb=MOST_LINE >> 20, most=MOST_DEPTH)
            text = bytes(self.rest) + line.text
            yield text, Rejected(line.number, fault, text)
        elif self.depth == 1 and not self.rest and (whole := _whole(line.text)) is not None:
            yield line.text, whole
        else:
            yield from self._scanned(line)

    def _scanned(self, line: Line) -> Iterator[tuple[bytes, Any]]:
        at = 0
        for token in TOKEN.finditer(line.text):
            mark, before = token[0], self.depth
            self.depth += 1 if mark in b"{[" else -1 if mark in b"}]" else 0
            self.ended = self.depth < 1
            if self.ended or (mark == b"," and self.depth == 1):
                self.rest += line.text[at : token.start()]
                yield from self._taken(line.number)
            if self.ended:
                return
            if before == 0 or (mark == b"," and self.depth == 1):
                at = token.end()
        self.rest += line.text[at:]
        if self.depth == 1 and not self.rest.strip():
            self.rest.clear()

    def _taken(self, number: int) -> Iterator[tuple[bytes, Any]]:
        text = bytes(self.rest).strip()
        self.rest.clear()
        try:
            yield from [(text, parsed(text))] if text else []
        except RejectedLine as error:
            yield text, Rejected(number, error, text)


def _whole(text: bytes) -> Any | None:
    """The element that is alone on its line, which is quicker to see; None where it is not."""
    try:
        return parsed(text.strip().removesuffix(b","))
    except RejectedLine:
        return None


def _is_over(text: bytes) -> bool:
    """Whether a list ends where its line does; also one of so many brackets that nobody looks into it."""
    try:
        parsed(text)
    except RejectedLine as error:
        return error.code == "long-document"
    return True
