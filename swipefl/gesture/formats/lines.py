"""Lines of a stream, plain or gzip, in flat memory whatever the stream holds."""

import codecs
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from itertools import chain
from typing import BinaryIO, Protocol

from swipefl.errors import RejectedLine

MOST_LINE = 8 << 20  # bytes; 5,000 points take about 250 KB
MOST_UNPACKED = 256 << 20  # bytes that a gzip may unpack to whatever its size
MOST_RATIO = 200  # beyond that: swipes shrink 5 to 15 times
BLOCK = 1 << 16
KEPT = 4096  # bytes of a line that is too long
_KEY = b"".join(b"(?:%c|\\\\u00%02x)" % (letter, letter) for letter in b"private")  # each may be written as an escape
PRIVATE = re.compile(b'"' + _KEY + rb'"\s*(?:\Z|:(?!\s*(?:false|null)\b))')  # also where the line breaks off
PIECE = 1 << 20  # bytes of a list that is longer than a line may be
BALANCED = re.compile(rb'(?:[^"]*+"[^"\\]*+(?:\\.[^"\\]*+)*+")*+[^"]*+', re.DOTALL)  # what ends in no text
OVERLAP = 64  # bytes in which a mark between two blocks is seen


class Readable(Protocol):
    """What lines can be read of."""

    def readline(self, limit: int, /) -> bytes:
        """The bytes up to and with the next newline, `limit` at most; empty at the end."""


@dataclass(frozen=True)
class Line:
    """One line with its number and where it ends in the (unpacked) stream; `whole` has a newline behind it.

    `private` is one that calls itself so, even if it is no JSON or too long to be kept. One that `goes_on` is a piece
    of a list that is longer than a line may be: the next one is of the same line.
    """

    number: int
    text: bytes
    end: int
    whole: bool
    too_long: bool = False
    private: bool = False
    goes_on: bool = False

    @property
    def start(self) -> int:
        """The byte at which a line that is not too long begins."""
        return self.end - len(self.text)

    def checked(self) -> bytes:
        """The text. Raises RejectedLine, `long-line`, where it is longer than any swipe."""
        if self.too_long:
            raise RejectedLine("long-line", "a line may have {most_mb} MB at most", most_mb=MOST_LINE >> 20)
        return self.text


def is_gzip(head: bytes) -> bool:
    """Whether bytes begin a gzip stream."""
    return head[:2] == b"\x1f\x8b"


def is_utf_16(head: bytes) -> bool:
    """Whether bytes begin a text that is not UTF-8, and says so."""
    return head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def lines_of(stream: Readable, number: int = 0, offset: int = 0) -> Iterator[Line]:
    """The lines of a plain stream that stands at `offset` after `number` lines; each comes as soon as it is there."""
    while text := stream.readline(MOST_LINE):
        number += 1
        too_long = len(text) == MOST_LINE and not text.endswith(b"\n")
        if too_long and text.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"[":
            for piece in _pieces(stream, text, number, offset):
                offset = piece.end
                yield piece
            continue
        offset += len(text)
        private = says_private(text)
        kept = text[:KEPT] if too_long else text
        while too_long and not text.endswith(b"\n"):
            before = text[-OVERLAP:]
            text = stream.readline(BLOCK)
            offset += len(text)
            private = private or says_private(before + text)
            if not text:
                break
        kept = kept.removeprefix(codecs.BOM_UTF8)  # also where one file was put behind another
        yield Line(number, kept, offset, text.endswith(b"\n"), too_long, private)


def _pieces(stream: Readable, head: bytes, number: int, offset: int) -> Iterator[Line]:
    """The pieces of a long list, none of which ends within a text that may be in a list."""
    kept, is_first = b"", True
    blocks = chain(
        (head[at : at + PIECE] for at in range(0, len(head), PIECE)), iter(lambda: stream.readline(PIECE), b"")
    )
    for block in blocks:
        kept += block
        whole = block.endswith(b"\n")
        cut = len(kept) if whole else _end_of_texts(kept)
        if cut == 0 and len(kept) <= MOST_LINE:
            continue
        text, kept = kept[: cut or None], kept[cut:] if cut else b""
        offset += len(text)
        text = text.removeprefix(codecs.BOM_UTF8) if is_first else text
        yield Line(number, text, offset, whole, private=says_private(text), goes_on=not whole)
        is_first = False
        if whole:
            return
    yield Line(number, kept, offset + len(kept), whole=False)


def _end_of_texts(text: bytes) -> int:
    """Where the last text begins that has no end here; where all end, the end."""
    found = BALANCED.match(text)
    return found.end() if found else 0


def whole_lines(lines: Iterable[Line]) -> Iterator[Line]:
    """Lines for who reads no lists: one in pieces is one that is too long."""
    coming = iter(lines)
    for line in coming:
        first, private = line, line.private
        while line.goes_on:
            line = next(coming)
            private |= line.private
        if first.goes_on:
            line = Line(line.number, first.text[:KEPT], line.end, line.whole, too_long=True, private=private)
        yield line


def says_private(text: bytes) -> bool:
    """Whether JSON, or what is left of some, calls itself private: `"private"` of anything but `false` or `null`."""
    return (b"private" in text or b"\\u00" in text) and PRIVATE.search(text) is not None


class _Counted:
    """A stream, and how many bytes were read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes, `size` at most."""
        block = self._stream.read(size)
        self.count += len(block)
        return block


class Unpacked:
    """A gzip stream read as a plain one. Raises RejectedLine for a bomb (`gzip-bomb`) or a damaged file (`gzip`)."""

    def __init__(self, stream: BinaryIO) -> None:
        self._packed = _Counted(stream)
        self._plain = GzipFile(fileobj=self._packed)  # type: ignore[call-overload]  # it only reads
        self._unpacked = 0

    def readline(self, limit: int) -> bytes:
        """The bytes up to and with the next newline, `limit` at most; empty at the end."""
        try:
            line: bytes = self._plain.readline(limit)
        except EOFError:
            raise RejectedLine("gzip", "the gzip file ends too early; what came before it was read") from None
        except (BadGzipFile, zlib.error):
            raise RejectedLine("gzip", "the gzip file is damaged; what came before it was read") from None
        self._unpacked += len(line)
        if self._unpacked > max(MOST_UNPACKED, MOST_RATIO * self._packed.count):
            raise RejectedLine(
                "gzip-bomb", "the gzip file unpacks to far more than swipes would; the rest was not read"
            )
        return line
