"""Files to store: what was read is sorted, and lands in batches, each with the place that was reached."""

import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from swipefl.database.lock import in_turn
from swipefl.device.following import Following, followed
from swipefl.device.landing import Back, Landing, Outgrown, Said, Unstored, land
from swipefl.device.refusals import Refusals
from swipefl.device.sources import Unreadable, files_of, name_of
from swipefl.doing import Doing, OnDoing, unheard
from swipefl.errors import DataError, Interrupted, RejectedLine, UsageError
from swipefl.gesture.formats import (
    Deletion,
    Entry,
    OwnKeyboard,
    OwnWord,
    Private,
    Reading,
    Rejected,
    bare,
    parts_of,
    read_lines,
    unreadable,
)
from swipefl.gesture.formats.standing import freed
from swipefl.gesture.gesture import SUSPECT, Example, verdict
from swipefl.gesture.keyboard import BUILT_IN, Keyboard, content_name
from swipefl.stopping import Stop, never, raise_if, until
from swipefl.store.gestures import Judged
from swipefl.store.store import Store

BATCH = 1_000  # each costs a wait for the disk
SOON_S = 5.0  # between two landings of a stream, whose swipes are nowhere else
TOLD_EVERY = 100  # entries, of how much is read


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did: read = stored + corrected + duplicates + rejected; reasons of the rejected.

    Corrected were known with another word, keyboard, language or verdict, or behind other words. Suspect are those of
    the stored and corrected that are not learned from. `deleted` is how many were taken back, of these or of earlier
    ones.
    `unreadable` is how many files and folders could not be read.
    """

    read: int
    stored: int
    duplicates: int
    rejected: int
    suspect: int
    seconds: float
    reasons: dict[str, int] = field(default_factory=dict)
    unreadable: int = 0
    corrected: int = 0
    deleted: int = 0


def _keep_none() -> None:
    """Keeps no place."""


class Ingestion:
    """Brings gestures into a store; `on_reject` hears of each bad line with the name of its file.

    `stop` is asked before each source, and whenever a batch has landed; `on_doing` hears how much is read.

    What is private, or of a finger that is still down, is passed over, and neither counted nor told.
    """

    def __init__(
        self,
        store: Store,
        keyboard: Keyboard | None = None,
        format: str | None = None,
        on_reject: Callable[[str, Rejected], None] = lambda name, rejected: None,
        clock: Callable[[], float] = time.time,
        find: Callable[[str], Keyboard] | None = None,
        stop: Stop = never,
        on_doing: OnDoing = unheard,
    ) -> None:
        self._store = store
        self._on_doing = on_doing
        self._at = 0  # how much of what is read now is read: bytes of files, entries of a stream
        self._most: int | None = None
        self._keyboard = keyboard
        self._format = format
        self._on_reject = on_reject
        self._clock = clock
        self._stop = stop
        self._find_known = find or store.keyboards.get
        self._grids: dict[str, Keyboard] = {}  # of files of this run, by the names that they give them
        self._started = time.monotonic()
        self._landed = Landing()
        self._refused = False  # whether anything was no gesture, even if it waits for the rest of it
        self._has_text = False  # whether any file had a line, or has had one when it was read before
        self._understood = False  # whether anything at all was, be it read before, private or no gesture
        self._reasons: Counter[str] = Counter()
        self._unreadable = Unreadable()
        self._known: set[Keyboard] = set()
        self._landed_at = self._started

    @property
    def report(self) -> IngestReport:
        """What has landed by now, at the least: a signal may come between a batch's landing and its being counted."""
        rejected, landed = self._reasons.total(), self._landed
        return IngestReport(
            landed.gestures + rejected,
            landed.stored,
            landed.gestures - landed.stored - landed.corrected,
            rejected,
            landed.suspect,
            round(time.monotonic() - self._started, 3),
            dict(self._reasons),
            self._unreadable.count,
            landed.corrected,
            landed.deleted,
        )

    def run(self, sources: Iterable[Path | BinaryIO]) -> IngestReport:
        """Reads files, folders and streams; what cannot be read keeps nothing else from landing.

        Raises DataError in the end, where a path could not be read or nothing at all could; StoreError, and what `stop`
        says. What landed says `report` also then.
        """
        for source in until(self._stop, sources):
            self._at, self._most = 0, _size(source)
            if isinstance(source, Path):
                for path in files_of(source, self._unreadable):
                    with self._unreadable.noting():
                        self._file(path)
                    self._at += _size_of(path)
            else:
                with self._unreadable.noting():
                    self._take(Following(parts_of(source, name_of(source))))
        self._unreadable.raise_if_any()
        report = self.report
        is_nothing = self._refused or self._reasons or not self._has_text
        if report.read == report.rejected and is_nothing and not self._understood:
            why = ", ".join(f"{code}: {count}" for code, count in self._reasons.most_common())
            raise DataError(
                "nothing-read",
                "nothing could be read from what was given ({why}); no gesture was stored",
                why=why or "they hold no complete line",
            )
        return report

    def _file(self, path: Path) -> None:
        try:
            stream = path.open("rb")
        except OSError as error:
            raise unreadable(str(path), error) from error
        self._tell()
        with stream, self._alone(stream):
            lines = followed(stream, path, self._store.bookmarks, self._clock())
            self._understood |= lines.read_before > 0
            if lines.is_moved:
                lines.keep_end()
            elif not lines.is_known:
                self._take(lines, stream.tell if stream.seekable() else lambda: 0)

    def _tell(self, further: int = 0) -> None:
        self._on_doing(Doing("reading swipes", self._at + further, self._most))

    def _alone(self, stream: BinaryIO) -> AbstractContextManager[None]:
        """One file at a time in a home: two that read it at once would say older lines again behind newer ones."""
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return in_turn(self._store.path.parent, self._stop)
        return nullcontext()  # a pipe, whose writer may take a day

    def _take(self, lines: Following, at: Callable[[], int] | None = None) -> None:
        """Reads lines into the store, a batch and the place reached in one transaction; `at` is the byte reached.

        Where none could be read, no place is kept: another keyboard or format may read them.
        """
        rejected = self._reasons.total()
        taken, has_grids, has_any = self._taken_of(lines), False, False
        batch: list[Said] = []
        try:
            for name, part in lines.parts():
                found = read_lines(part, name, self._format, self._keyboard, self._find)
                for count, entry in enumerate(self._fitting(name, found, lines)):
                    if count % TOLD_EVERY == 0:
                        self._tell(at() if at else count)
                    if taken:  # the first entries are of what was taken
                        if lines.leaves(entry):  # a row breaks off: what was taken stays, and its place, until then
                            return
                        before, taken = taken, None
                        if _is_same(bare(entry), before):
                            continue
                        if isinstance(before, Reading):
                            batch.append(Outgrown(before.gesture.trace_hash()))
                        entry = self._in_place_of(before, entry)
                    has_grids |= isinstance(entry, OwnKeyboard) and entry.of_grids  # the next run needs those again
                    if said := self._said(entry, lines, name):
                        batch.append(said)
                        has_any |= not isinstance(said, Unstored)
                        if len(batch) >= BATCH or (lines.is_stream and time.monotonic() - self._landed_at > SOON_S):
                            keeps = has_any and not has_grids
                            self._land(batch, partial(lines.keep_before, bare(entry).line) if keeps else _keep_none)
        except DataError:  # the disk or the network under the file: what was read before counts
            self._land(batch)
            raise
        except Interrupted:
            if lines.is_stream:  # nobody says it a second time
                self._land(batch)
            raise
        self._has_text |= lines.has_text
        is_read = has_any or self._reasons.total() == rejected
        self._land(batch, lines.keep_end if is_read and not has_grids else _keep_none)  # the next run needs those again

    def _taken_of(self, lines: Following) -> Reading | Rejected | None:
        """What was taken of a table's last swipe when it was read before."""
        for entry in read_lines(iter(lines.taken), "", self._format, self._keyboard, self._find):
            if isinstance(said := bare(entry), Reading | Rejected) and said.taken:
                return said
        return None

    def _in_place_of(self, taken: Reading | Rejected, entry: Entry) -> Entry:
        """The swipe of which `taken` was the beginning, which goes; a word that its owner said of that stays."""
        if isinstance(taken, Reading) and isinstance(entry, Reading):
            with suppress(UsageError):
                before = self._store.gestures.find(taken.gesture.trace_hash().hex())
                if before.by_hand:
                    return replace(entry, word=before.example.word, by_hand=True)
        return entry

    def _fitting(self, name: str, entries: Iterator[Entry], lines: Following) -> Iterator[Entry]:
        """The entries of a file; those that fit nothing, and nothing does behind them, are told as one."""
        refusals = Refusals()
        try:
            for entry in entries:
                self._refused |= isinstance(entry, Rejected)
                if isinstance(entry, Rejected) and entry.unknown:
                    if not lines.leaves(entry):
                        refusals.add(entry)
                    continue
                if _is_understood(entry):
                    self._reject_each(name, refusals.one_by_one())
                yield entry
        except DataError:
            self._reject_each(name, refusals.as_one())
            raise
        self._reject_each(name, refusals.as_one())

    def _said(self, entry: Entry, lines: Following, name: str) -> Said | None:
        """What it says of the gestures in the store; whatever else it is has been seen to."""
        self._understood |= isinstance(entry, Private | Deletion)
        if lines.leaves(entry):
            self._understood |= not isinstance(entry, Rejected)
            return None
        if isinstance(entry, OwnWord | OwnKeyboard):
            self._bring_back(entry, name)
        elif isinstance(entry, Rejected):
            self._reject(name, entry)
        elif isinstance(entry, Reading) and entry.partial:
            self._understood = True
        elif isinstance(entry, Reading):
            if not (fault := self._fault(entry)):
                return _judged(entry)
            self._reject(name, Rejected(entry.line, fault, entry.text))
        return _unstored(entry)

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
            return RejectedLine.of(error)
        return None

    def _reject(self, name: str, rejected: Rejected) -> None:
        self._reasons[rejected.fault.code] += 1
        self._on_reject(name, rejected)

    def _reject_each(self, name: str, rejected: Iterator[Rejected]) -> None:
        for one in rejected:
            self._reject(name, one)

    def _bring_back(self, entry: OwnWord | OwnKeyboard, name: str) -> None:
        """Lands a line of an export that is no gesture: it is not counted as read."""
        try:
            with self._store.transaction():
                if isinstance(entry, OwnKeyboard):
                    self._add(entry)
                else:
                    words = self._store.words
                    land = {"added": words.add, "removed": words.remove, "hidden": words.hide}[entry.state]
                    land(entry.word, entry.language, entry.alike)
        except UsageError as error:
            self._reject(name, Rejected(entry.line, RejectedLine.of(error), entry.text))
        else:
            self._understood = True

    def _add(self, entry: OwnKeyboard) -> None:
        """Makes a keyboard known; a grid whose name is another's is called after its content. Raises UsageError.

        What its file calls it is this one in what is read after it.
        """
        keyboard = entry.keyboard
        try:
            self._store.keyboards.add(keyboard)
        except UsageError as error:
            if error.code != "name-taken" or not entry.of_grids or keyboard.name in BUILT_IN:
                raise
            keyboard = replace(keyboard, name=content_name(keyboard))
            self._store.keyboards.add(keyboard)
        if entry.of_grids:
            self._grids[entry.keyboard.name] = keyboard

    def _find(self, name: str) -> Keyboard:
        """The keyboard that a line names. Raises UsageError."""
        return self._grids.get(name) or self._find_known(name)

    def _land(self, batch: list[Said], keep: Callable[[], None] = _keep_none) -> None:
        """A batch and the place that `keep` puts, both or neither; what did not land does not count."""
        with self._store.transaction():
            landed = land(self._store, batch)
            keep()
        self._landed += landed
        batch.clear()
        self._landed_at = time.monotonic()
        raise_if(self._stop)


