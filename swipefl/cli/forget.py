"""`swipefl forget`: gestures erased for good, with all that came of them."""

import sys
from datetime import datetime
from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, log, note, store_of
from swipefl.cli.rendering import counted


def forget(
    before: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Stored before this day.")] = None,
    word: Annotated[str | None, typer.Option(help="All gestures of this word.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All gestures.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase gestures for good. Personal words, personal models and what waits to be sent go with them."""
    from swipefl.database.lock import hold
    from swipefl.device.ownership import forget as erase
    from swipefl.errors import UsageError
    from swipefl.gesture.gesture import fold

    if everything == (before is not None or word is not None):
        raise UsageError("say what to forget: --before DATE, --word WORD (or both), or --all")
    settings, store = store_of(home)
    with store, hold(settings.home):
        erased = erase(store, before.timestamp() if before else None, fold(word) if word else None)
    log("forget finished", erased=erased)
    if as_json:
        emit({"erased": erased})
    elif sys.stderr.isatty():
        note(f"erased {counted(erased, 'gesture')}; what was read stays read: they do not come back by themselves")
