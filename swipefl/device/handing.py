"""Swipes that a keyboard hands over and waits for: what became of each, when all that is to stay is on the disk."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from typing import Any, cast

import orjson

from swipefl.device.ingestion import Ingestion, IngestReport
from swipefl.errors import DataError, RejectedLine
from swipefl.gesture.formats import Entry, Private, Reading, Rejected, bare, read_lines
from swipefl.gesture.formats.lines import lines_of
from swipefl.gesture.keyboard import Keyboard

FORMAT = "swipefl"  # of the lines that are handed over, and no other

Find = Callable[[str], Keyboard]
Ingesting = Callable[[Callable[[str, Rejected], None]], Ingestion]
Refuse = Callable[[Any], RejectedLine | None]


@dataclass(frozen=True)
class Refused:
    """A line that holds no usable swipe, counted from 0, and why."""

    index: int
    fault: RejectedLine


@dataclass(frozen=True)
class HandedReport:
    """What became of lines that were handed over; of swipes with their words as an ingest says it.

    `private` ones were passed over, and `partial` ones, of a finger that is still down.
    """

    stored: int
    corrected: int
    duplicates: int
    deleted: int
    suspect: int
    private: int
    partial: int
    rejected: tuple[Refused, ...]


def hand_over(
    ingesting: Ingesting, keyboard: Keyboard | None, find: Find, given: Sequence[Any], refuse: Refuse
) -> HandedReport:
    """Stores what objects of JSON say, each as a line of swipefl's own JSONL. Raises StoreError.

    `ingesting` makes the ingestion that does it, of what is to hear of lines that are rejected. `refuse` may find fault
    with what could be read.
    """
    lines = [_line_of(each) for each in given]
    read = [_read(line, keyboard, find) for line in lines]
    faults: dict[int, RejectedLine] = {}
    for place, (each, entry) in enumerate(zip(given, read, strict=True)):
        if isinstance(said := bare(entry), Rejected):
            if said.unknown or isinstance(entry, Private):  # of these the ingestion says nothing, or one word of all;
                faults[place] = said.fault  # of others it knows better: an earlier line may bring their keyboard
        elif fault := refuse(each):
            faults[place], lines[place] = fault, _unusable(each)
    ingestion = ingesting(lambda name, rejected: _note(faults, rejected))
    stream = cast(BytesIO, BufferedReader(BytesIO(b"".join(lines))))
    with suppress(DataError):  # nothing of it could be read: `faults` says of each why
        ingestion.run([stream])
    return _report(ingestion.report, [entry for place, entry in enumerate(read) if place not in faults], faults)


def _unusable(given: Any) -> bytes:
    """A line of the same id that is rejected as well: the id names no older swipe any more."""
    return _line_of({"gesture_id": given.get("gesture_id"), "coords": []})


def _line_of(given: Any) -> bytes:
    """An object as one line; of what is no object, or too deep for one, a line that is rejected."""
    if not isinstance(given, dict):
        return b"null\n"
    try:
        return orjson.dumps(given) + b"\n"
    except (TypeError, ValueError, RecursionError):
        return b"?\n"


def _note(faults: dict[int, RejectedLine], rejected: Rejected) -> None:
    faults.setdefault(rejected.line - 1, rejected.fault)


def _read(line: bytes, keyboard: Keyboard | None, find: Find) -> Entry:
    return next(read_lines(lines_of(BytesIO(line)), "what was handed over", FORMAT, keyboard, find))


def _report(ingested: IngestReport, taken: Sequence[Entry], faults: Mapping[int, RejectedLine]) -> HandedReport:
    return HandedReport(
        ingested.stored,
        ingested.corrected,
        ingested.duplicates,
        ingested.deleted,
        ingested.suspect,
        private=sum(isinstance(entry, Private) for entry in taken),
        partial=sum(isinstance(entry, Reading) and entry.partial for entry in taken),
        rejected=tuple(Refused(place, faults[place]) for place in sorted(faults)),
    )
