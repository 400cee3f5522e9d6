"""`swipefl forget`: gestures erased for good, with all that came of them."""

from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.asking import agrees, asks
from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, log, note, signals, telling_choices
from swipefl.cli.progress import showing
from swipefl.cli.rendering import counted

if TYPE_CHECKING:
    from swipefl.device.ownership import ForgetReport


def forget(
    before: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Stored before this day.")] = None,
    word: Annotated[str | None, typer.Option(help="All gestures of this word, however it is written.")] = None,
    id: Annotated[str | None, typer.Option("--id", help="One gesture, by its id or handle, or how one begins.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All gestures.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, as it does on a terminal.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase gestures for good. Personal words, personal models and what waits to be sent go with them."""
    erase = partial(device_of(home).forget, before=before, word=word, gesture_id=id, everything=everything)
    if dry_run or asks(yes):
        with telling_choices(as_json), showing(as_json, "looking at what would go"):
            preview = erase(dry_run=True)
        if dry_run:
            _show(preview, as_json, "this would erase")
            return
        if not agrees(f"this erases {_counts(preview)}, for good; erase them?"):
            note("nothing was erased")
            return
    with telling_choices(as_json), signals() as stop, showing(as_json, "erasing") as shown:
        report = erase(stop=stop, on_doing=shown)
    _show(report, as_json, "erased")
    log("forget finished", **asdict(report))


def _show(report: "ForgetReport", as_json: bool, verb: str) -> None:
    if as_json:
        emit(asdict(report))
    else:
        note(f"{verb} {_counts(report)}")
        note("lines that were read are not read again, also where their file was renamed, moved or packed (.gz) since")
        note("a copy of such a file is read; and a .gz, .zip or JSON document that was read before, when it changes")
        note(f"what may remain elsewhere: {', '.join(_remains(report))}")


def _counts(report: "ForgetReport") -> str:
    parts = (
        counted(report.erased, "gesture"),
        f"what was written before {counted(report.stood_before, 'other')}",
        counted(report.words, "personal word"),
        counted(report.hidden, "hidden word"),
        counted(report.checkpoints, "personal model"),
        f"{counted(report.updates, 'update')} that waited to be sent",
    )
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _remains(report: "ForgetReport") -> list[str]:
    sent = ["what others made of updates that they have"] if report.shared else []
    disk = "blocks that a disk has not used again yet (flash, snapshots, a file system's journal)"
    return ["backups and other copies of the store", "the files that the swipes came from", *sent, disk]
