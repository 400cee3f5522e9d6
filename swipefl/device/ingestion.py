"""Files to store: what was read is sorted, and lands in batches, each with the place that was reached."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from swipefl.device.following import Following, followed
from swipefl.errors import DataError, RejectedLine, UsageError
from swipefl.gesture.formats import OwnKeyboard, OwnWord, Reading, Rejected, read_lines, unpacked_lines, unreadable
from swipefl.gesture.gesture import GOOD, SUSPECT, Example, verdict
from swipefl.gesture.keyboard import Keyboard
from swipefl.store.store import Store

BATCH = 1_000  # each costs a wait for the disk
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
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._keyboard = keyboard
        self._format = format
        self._on_reject = on_reject
        self._clock = clock
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
                self._take(Following("standard input", unpacked_lines(source)))
        rejected = self._reasons.total()
        if self._read == rejected and not self._already:
            why = ", ".join(f"{code}: {count}" for code, count in self._reasons.most_common())
            raise DataError(
                "nothing-read",
                "nothing could be read from what was given ({why}); no gesture was stored",
                why=why or "they hold no complete line",
            )
        duplicates = self._read - rejected - self._stored
        seconds = round(time.monotonic() - started, 3)
        return IngestReport(self._read, self._stored, duplicates, rejected, self._suspect, seconds, dict(self._reasons))

    def _file(self, path: Path) -> None:
        try:
            stream = path.open("rb")
        except OSError as error:
            raise unreadable(str(path), error) from error
        with stream, followed(stream, path, self._store.bookmarks, self._clock()) as lines:
            self._already += lines.read_before
            if not lines.is_known:
                self._take(lines)

    def _take(self, lines: Following) -> None:
        """Reads lines into the store, a batch and the place reached in one transaction.

        Where none could be read, no place is kept: another keyboard or format may read them.
        """
        read, rejected = self._read, self._reasons.total()
        batch: list[tuple[Example, str]] = []
        for entry in read_lines(lines, lines.name, self._format, self._keyboard, self._store.keyboards.get):
            if isinstance(entry, OwnWord | OwnKeyboard):
                self._bring_back(entry, lines)
            elif lines.leaves(entry):
                self._already += isinstance(entry, Reading)
            elif isinstance(entry, Rejected):
                self._reject(lines.name, entry)
            elif fault := self._fault(entry):
                self._reject(lines.name, Rejected(entry.line, fault, lines.text))
            else:
                self._read += 1
                batch.append(_judged(entry))
                if len(batch) >= BATCH:
                    with self._store.transaction():
                        self._land(batch)
                        lines.keep_before(entry)
                    batch = []
        rejected = self._reasons.total() - rejected
        with self._store.transaction():
            self._land(batch)
            if not rejected or self._read - read > rejected:
                lines.keep_end()

    def _fault(self, entry: Reading) -> RejectedLine | None:
        """Why a gesture that could be read cannot be learned from; else its keyboard is known from now on."""
        if entry.word is None:
            return entry.fault or RejectedLine("no-word", "a gesture without a word cannot be learned from")
        keyboard = entry.gesture.keyboard
        try:
            if keyboard not in self._known:
                with self._store.transaction():
                    self._store.keyboards.add(keyboard)
                self._known.add(keyboard)
        except UsageError as error:
            return _rejected(error)
        return None

    def _reject(self, name: str, rejected: Rejected) -> None:
        self._read += 1
        self._reasons[rejected.fault.code] += 1
        self._on_reject(name, rejected)

    def _bring_back(self, entry: OwnWord | OwnKeyboard, lines: Following) -> None:
        """Lands a line of an export that is no gesture: it is not counted as read."""
        try:
            with self._store.transaction():
                if isinstance(entry, OwnKeyboard):
                    self._store.keyboards.add(entry.keyboard)
                else:
                    words = self._store.words
                    land = {"added": words.add, "removed": words.remove, "hidden": words.hide}[entry.state]
                    land(entry.word, entry.language)
        except UsageError as error:
            self._reject(lines.name, Rejected(entry.line, _rejected(error), lines.text))
        else:
            self._already += 1

    def _land(self, batch: list[tuple[Example, str]]) -> None:
        added = self._store.gestures.add(batch)
        self._stored += added[GOOD] + added[SUSPECT]
        self._suspect += added[SUSPECT]


def _rejected(error: UsageError) -> RejectedLine:
    """A line whose keyboard or word the store does not take."""
    if error.code == "many-keyboards":
        return RejectedLine("many-keyboards", "{why}", error.remedy, why=error)
    return RejectedLine("name-taken", "{why}", error.remedy, why=error)


def _judged(reading: Reading) -> tuple[Example, str]:
    example = Example(reading.gesture, str(reading.word))
    return example, SUSPECT if reading.suspect else verdict(example)


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
            "empty-folder",
            "the folder {path} holds no swipes: no file that ends in {suffixes} (or these with .gz)",
            path=path,
            suffixes=", ".join(SUFFIXES),
        )
    return found


def _fail(error: OSError) -> None:
    raise error
