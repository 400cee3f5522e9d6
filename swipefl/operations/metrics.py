"""What a night came to, in a file for the textfile collector of node_exporter."""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from swipefl.database.files import check_not_ours
from swipefl.database.snapshots import copies_beside, drafts_left
from swipefl.database.sql import NO_SPACE
from swipefl.errors import Ineligible, Interrupted, Remedy, StoreBusy, SwipeflError, UsageError

if TYPE_CHECKING:
    from swipefl.device.cycle import CycleReport
    from swipefl.device.status import Status

OUTCOMES = ("learned", "nothing-new", "ineligible", "interrupted", "failed")
GOOD = OUTCOMES[:3]
SUCCEEDED = "swipefl_device_night_succeeded_timestamp_seconds"
BEGINS = b"# HELP swipefl_device_"
MODE = 0o644  # the collector runs as another user, and there are counts and times in it alone
OLD_S = 3600.0  # then what lies beside the file was left by a run that was killed


@contextmanager
def measured(
    file: Path | None, status: "Callable[[], Status | None]", clock: Callable[[], float] = time.time
) -> "Iterator[Callable[[CycleReport], None]]":
    """Writes `file`, where one is wanted, when the night in the block has ended, whatever became of it.

    What is given hears of what the night came to; `status` says what is in the store then, where it can. Raises
    UsageError at once for a file that cannot be written, or holds anything else; one that cannot be later is left.
    """
    if file is None:
        yield lambda report: None
        return
    _check(file)
    reports: list[CycleReport] = []
    began = clock()
    outcome: str | None = "failed"
    try:
        yield reports.append
        outcome = _outcome(reports[-1]) if reports else "nothing-new"
    except StoreBusy:
        outcome = None  # another night is at work, and says itself what becomes of it
        raise
    except Ineligible:
        outcome = "ineligible"
        raise
    except (Interrupted, KeyboardInterrupt):
        outcome = "interrupted"
        raise
    finally:
        if outcome is not None:
            known = None
            with suppress(SwipeflError, OSError):
                known = status()
            night = _Night(file, outcome, began, clock(), reports[-1] if reports else None)
            with suppress(OSError):
                _write(file, night.text(known))


def _outcome(report: "CycleReport") -> str:
    if report.night:
        return "learned"
    return "ineligible" if any(isinstance(r.skipped, Ineligible) for r in report.rounds) else "nothing-new"


