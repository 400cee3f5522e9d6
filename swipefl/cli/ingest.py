"""`swipefl ingest`: a person's swipes into the store."""

import os
import sys
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from swipefl.cli.common import (
    HomeOption,
    JsonOption,
    emit,
    home_of,
    log,
    note,
    signals,
    source_of,
)
from swipefl.cli.options import LogFile
from swipefl.cli.progress import showing
from swipefl.cli.remedies import told
from swipefl.cli.rendering import console, counted
from swipefl.cli.streams import OutputLost
from swipefl.errors import Remedy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from swipefl.device.ingestion import IngestReport
    from swipefl.gesture.formats import Rejected

SHOWN = 10
MOST_SPANS = 50


def _written(path: Path, sources: "Iterable[str]") -> BinaryIO:
    from swipefl.database.files import check_not_ours, open_private
    from swipefl.device.sources import SUFFIXES
    from swipefl.errors import UsageError

    target = path.resolve()
    read = [Path(source).resolve() for source in sources if source != "-"]
    in_folder = target.name.lower().removesuffix(".gz").endswith(SUFFIXES) and any(
        source in target.parents for source in read
    )
    if target in read or in_folder:
        raise UsageError(
            "rejects-in-input",
            "--rejects {path} lies in what is read, and would overwrite it; choose another file",
            path=path,
        )
    check_not_ours(path)
    try:
        if path.exists() and not path.is_file():  # a pipe, a terminal
            return path.open("wb")
        file = os.fdopen(open_private(path, os.O_WRONLY), "wb")
        file.truncate()
        return file
    except OSError as error:
        raise UsageError(
            "cannot-write", "cannot write --rejects {path}: {why}; choose another file", path=path, why=error.strerror
        ) from error


class _Rejects:
    """Shows the first rejected lines one by one, of the others where they are; and keeps them all where asked."""

    def __init__(self, kept: BinaryIO | None) -> None:
        self._kept = kept
        self._shown = 0
        self._spans: list[tuple[str, int, int]] = []  # neighbours together: a gigabyte of nonsense is one span
        self._further = False  # there are more spans than are told

    def add(self, name: str, rejected: "Rejected") -> None:
        """Takes one rejected line of the file `name`."""
        if self._kept:
            self._kept.write(rejected.text.rstrip(b"\n") + b"\n")
        self._shown += 1
        if self._shown <= SHOWN:
            fault = rejected.fault
            then = "; `swipefl ingest - < FILE` then reads it all again" if fault.remedy is Remedy.ADD_KEYBOARD else ""
            note(f"{name}:{rejected.line}: {fault.code}: {told(fault)}{then}")
            return
        before, first, last = self._spans[-1] if self._spans else ("", 0, -1)
        if before == name and rejected.line <= last + 1:
            self._spans[-1] = (name, first, rejected.line)
        elif len(self._spans) < MOST_SPANS:
            self._spans.append((name, rejected.line, rejected.line))
        else:
            self._further = True

    def tell_rest(self) -> None:
        """Says where the lines are that were not shown."""
        if self._spans:
            places = (f"{name}:{first}" + f"-{last}" * (last > first) for name, first, last in self._spans)
            told_of = ", ".join(places) + ", and further on" * self._further
            note(f"... and {self._shown - SHOWN} more: {told_of}; --rejects FILE writes them all")


def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH|-", help="Files, folders, or - for standard input.")],
    format: Annotated[
        str | None,
        typer.Option(
            help="swipefl, how-we-swipe, neuroswipe, futo, heliboard, cleverkeys or table (CSV, TSV); else found out."
        ),
    ] = None,
    keyboard: Annotated[str | None, typer.Option(help="A keyboard's name or file, where gestures do not say.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Write lines that could not be read to this file.")] = None,
    log_file: LogFile = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read swipes into the store; safe to repeat."""
    from swipefl.errors import UsageError
    from swipefl.settings.runs import note_step

    if "" in paths:  # as of a variable that is not set: it would be the folder that the command runs in
        raise UsageError("no-path", "an empty path names no file")
    device = home_of(home, log_file=log_file)
    is_typed = "-" in paths and sys.stdin.isatty()
    with ExitStack() as stack, ExitStack() as watched:
        shown = watched.enter_context(showing(as_json or is_typed, "reading swipes"))
        store = stack.enter_context(device.store())
        stack.callback(note_step, store)
        kept = stack.enter_context(_written(rejects, paths)) if rejects else None
        rejected = _Rejects(kept)
        stop = stack.enter_context(signals())
        ingestion = device.ingestion(store, keyboard, format, rejected.add, stop, shown)
        try:
            ingestion.run(source_of(path) for path in paths)
        except BaseException:  # what has landed is told, whatever came after it
            watched.close()
            if ingestion.report.read or ingestion.report.deleted:
                with suppress(OutputLost):
                    _tell(rejected, ingestion.report, as_json)
            raise
        watched.close()
        _tell(rejected, ingestion.report, as_json)


def _tell(rejected: _Rejects, report: "IngestReport", as_json: bool) -> None:
    rejected.tell_rest()
    log("ingest finished", **asdict(report))
    if as_json:
        emit(asdict(report))
    else:
        console().print(_summary(report))


def _summary(report: "IngestReport") -> str:
    if not report.read and not report.deleted:
        return "nothing new to store"
    counts = [f"{report.stored} stored", f"{report.duplicates} known before", f"{report.rejected} rejected"]
    if report.corrected:
        counts.insert(1, f"{report.corrected} corrected (known with another word, keyboard or words before)")
    if report.deleted:
        counts.append(f"{report.deleted} taken back")
    lines = [f"{counted(report.read, 'gesture')} read in {report.seconds:.1f} s: {', '.join(counts)}"]
    if report.suspect:
        lines.append(f"  {report.suspect} of them suspect: the path does not fit the word, so it is not learned from")
    if report.reasons:
        lines.append("  rejected: " + ", ".join(f"{count} {reason}" for reason, count in report.reasons.items()))
    return "\n".join(lines)
