"""File to store: streamed, safe to repeat, and cheap for files that only grew."""

import hashlib
import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from swipefl.errors import DataError, RejectedLine, UsageError
from swipefl.gesture.formats import OwnKeyboard, OwnWord, Reading, Rejected, read_lines, unpacked_lines, unreadable
from swipefl.gesture.formats.lines import Line, is_gzip, lines_of
from swipefl.gesture.gesture import GOOD, MAX_DURATION_S, SUSPECT, Example, verdict
from swipefl.gesture.keyboard import Keyboard
from swipefl.store.bookmarks import Bookmark
from swipefl.store.store import Store

BATCH = 1_000  # each costs a wait for the disk
HEAD, TAIL = 1 << 16, 1 << 12
SUFFIXES = (".jsonl", ".json", ".log")


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did: read = stored + duplicates + rejected; stored includes suspect; reasons of the rejected."""

    read: int
    stored: int
    duplicates: int
    rejected: int
    suspect: int
    seconds: float
    reasons: dict[str, int] = field(default_factory=dict)


class Ingestion:
    """Brings gestures into a store; `on_reject` hears of each bad line with the name of its file."""

    def __init__(
        self,
        store: Store,
        keyboard: Keyboard | None = None,
        format: str | None = None,
        on_reject: Callable[[str, Rejected], None] = lambda name, rejected: None,
    ) -> None:
        self._store = store
        self._keyboard = keyboard
        self._format = format
        self._on_reject = on_reject
        self._read = self._stored = self._suspect = self._already = 0
        self._reasons: Counter[str] = Counter()
        self._known: set[Keyboard] = set()

    def run(self, sources: Iterable[Path | BinaryIO]) -> IngestReport:
        """Reads files, folders and streams. Raises DataError where nothing at all could be read, or a path cannot."""
        started = time.monotonic()
        for source in sources:
            if isinstance(source, Path):
                for path in _files(source):
                    self._file(path)
            else:
                self._take("standard input", unpacked_lines(source), None)
        rejected = sum(self._reasons.values())
        if self._read == rejected and not self._already:
            why = (
                ", ".join(f"{reason}: {count}" for reason, count in self._reasons.most_common())
                or "they hold no complete line"
            )
            raise DataError(f"nothing could be read from what was given ({why}); no gesture was stored")
        duplicates = self._read - rejected - self._stored
        seconds = round(time.monotonic() - started, 3)
        return IngestReport(self._read, self._stored, duplicates, rejected, self._suspect, seconds, dict(self._reasons))

    def _file(self, path: Path) -> None:
        try:
            stream = path.open("rb")
        except OSError as error:
            raise unreadable(str(path), error) from error
        with stream:
            self._open_file(path, stream)

    def _open_file(self, path: Path, stream: BinaryIO) -> None:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):  # a pipe: it has no place to come back to
            self._take(str(path), unpacked_lines(stream), None)
            return
        size, fresh = status.st_size, abs(time.time() - status.st_mtime) < MAX_DURATION_S
        name = str(path.resolve())
        packed = is_gzip(stream.read(2))
        seen = self._store.bookmarks.get(name)
        offset, line = (seen.offset, seen.line) if seen and _grew_from(seen, stream, size) else (0, 0)
        self._already += offset
        if offset == size and size:
            return
        if packed:
            stream.seek(0)
            if self._take(str(path), unpacked_lines(stream), None):
                with self._store.transaction():
                    self._store.bookmarks.put(_bookmark(name, stream, size, size, 0))
            return
        stream.seek(offset)
        with path.open("rb") as beside:  # hashes are read through a handle of their own

            def mark(end: int, number: int) -> None:
                self._store.bookmarks.put(_bookmark(name, beside, end, size, number))

            self._take(str(path), lines_of(stream, line, offset), mark, fresh)

    def _take(
        self, name: str, lines: Iterator[Line], mark: Callable[[int, int], None] | None, fresh: bool = False
    ) -> bool:
        """Reads lines into the store, a batch and the place reached in one transaction; whether any could be read.

        Where none could, no place is kept: another --keyboard or --format may read them. What looks unfinished waits
        for the next ingest, if its last line has no newline or the file is `fresh`: written to within the time that a
        gesture may take.
        """
        place = _Place()
        read, rejected = self._read, self._reasons.total()
        batch: list[tuple[Example, str]] = []
        for entry in read_lines(place.watch(lines), name, self._format, self._keyboard, self._store.keyboards.get):
            if isinstance(entry, OwnWord | OwnKeyboard):
                self._bring_back(entry, name, place.text)
                continue
            if mark and entry.resume is not None and (fresh or not place.whole):
                place.go_back(entry.line, entry.resume)
                self._already += isinstance(entry, Reading)
                continue
            if isinstance(entry, Rejected):
                self._reject(name, entry)
                continue
            if entry.word is None:
                fault = entry.fault or RejectedLine("no-word", "a gesture without a word cannot be learned from")
                self._reject(name, Rejected(entry.line, fault.reason, str(fault), place.text))
                continue
            try:
                self._know(entry.gesture.keyboard)
            except UsageError as error:
                self._reject(name, Rejected(entry.line, "name-taken", str(error), place.text))
                continue
            self._read += 1
            batch.append(_judged(entry))
            if len(batch) >= BATCH:  # more may follow on this line, and a gesture of many lines was read past
                self._land(batch, mark if place.line == entry.line else None, *place.before)
                batch = []
        rejected = self._reasons.total() - rejected
        readable = not rejected or self._read - read > rejected
        self._land(batch, mark if readable else None, place.end, place.passed)
        return readable

    def _know(self, keyboard: Keyboard) -> None:
        """Makes a gesture's keyboard known. Raises UsageError where its name is another's."""
        if keyboard not in self._known:
            with self._store.transaction():
                self._store.keyboards.add(keyboard)
            self._known.add(keyboard)

    def _reject(self, name: str, rejected: Rejected) -> None:
        self._read += 1
        self._reasons[rejected.reason] += 1
        self._on_reject(name, rejected)

    def _bring_back(self, entry: OwnWord | OwnKeyboard, name: str, text: bytes) -> None:
        """Lands a line of an export that is no gesture: it is not counted as read."""
        try:
            with self._store.transaction():
                if isinstance(entry, OwnKeyboard):
                    self._store.keyboards.add(entry.keyboard)
                elif entry.removed:
                    self._store.words.remove(entry.word, entry.language)
                else:
                    self._store.words.add(entry.word, entry.language)
        except UsageError as error:
            self._reject(name, Rejected(entry.line, "name-taken", str(error), text))
        else:
            self._already += 1

    def _land(
        self, batch: list[tuple[Example, str]], mark: Callable[[int, int], None] | None, end: int, passed: int
    ) -> None:
        with self._store.transaction():
            added = self._store.gestures.add(batch)
            self._stored += added[GOOD] + added[SUSPECT]
            self._suspect += added[SUSPECT]
            if mark:
                mark(end, passed)


def _judged(reading: Reading) -> tuple[Example, str]:
    example = Example(reading.gesture, str(reading.word))
    return example, SUSPECT if reading.suspect else verdict(example)


class _Place:
    """How far the lines have been read: the last of them, and how many were `passed` for good."""

    def __init__(self) -> None:
        self.line = self.end = self.passed = 0
        self.before = (0, 0)  # end and passed when the last line had not been read yet
        self.whole = True
        self.text = b""

    def watch(self, lines: Iterator[Line]) -> Iterator[Line]:
        for line in lines:
            self.before = (line.start, line.number - 1)
            self.line, self.end, self.whole, self.text = line.number, line.end, line.whole, line.text
            self.passed = line.number if line.whole else line.number - 1
            yield line

    def go_back(self, line: int, start: int) -> None:
        self.passed, self.end = line - 1, start


def _files(path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            return [path]
        inside = (Path(folder, name) for folder, _, names in os.walk(path, onerror=_fail) for name in names)
        found = sorted(p for p in inside if p.name.removesuffix(".gz").endswith(SUFFIXES) and p.is_file())
    except OSError as error:
        raise unreadable(str(error.filename), error) from error
    if not found:
        raise DataError(
            f"the folder {path} holds no swipes: no file that ends in {', '.join(SUFFIXES)} (or these with .gz)"
        )
    return found


def _fail(error: OSError) -> None:
    raise error


def _grew_from(seen: Bookmark, stream: BinaryIO, size: int) -> bool:
    """Whether the file still begins with what was read of it."""
    return size >= seen.offset and _hashes(stream, seen.offset) == (seen.head, seen.tail)


def _bookmark(name: str, stream: BinaryIO, offset: int, size: int, line: int) -> Bookmark:
    return Bookmark(name, offset, max(size, offset), line, *_hashes(stream, offset))


def _hashes(stream: BinaryIO, offset: int) -> tuple[str, str]:
    stream.seek(0)
    head = stream.read(min(offset, HEAD))
    stream.seek(max(0, offset - TAIL))
    tail = stream.read(min(offset, TAIL))
    return hashlib.sha256(head).hexdigest(), hashlib.sha256(tail).hexdigest()
