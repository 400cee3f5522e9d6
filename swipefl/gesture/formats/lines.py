"""Lines of a stream, plain or gzip, in flat memory whatever the stream holds."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from swipefl.errors import RejectedLine

MOST_LINE = 8 << 20  # bytes; 5,000 points take about 250 KB
MOST_UNPACKED = 256 << 20  # bytes that a gzip may unpack to whatever its size
MOST_RATIO = 200  # beyond that: swipes shrink 5 to 15 times
BLOCK = 1 << 16


@dataclass(frozen=True)
class Line:
    """One line with its number and where it ends in the (unpacked) stream; `whole` has a newline behind it."""

    number: int
    text: bytes
    end: int
    whole: bool
    too_long: bool = False

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


def lines_of(stream: "BinaryIO | Unpacked", number: int = 0, offset: int = 0) -> Iterator[Line]:
    """The lines of a plain stream that stands at `offset` after `number` lines; each comes as soon as it is there."""
    while text := stream.readline(MOST_LINE):
        number += 1
        too_long = len(text) == MOST_LINE and not text.endswith(b"\n")
        offset += len(text)
        kept = text[:4096] if too_long else text
        while too_long and not text.endswith(b"\n"):
            text = stream.readline(BLOCK)
            offset += len(text)
            if not text:
                break
        yield Line(number, kept, offset, text.endswith(b"\n"), too_long)


class Unpacked:
    """A gzip stream read as a plain one. Raises RejectedLine for a bomb (`gzip-bomb`) or a damaged file (`gzip`)."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._inflate = zlib.decompressobj(wbits=31)
        self._buffer = bytearray()
        self._packed = self._unpacked = 0
        self._ended = False

    def readline(self, limit: int) -> bytes:
        """The bytes up to and with the next newline, `limit` at most; empty at the end."""
        while (at := self._buffer.find(b"\n", 0, limit)) < 0 and len(self._buffer) < limit and not self._ended:
            self._fill()
        size = at + 1 if at >= 0 else min(limit, len(self._buffer))
        line = bytes(self._buffer[:size])
        del self._buffer[:size]
        return line

    def _fill(self) -> None:
        packed = self._inflate.unconsumed_tail or self._stream.read(BLOCK)
        if not self._inflate.unconsumed_tail:
            self._packed += len(packed)
        try:
            if self._inflate.eof:  # gzip files may be several, one after the other
                packed = self._inflate.unused_data + packed
                self._ended = not packed
                self._inflate = zlib.decompressobj(wbits=31)
            elif not packed:
                raise RejectedLine("gzip", "the gzip file ends too early; what came before it was read")
            block = self._inflate.decompress(packed, 16 * BLOCK) if packed else b""
        except zlib.error:
            raise RejectedLine("gzip", "the gzip file is damaged; what came before it was read") from None
        self._unpacked += len(block)
        if self._unpacked > max(MOST_UNPACKED, MOST_RATIO * self._packed):
            raise RejectedLine(
                "gzip-bomb", "the gzip file unpacks to far more than swipes would; the rest was not read"
            )
        self._buffer += block
