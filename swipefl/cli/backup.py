"""`swipefl backup`: all that the store holds, in one file."""

import sys
from dataclasses import asdict
from typing import Annotated, BinaryIO

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_whatever, emit, log, note, signals, unused_settings
from swipefl.cli.progress import showing
from swipefl.cli.rendering import counted
from swipefl.errors import UsageError

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="Where to; - is standard output.")]


def backup(file: FileArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Write all that the store holds into one file, while others go on. It has your swipes: keep it private."""
    device = device_whatever(home, unused_settings)
    with signals() as stop, showing(as_json, "copying the store"):
        report = device.upkeep.backup(output(file, as_json), stop)
    if as_json:
        emit(asdict(report))
    else:
        place = "to standard output" if report.file is None else f"in {report.file}"
        of, with_settings = counted(report.gestures, "gesture"), ", and config.toml" if report.settings else ""
        note(f"backed up {of}, your models and words{with_settings}: {report.bytes / 1e6:,.1f} MB {place}")
        note("what you forget later is still in it; `swipefl restore` brings it back")
    log("backup finished", **{name: fact for name, fact in asdict(report).items() if name != "file"})


def output(file: str, as_json: bool) -> str | BinaryIO:
    """A file's name, or standard output for `-`. Raises UsageError where that is a terminal, or has the report."""
    if file != "-":
        return file
    if sys.stdout.isatty():
        raise UsageError("terminal", "a backup is nothing to be read: send it to a file or another program")
    if as_json:
        raise UsageError("two-outputs", "standard output has the backup: leave --json out, or name a file")
    return sys.stdout.buffer