def _size(source: Path | BinaryIO) -> int | None:
    """How many bytes a file has, or those of a folder together; None for a stream, whose end nobody knows."""
    if not isinstance(source, Path):
        return None
    return sum(map(_size_of, files_of(source, Unreadable())))


def _size_of(path: Path) -> int:
    try:
        found = path.stat()
    except OSError:  # which reading it says
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _is_understood(entry: Entry) -> bool:
    """Whether an entry says that its file is of a format that is read."""
    return not isinstance(bare(entry), Rejected)


def _is_same(entry: Entry, taken: Reading | Rejected) -> bool:
    """Whether a swipe that was looked at again has not gone on."""
    if isinstance(entry, Reading) and isinstance(taken, Reading):
        return (entry.gesture.trace_hash(), entry.word) == (taken.gesture.trace_hash(), taken.word)
    return isinstance(entry, Rejected) and isinstance(taken, Rejected) and entry.fault.code == taken.fault.code


def _unstored(entry: Entry) -> Back | Unstored | None:
    """What a line that brings no gesture to store says of those that are there."""
    private, said = isinstance(entry, Private), bare(entry)
    if isinstance(said, Deletion):
        return Back(said, private)
    name = freed(entry)
    return Unstored(name) if name else None


def _judged(reading: Reading) -> Judged:
    example = Example(reading.gesture, str(reading.word))
    return Judged(example, SUSPECT if reading.suspect else verdict(example), reading.by_hand)
