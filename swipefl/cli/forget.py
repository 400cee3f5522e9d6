"""`swipefl forget`: gestures erased for good, with all that came of them."""

import sys
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, log, note
from swipefl.cli.rendering import counted


def forget(
    before: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Stored before this day.")] = None,
    word: Annotated[str | None, typer.Option(help="All gestures of this word.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All gestures.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase gestures for good. Personal words, personal models and what waits to be sent go with them."""
    from swipefl.device.ownership import forget as erase
    from swipefl.errors import UsageError

    if everything == (before is not None or word is not None):
        raise UsageError("nothing-said", "say what to forget: --before DATE, --word WORD (or both), or --all")
    with home_of(home).alone() as store:
        report = erase(store, before.timestamp() if before else None, word or None)
    log("forget finished", **asdict(report))
    if as_json:
        emit(asdict(report))
    elif sys.stderr.isatty():
        note(
            f"erased {counted(report.erased, 'gesture')}; what was read stays read: they do not come back by themselves"
        )
