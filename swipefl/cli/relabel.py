"""`swipefl relabel`: the word that a stored gesture stands for, said by who swiped it."""

from dataclasses import asdict
from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, note, telling_choices


def relabel(
    gesture_id: Annotated[str, typer.Argument(metavar="ID", help="Its id or handle, or how one begins.")],
    word: Annotated[str, typer.Argument(metavar="WORD", help="The word that was meant, as it is written.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which word a stored gesture stands for. No log that is read later changes that."""
    from swipefl.gesture.gesture import SUSPECT

    with telling_choices(as_json):
        report = device_of(home).relabel(gesture_id, word)
    if as_json:
        emit(asdict(report))
        return
    note(f"{report.handle}: {'the word is another now' if report.changed else 'it had that word'}, and stays it")
    if report.verdict == SUSPECT:
        note("its path does not fit that word, so it is not learned from")
