"""Power cuts: what a disk may hold if the power goes at some point of all that commands did to it.

What is in a file at its last fsync is there. Of what came after it each sector may be there or not, whatever came
before or after it: a disk writes in the order that it likes. So may lengths. Names that came and went since the last
fsync of their folder are there up to some point, as a journal has them. The index of a log (`-shm`) is memory that
others share: it may hold anything, or be gone.
"""

import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HEAD = struct.Struct("6Q")
SECTOR = 512
WROTE, CUT, SYNCED, CREATED, RENAMED, LINKED, GONE, FOLDER, SAID = "wtscrlum!"


@dataclass(frozen=True)
class Entry:
    """One thing that was done: to an inode at a place, or to names; with the bytes that were written or said."""

    what: str
    inode: int
    at: int
    name: str
    other: str
    data: bytes


def entries(log: Path) -> list[Entry]:
    """All that was recorded."""
    blob, at, found = log.read_bytes(), 0, list[Entry]()
    while at < len(blob):
        what, first, second, *sizes = HEAD.unpack_from(blob, at)
        at += HEAD.size
        parts = []
        for size in sizes:
            parts.append(blob[at : at + size])
            at += size
        found.append(Entry(chr(what), first, second, parts[0].decode(), parts[1].decode(), parts[2]))
    return found


@dataclass
class File:
    """What is on the disk for certain, and what was done since: bytes at a place, or a length (None)."""

    certain: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        for at, data in self.since:
            apply(self.certain, at, data)
        self.since.clear()

    def after_cut(self, rng: random.Random) -> bytes:
        """What may be there."""
        found, kept = bytearray(self.certain), rng.choice((0.0, 0.2, 0.5, 0.9, 1.0))
        for at, data in self.since:
            if data is None:
                if rng.random() < kept:
                    apply(found, at, None)
                continue
            for first, last in sectors(at, at + len(data)):
                if rng.random() < kept:
                    apply(found, first, data[first - at : last - at])
        return bytes(found)


def apply(content: bytearray, at: int, data: bytes | None) -> None:
    """Writes bytes at a place, or makes it so long."""
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    if data is None:
        del content[at:]
    else:
        content[at : at + len(data)] = data


def sectors(first: int, last: int) -> Iterator[tuple[int, int]]:
    """The parts of a range of bytes that lie in one sector each."""
    while first < last:
        end = min(last, (first // SECTOR + 1) * SECTOR)
        yield first, end
        first = end


Names = dict[str, File | None]  # None is a folder


class Disk:
    """A folder as it was, and what is done to it from then on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._inodes: dict[int, File] = {}
        self.names: Names = {}
        for path in sorted(folder.rglob("*")):
            known = None if path.is_dir() else File(bytearray(path.read_bytes()))
            self.names[str(path)] = known
            if known:
                self._inodes[path.stat().st_ino] = known
        self._certain: Names = dict(self.names)
        self._since: list[tuple[Entry, File | None]] = []  # names that came and went, and of what

    def do(self, entry: Entry) -> None:
        """What was done next."""
        if entry.what == WROTE:
            self._inodes[entry.inode].since.append((entry.at, entry.data))
        elif entry.what == CUT:
            self._inodes[entry.inode].since.append((entry.at, None))
        elif entry.what == SYNCED:
            self._sync(entry)
        elif entry.what == CREATED:
            made = self._inodes[entry.inode] = File()
            self._name(entry, made)
        elif entry.what != SAID:
            self._name(entry, self.names.get(entry.name))

    def _sync(self, entry: Entry) -> None:
        if entry.inode in self._inodes and self.names.get(entry.name, 0) is not None:
            self._inodes[entry.inode].sync()
            return
        later = []
        for done, file in self._since:
            if str(Path(done.name).parent) == entry.name:
                rename(self._certain, done, file)
            else:
                later.append((done, file))
        self._since = later

    def _name(self, entry: Entry, file: File | None) -> None:
        rename(self.names, entry, file)
        self._since.append((entry, file))

    def after_cut(self, rng: random.Random) -> dict[str, bytes | None]:
        """What may be there: the files and folders, by their names."""
        names, kept = dict(self._certain), rng.randint(0, len(self._since))
        for entry, file in self._since[:kept]:
            rename(names, entry, file)
        found: dict[str, bytes | None] = {}
        for name, file in sorted(names.items()):
            is_there = str(Path(name).parent) in found or Path(name).parent == self.folder
            if not is_there or (name.endswith("-shm") and rng.random() < 0.5):
                continue
            found[name] = file and (rng.randbytes(32_768) if name.endswith("-shm") else file.after_cut(rng))
        return found

    def whole(self) -> dict[str, bytes | None]:
        """What is there where the power stays."""
        for file in self.names.values():
            if file:
                file.sync()
        return {name: file and bytes(file.certain) for name, file in self.names.items()}


def rename(names: Names, entry: Entry, file: File | None) -> None:
    """What a change of names does to those of a disk."""
    if entry.what in (CREATED, FOLDER):
        names[entry.name] = file if entry.what == CREATED else None
    elif entry.what == LINKED:
        names[entry.other] = file
    elif entry.what == RENAMED:
        names[entry.other] = file
        names.pop(entry.name, None)
    else:
        names.pop(entry.name, None)


def points(done: Sequence[Entry]) -> list[int]:
    """How many entries there are before each point at which the power may go; those around an fsync count twice."""
    around = {n + near for n, entry in enumerate(done) if entry.what == SYNCED for near in (-1, 0, 1, 2)}
    return [*range(len(done) + 1), *sorted(n for n in around if 0 <= n <= len(done))]


def put_down(files: dict[str, bytes | None], before: Path, folder: Path) -> None:
    """Writes what is there to another folder than it was in."""
    for name, content in sorted(files.items()):
        path = folder / Path(name).relative_to(before)
        if content is None:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        else:
            path.write_bytes(content)
