"""`swipefl config` and `swipefl coordinator config`: every setting, its value, where that comes from, what it means."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, write
from swipefl.cli.rendering import console, prose, table
from swipefl.settings.meanings import DEVICE

if TYPE_CHECKING:
    from swipefl.settings.sources import Setting, Sourced

DefaultOption = Annotated[bool, typer.Option("--default", help="Print a file of all defaults, commented out.")]


def config(default: DefaultOption = False, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show every setting. Its value, where that comes from, and what it means."""
    from swipefl.settings.device import Settings

    if default:
        show_default(Settings, DEVICE, as_json)
    else:
        show_settings(device_of(home).config(), as_json)


def show_settings(known: "Sequence[Setting]", as_json: bool) -> None:
    """The settings in force, as a table or as JSON."""
    from dataclasses import asdict

    if as_json:
        emit({"settings": [asdict(setting) for setting in known]})
    else:
        _render(known)


def show_default(kind: "type[Sourced]", meanings: Mapping[str, str], as_json: bool) -> None:
    """A file that changes nothing, to begin one's own with."""
    from swipefl.settings.sources import commented

    text = commented(kind, meanings)
    if as_json:
        emit({"file": kind.file_name, "text": text})
    else:
        write(text)


def _render(known: "Sequence[Setting]") -> None:
    shown = table("setting", prose("value"), "from", prose("meaning", least=30))
    for setting in known:
        value = "" if setting.value is None else str(setting.value)
        shown.add_row(setting.name, value, setting.source, setting.meaning)
    console().print(shown)
