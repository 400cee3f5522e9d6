"""`swipefl completion`: the script by which a shell completes this command line."""

from enum import StrEnum
from importlib import resources
from typing import Annotated

import typer

from swipefl.cli.common import JsonOption, emit, write


class Shell(StrEnum):
    """Shells whose completion there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


SCRIPTS = {Shell.BASH: "swipefl.bash", Shell.ZSH: "_swipefl", Shell.FISH: "swipefl.fish"}


def completion(shell: Annotated[Shell, typer.Argument(help="The shell.")], as_json: JsonOption = False) -> None:
    """Print a script that lets a shell complete commands, options, ids and words."""
    name = SCRIPTS[shell]
    text = resources.files("swipefl.cli").joinpath("shells", name).read_text("utf-8")
    if as_json:
        emit({"shell": shell.value, "file": name, "text": text})
    else:
        write(text.removesuffix("\n"))
