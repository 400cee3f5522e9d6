"""`swipefl restore`: a backup in the place of what is in the store."""

import sys
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from swipefl.cli.asking import agrees, asks
from swipefl.cli.common import HomeOption, JsonOption, device_whatever, emit, log, note, signals, unused_settings
from swipefl.cli.progress import showing
from swipefl.cli.rendering import counted, moment

if TYPE_CHECKING:
    from swipefl.operations.backup import Planned, RestoreReport


def restore(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What `swipefl backup` wrote; - is standard input.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; also bring back what was forgotten since.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a backup back. What is in the store now is set aside for a month."""
    is_asked = asks(yes, stdin_is_taken=file == "-")

    watched, before = ExitStack(), list["Planned"]()

    def agree(planned: "Planned") -> bool:
        watched.close()
        if before and is_asked:
            note("the store is not what it was when you were asked")
        before.append(planned)
        if is_asked and not agrees(_question(planned), stdin_is_taken=file == "-"):
            return False
        watched.enter_context(showing(as_json, "putting it in the store's place"))
        return True

    source: str | BinaryIO = sys.stdin.buffer if file == "-" else file
    with signals() as stop, watched:
        watched.enter_context(showing(as_json, "reading the backup"))
        report = device_whatever(home, unused_settings).upkeep.restore(
            source, anyway=yes or is_asked, agree=agree, stop=stop
        )
    if report is None:
        note("nothing was changed")
        return
    if as_json:
        emit(asdict(report))
    else:
        _tell(report)
    log("restore finished", **{name: fact for name, fact in asdict(report).items() if name != "aside"})


def _question(planned: "Planned") -> str:
    here = "" if planned.gestures_here is None else f" in place of {counted(planned.gestures_here, 'gesture')} here"
    back = f"this brings back {counted(planned.gestures, 'gesture')} of {moment(planned.made_at)}{here}"
    if planned.forgotten_at is None:
        return f"{back}; go on?"
    return f"{back}, also what you forgot since (the last time {moment(planned.forgotten_at)}); go on?"


def _tell(report: "RestoreReport") -> None:
    note(f"{counted(report.gestures, 'gesture')} and all else of {moment(report.made_at)} are back")
    if report.forgotten_at is not None:
        note("what you forgot since then is back too: forget it again")
    if report.settings:
        note("config.toml is back too")
    if report.aside:
        from swipefl.database.sealed import is_sealed

        note(f"what was here before lies in {report.aside}; `swipefl forget`, or a night in a month, erases it")
        with suppress(OSError):  # somebody was faster
            if not is_sealed(Path(report.aside)):
                note("it could not be read here: that is the very file, damaged or of a newer swipefl, and no backup")
