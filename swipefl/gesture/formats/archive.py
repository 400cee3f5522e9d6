"""Zip archives, read member by member in flat memory; nothing is unpacked to disk, and no archive in one is opened."""

import zlib
from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from swipefl.errors import RejectedLine
from swipefl.gesture.formats.lines import BLOCK, MOST_RATIO, MOST_UNPACKED, Line, Readable, is_gzip, lines_of

SUFFIXES = (".jsonl", ".ndjson", ".json", ".log", ".csv", ".tsv")  # of what may hold swipes
MOST_MEMBERS = 10_000
MOST_DIRECTORY = 2 << 20  # bytes that the list of members may have; each takes 46 and its name
ENCRYPTED = 1  # bit of a member's flags


def is_zip(head: bytes) -> bool:
    """Whether bytes begin a zip archive, be it one without members."""
    return head[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def members_of_zip(stream: BinaryIO, name: str) -> Iterator[tuple[str, Iterator[Line]]]:
    """Each member that may hold swipes, as `ARCHIVE/MEMBER`, and its lines; what cannot be read says so there."""
    try:
        if not stream.seekable():
            raise RejectedLine("zip", "a zip archive can only be read where it is a file")
        with ZipFile(_Bounded(stream)) as archive:
            unpacked = _Unpacked(stream.seek(0, 2))
            for member in _chosen(archive):
                yield f"{name}/{member.filename}", unpacked.lines_of(archive, member)
    except RejectedLine as error:
        yield name, _none(error)
    except (BadZipFile, NotImplementedError, ValueError, EOFError):
        yield name, _none(RejectedLine("zip", "the zip archive is damaged"))


def _none(error: RejectedLine) -> Iterator[Line]:
    """No line, but why."""
    yield from ()
    raise error


def _chosen(archive: ZipFile) -> list[ZipInfo]:
    members = [member for member in archive.infolist() if not member.filename.endswith("/")]  # is_dir: no empty name
    if len(members) > MOST_MEMBERS:
        raise RejectedLine("many-members", "a zip archive may have {most} members at most", most=MOST_MEMBERS)
    chosen = [member for member in members if _may_hold_swipes(member.filename)]
    if not chosen:
        what = "the zip archive holds no swipes: no member that ends in {suffixes}"
        raise RejectedLine("empty-archive", what, suffixes=", ".join(SUFFIXES))
    return chosen


def _may_hold_swipes(name: str) -> bool:
    """By its name; a Mac adds to every file another one of that name, which says how it was shown."""
    *folders, base = name.split("/")
    is_of_mac = "__MACOSX" in folders or base.startswith("._")
    return base.lower().removesuffix(".gz").endswith(SUFFIXES) and not is_of_mac


class _Bounded:
    """A stream of which nobody reads at once more than a list of members may have."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek, self.tell, self.seekable = stream.seek, stream.tell, stream.seekable

    def read(self, size: int = -1) -> bytes:
        """The next bytes, `size` at most. Raises RejectedLine, `many-members`."""
        found = self._stream.read(size if 0 <= size <= MOST_DIRECTORY else MOST_DIRECTORY + 1)
        if len(found) > MOST_DIRECTORY:
            raise RejectedLine("many-members", "a zip archive may have {most} members at most", most=MOST_MEMBERS)
        return found


class _Unpacked:
    """What an archive of `size` bytes unpacks to, all members together."""

    def __init__(self, size: int) -> None:
        self._most = max(MOST_UNPACKED, MOST_RATIO * size)
        self._count = 0

    def lines_of(self, archive: ZipFile, member: ZipInfo) -> Iterator[Line]:
        """The lines of a member. Raises RejectedLine where it cannot be read, or is far more than swipes are."""
        if member.flag_bits & ENCRYPTED:
            raise RejectedLine("encrypted", "this member of the zip archive is encrypted; unpack it yourself")
        if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise RejectedLine("zip", "this member of the zip archive is packed in a way that is not read")
        try:
            with BufferedReader(archive.open(member), BLOCK) as packed:  # type: ignore[type-var]  # it only reads
                head = packed.peek(4)[:4]
                if is_zip(head) or is_gzip(head):
                    raise RejectedLine("nested-archive", "an archive in an archive is not opened; unpack it yourself")
                yield from lines_of(_Member(self, packed))
        except (BadZipFile, NotImplementedError, zlib.error, EOFError, ValueError, RuntimeError):
            raise RejectedLine("zip", "the zip archive is damaged; what came before was read") from None

    def passes(self, text: bytes) -> bytes:
        """What was unpacked. Raises RejectedLine, `zip-bomb`."""
        self._count += len(text)
        if self._count > self._most:
            raise RejectedLine(
                "zip-bomb", "the zip archive unpacks to far more than swipes would; the rest was not read"
            )
        return text


class _Member:
    """A member as lines are read of it."""

    def __init__(self, all: _Unpacked, packed: Readable) -> None:
        self._all = all
        self._packed = packed

    def readline(self, limit: int, /) -> bytes:
        """The bytes up to and with the next newline, `limit` at most; empty at the end."""
        return self._all.passes(self._packed.readline(limit))
