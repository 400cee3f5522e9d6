"""`swipefl keyboards`: the layouts that are known."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, note
from swipefl.cli.listing import Application, Commands
from swipefl.cli.rendering import console, number, prose, table
from swipefl.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from swipefl.device.keyboards import KeyboardReport
    from swipefl.gesture.keyboard import Key, Keyboard

app = Application(cls=Commands, help="Key geometry: any layout, any alphabet.", no_args_is_help=True)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="One of `swipefl keyboards list`.")]
CELLS = (4, 3, 2)  # of a terminal, for the width of a key: as many as there is room for


@app.command("list")
def list_keyboards(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the keyboards that are known, those of your own last."""
    known = device_of(home).keyboards.list()
    if as_json:
        emit({"keyboards": list(map(_fields, known))})
        return
    shown = table("name", prose("languages"), number("keys"), "")
    for keyboard in known:
        whose = "your own" if keyboard.own else ""
        shown.add_row(keyboard.name, _tags(keyboard.languages), str(keyboard.keys), whose)
    console().print(shown)


@app.command("show")
def show(name: NameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show one keyboard: as JSON, or drawn on a terminal."""
    keyboard = device_of(home).keyboards.show(name)
    if as_json:
        emit(keyboard.to_json())
    else:
        screen = console()
        screen.print(_fitting(keyboard, screen.width), soft_wrap=True)


@app.command("add")
def add(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="Its keys, with their places.")] = None,
    rows: Annotated[
        str | None, typer.Option(help='Rows of letters instead, such as "azertyuiop qsdfghjklm wxcvbn".')
    ] = None,
    language: Annotated[str | None, typer.Option(help="What is written on it: de, or de,en; else yours.")] = None,
    name: Annotated[str | None, typer.Option(help="Its name; else what the file says.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a keyboard known, by a file or by its rows.

    A file is JSON with width, height and keys, each with letter, x, y, width, height; many other programs' files are
    read too. Keys that type no letter are left out, and named.
    """
    added = device_of(home).keyboards.add(file, rows, language, name)
    if as_json:
        emit(_fields(added))
        return
    note(f"keyboard {added.name!r} is known now: {added.keys} letter keys, for {_tags(added.languages)}")
    if added.left_out:
        note(f"left out, since they type no letter: {', '.join(added.left_out)}")


@app.command("remove")
def remove(name: NameArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Forget a keyboard of your own that no stored swipe was made on."""
    device_of(home).keyboards.remove(name)
    if as_json:
        emit({"removed": name})
    else:
        note(f"keyboard {name!r} is no longer known")


def _fitting(keyboard: "Keyboard", columns: int) -> str:
    """A keyboard drawn as large as there is room for."""
    from rich.cells import cell_len

    pictures = (drawn(keyboard, cells) for cells in CELLS)
    return next(
        (each for each in pictures if max(map(cell_len, each.split("\n"))) <= columns), drawn(keyboard, CELLS[-1])
    )


def drawn(keyboard: "Keyboard", cells: int = CELLS[0]) -> str:
    """A keyboard's letters where their keys are; what one key types with and without shift stands together."""
    import statistics

    from rich.cells import cell_len

    rows = list(map(_texts, _rows(keyboard)))
    widest = max(cell_len(text) for row in rows for text in row.values())
    cell = statistics.median(key.width for key in keyboard.keys) / max(cells, widest + 1)
    return "\n\n".join(_line(row, cell) for row in rows)


def _rows(keyboard: "Keyboard") -> "list[list[Key]]":
    rows: list[list[Key]] = []
    for key in sorted(keyboard.keys, key=lambda key: key.y):
        if not rows or key.y - rows[-1][0].y > key.height / 2:
            rows.append([])
        rows[-1].append(key)
    return rows


def _texts(row: "Iterable[Key]") -> dict[float, str]:
    """What stands at each x."""
    texts: dict[float, str] = {}
    for key in sorted(row, key=lambda key: key.x):
        texts[key.x] = texts.get(key.x, "") + _legible(key.letter)
    return texts


def _line(texts: dict[float, str], cell: float) -> str:
    from rich.cells import cell_len

    line, used = "", 0
    for x, text in texts.items():
        gap = max(int(x / cell) - used, 1 if used else 0)
        line, used = line + " " * gap + text, used + gap + cell_len(text)
    return line


def _legible(letter: str) -> str:
    """A letter as it stands alone: a mark on a circle, and one of a script from the right kept in its place."""
    import unicodedata

    if unicodedata.category(letter).startswith("M"):
        letter = "\N{DOTTED CIRCLE}" + letter
    from_right = unicodedata.bidirectional(letter[-1]) in ("R", "AL")
    return f"\N{LEFT-TO-RIGHT MARK}{letter}\N{LEFT-TO-RIGHT MARK}" if from_right else letter


def _tags(languages: "Sequence[str]") -> str:
    return printable(", ".join(languages)) or "yours"


def _fields(report: "KeyboardReport") -> dict[str, Any]:
    return {name: value for name, value in asdict(report).items() if value is not None}
