"""`swipefl keyboards`: the layouts that are known."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note
from swipefl.cli.rendering import console, number, printable, table

if TYPE_CHECKING:
    from swipefl.gesture.keyboard import Keyboard

app = typer.Typer(help="Key geometry: any layout, any alphabet.", no_args_is_help=True)


@app.command("list")
def list_keyboards(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the keyboards that are known."""
    from swipefl.device.keyboards import known_keyboards

    with home_of(home).store() as store:
        known = known_keyboards(store)
    if as_json or not is_terminal():
        emit({"keyboards": [asdict(keyboard) for keyboard in known]})
        return
    shown = table("name", "languages", number("keys"))
    for keyboard in known:
        shown.add_row(printable(keyboard.name), printable(", ".join(keyboard.languages)), str(keyboard.keys))
    console().print(shown)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of `swipefl keyboards list`.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one keyboard: as JSON, or drawn on a terminal."""
    with home_of(home).store() as store:
        keyboard = store.keyboards.get(name)
    if as_json or not is_terminal():
        emit(keyboard.to_json())
    else:
        console().print(_drawn(keyboard))


@app.command("add")
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON.")],
    name: Annotated[str | None, typer.Option(help="Its name; else what the file says.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a keyboard known. Its file has width, height and keys, each with letter, x, y, width, height."""
    from swipefl.device.keyboards import add_keyboard

    with home_of(home).store() as store:
        added = add_keyboard(store, file, name)
    if as_json:
        emit(asdict(added))
    else:
        note(f"keyboard {added.name!r} is known now: {added.keys} letter keys")


def _drawn(keyboard: "Keyboard") -> str:
    rows: dict[float, list[str]] = {}
    cell = keyboard.width / 60
    for key in sorted(keyboard.keys, key=lambda key: key.x):
        line = rows.setdefault(key.y, [])
        line.append(" " * (int(key.x / cell) - sum(map(len, line))) + key.letter)
    return "\n\n".join("".join(rows[y]) for y in sorted(rows))