class _Night:
    """A night as Prometheus reads it."""

    def __init__(self, file: Path, outcome: str, began: float, ended: float, report: "CycleReport | None") -> None:
        from prometheus_client import CollectorRegistry  # takes long to load, and is for who wants the file

        self._file = file
        self._name = file.name.removesuffix(".prom").encode("utf-8", "replace").decode()
        self._outcome = outcome
        self._began, self._ended = began, ended
        self._report = report
        self._registry = CollectorRegistry()

    def text(self, known: "Status | None") -> bytes:
        """All of it, in the text format."""
        from prometheus_client import generate_latest

        self._of_the_night()
        if known:
            self._of_the_store(known)
        return generate_latest(self._registry)

    def _of_the_night(self) -> None:
        self._set("night_ended_timestamp_seconds", "When the last night ended.", self._ended)
        succeeded = self._ended if self._outcome in GOOD else _succeeded(self._file)
        if succeeded is not None:
            self._set("night_succeeded_timestamp_seconds", "When the last night ended that did not fail.", succeeded)
        self._set("night_duration_seconds", "How long the last night took.", max(0.0, self._ended - self._began))
        outcomes: dict[tuple[str, ...], float] = {(outcome,): float(outcome == self._outcome) for outcome in OUTCOMES}
        self._set_all("night_outcome", "What the last night came to: 1 for that.", ("outcome",), outcomes)
        report = self._report
        self._set(
            "night_sent_bytes", "Bytes of updates that left in the last night.", report.bytes_sent if report else 0
        )
        if report and (night := report.night):
            right: dict[tuple[str, ...], float] = {
                ("base",): night.right_base,
                ("before",): night.right_before,
                ("new",): night.right_new,
            }
            self._set("night_judged_swipes", "Held-out swipes that the models were judged on.", night.swipes)
            self._set_all("night_right_swipes", "How many of them each model got right.", ("model",), right)

    def _of_the_store(self, known: "Status") -> None:
        nights, member = known.nights, known.federation
        if nights:
            self._set("learned_timestamp_seconds", "When a night last learned something.", nights[-1].finished_at)
        stored: dict[tuple[str, ...], float] = {(split,): count for split, count in known.gestures.items()}
        self._set_all("stored_swipes", "Swipes in the store, by what they are used for.", ("split",), stored)
        self._set("new_swipes", "Swipes that no night has learned from yet.", known.new_swipes)
        self._set(
            "store_bytes", "What the store, and the copies beside it, take on the disk.", _store_bytes(Path(known.home))
        )
        self._set("waiting_updates", "Updates that wait to be sent.", len(known.outbox))
        if member:
            self._set("global_version", "The version of the shared model that is here.", member.version)
            self._set(
                "failed_visits", "Visits to the coordinator that failed since the last good one.", member.failures
            )
            visited = member.visited_at or 0
            self._set("visited_timestamp_seconds", "When the coordinator was last called; 0: never.", visited)

    def _set(self, name: str, help: str, value: float) -> None:
        self._set_all(name, help, (), {(): value})

    def _set_all(self, name: str, help: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]) -> None:
        """One metric; what the file is called tells several devices of one machine from one another."""
        from prometheus_client import Gauge

        gauge = Gauge(f"swipefl_device_{name}", help, ("name", *labels), registry=self._registry)
        for value_of, value in values.items():
            gauge.labels(self._name, *value_of).set(value)


def _succeeded(file: Path) -> float | None:
    """When a night last did not fail, as the file says it that is there."""
    from prometheus_client.parser import text_string_to_metric_families

    with suppress(OSError, ValueError):
        for family in text_string_to_metric_families(file.read_text("utf-8")):
            for sample in family.samples:
                if sample.name == SUCCEEDED:
                    return float(sample.value)
    return None


def _store_bytes(home: Path) -> int:
    found, store = 0, home / "swipefl.db"
    for path in (store, home / "swipefl.db-wal", *copies_beside(store), *drafts_left(store)):
        with suppress(OSError):
            found += path.stat().st_size
    return found


def _check(file: Path) -> None:
    """Raises UsageError where the file cannot be written, and for one of anything else: it would be lost."""
    try:
        check_not_ours(file)
        _refuse_others(file)
        descriptor = _new(_beside(file))
        os.close(descriptor)
        _beside(file).unlink()
    except OSError as error:
        if error.errno not in NO_SPACE:
            what = "the {kind} {path} cannot be written: {why}"
            facts = {"kind": "metrics file", "path": file, "why": error.strerror}
            raise UsageError("cannot-write-file", what, Remedy.NAME_OTHER_FILE, **facts) from error


def _refuse_others(file: Path) -> None:
    try:
        found = file.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EMLINK, "it is no file")
    with file.open("rb") as opened:
        if (begin := opened.read(len(BEGINS))) and begin != BEGINS:
            raise OSError(errno.EEXIST, "it holds something else than metrics of swipefl")


def _write(file: Path, text: bytes) -> None:
    """All of it or nothing, at once: the collector reads at any moment, and only what is called *.prom."""
    beside = _beside(file)
    with suppress(OSError):
        for left in file.parent.glob(f".{file.name}.*.new"):
            if time.time() - left.stat().st_mtime > OLD_S:
                left.unlink()
    try:
        with os.fdopen(_new(beside), "wb") as opened:
            opened.write(text)
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}.new")


def _new(path: Path) -> int:
    path.unlink(missing_ok=True)  # of a process that had this number
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, MODE)
    os.fchmod(descriptor, MODE)  # whatever the umask is: 0077 in the units here
    return descriptor
