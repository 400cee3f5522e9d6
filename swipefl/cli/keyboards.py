"""`swipefl keyboards`: the layouts that are known."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, is_terminal, keyboard_of, note, store_of
from swipefl.cli.rendering import console, number, printable, table

if TYPE_CHECKING:
    from swipefl.gesture.keyboard import Keyboard

app = typer.Typer(help="Key geometry: any layout, any alphabet.", no_args_is_help=True)


@app.command("list")
def list_keyboards(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the keyboards that are known."""
    _, store = store_of(home)
    with store:
        known = [{"name": k.name, "language": k.language, "keys": len(k.keys)} for k in store.keyboards.all()]
    if as_json or not is_terminal():
        emit({"keyboards": known})
        return
    shown = table("name", "language", number("keys"))
    for keyboard in known:
        shown.add_row(printable(str(keyboard["name"])), printable(str(keyboard["language"])), str(keyboard["keys"]))
    console().print(shown)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of `swipefl keyboards list`.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one keyboard: as JSON, or drawn on a terminal."""
    _, store = store_of(home)
    with store:
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
    from dataclasses import replace

    from swipefl.errors import UsageError

    def no_such(wanted: str) -> "Keyboard":
        raise UsageError(f"there is no file {wanted}")

    keyboard = keyboard_of(str(file), no_such)
    if name is not None:
        keyboard = replace(keyboard, name=name)
    _, store = store_of(home)
    with store, store.transaction():
        store.keyboards.add(keyboard)
    if as_json:
        emit({"name": keyboard.name, "language": keyboard.language, "keys": len(keyboard.keys)})
    else:
        note(f"keyboard {keyboard.name!r} is known now: {len(keyboard.keys)} letter keys")


def _drawn(keyboard: "Keyboard") -> str:
    rows: dict[float, list[str]] = {}
    cell = keyboard.width / 60
    for key in sorted(keyboard.keys, key=lambda key: key.x):
        line = rows.setdefault(key.y, [])
        line.append(" " * (int(key.x / cell) - sum(map(len, line))) + key.letter)
    return "\n\n".join("".join(rows[y]) for y in sorted(rows))
