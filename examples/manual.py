"""Writes examples/man/: a manual page a command, out of its help and its examples.

`python -m examples.manual` writes them, with `--check` they are only compared. The wheel has them in share/man/man1.
"""

import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from swipefl import __version__
from swipefl.cli.app import app
from swipefl.cli.examples import EXAMPLES
from swipefl.settings.homes import COORDINATOR_PREFIX, PREFIX
from swipefl.settings.meanings import COORDINATOR, DEVICE

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).with_name("man")
COMMANDS = Path(__file__).with_name("COMMANDS.md")
DATE = "2026-11-26"  # when what every page says was last changed
MOST_LETTERS = 70  # of a line of prose
HERE = "Written by examples/manual.py out of the command's help."


def main() -> int:
    """Writes the pages, or says whether they are what there is."""
    wanted = dict(pages())
    if "--check" not in sys.argv[1:]:
        FOLDER.mkdir(exist_ok=True)
        for path in set(FOLDER.iterdir()) - {FOLDER / name for name in wanted}:
            path.unlink()
        for name, text in wanted.items():
            (FOLDER / name).write_text(text, "utf-8")
    elif {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()} != wanted:
        sys.stderr.write("examples/man is not what the commands' help says: python -m examples.manual\n")
        return 1
    return 0


def pages() -> Iterator[tuple[str, str]]:
    """The name and the text of each page: one of all, one a command, and a group's commands on one."""
    root: Any = typer.main.get_command(app)
    names = list(root.commands)
    yield "swipefl.1", whole(root, names)
    for name, command in root.commands.items():
        page = (*head(f"swipefl-{name}", command), *body(f"swipefl {name}", command), *foot(["swipefl"]))
        yield f"swipefl-{name}.1", "\n".join(page)


def whole(root: Any, names: list[str]) -> str:
    """The page of all: its commands, what the environment says, files, exit codes."""
    commands = ((f"swipefl-{name}(1)", root.commands[name].get_short_help_str(1000)) for name in names)
    files = (("swipefl.db", "the store"), ("config.toml", "settings"), ("coordinator.db", "a coordinator's state"))
    variables = [(f"{PREFIX}{name}".upper(), meaning) for name, meaning in DEVICE.items()]
    variables += [(f"{COORDINATOR_PREFIX}{name}".upper(), meaning) for name, meaning in COORDINATOR.items()]
    return "\n".join(
        [
            *head("swipefl", root),
            *body("swipefl", root),
            ".SH COMMANDS",
            *terms(commands),
            ".SH ENVIRONMENT",
            prose(
                "Each setting is a flag where a command has one, else a variable, else a line of a file in the home."
            ),
            *terms(variables),
            ".SH FILES",
            *terms(files),
            ".SH EXIT STATUS",
            *terms(exit_codes()),
            *foot([f"swipefl-{name}" for name in names]),
        ]
    )


def exit_codes() -> Iterator[tuple[str, str]]:
    """The table of COMMANDS.md."""
    _, _, table = COMMANDS.read_text("utf-8").partition("| exit code | meaning |\n|---|---|\n")
    for row in table.partition("\n\n")[0].splitlines():
        code, meaning = row.strip("| ").split(" | ")
        yield code, meaning


def head(name: str, command: Any) -> Iterator[str]:
    """What a page begins with."""
    yield f'.\\" {HERE}'
    yield f'.TH {name.upper()} 1 "{DATE}" "swipefl {__version__}" "swipefl"'
    yield ".SH NAME"
    yield prose(f"{name} - {command.get_short_help_str(1000).rstrip('.')}")


def body(path: str, command: Any) -> Iterator[str]:
    """How a command is called, what it does, its options and examples, and of a group those of its commands."""
    yield ".SH SYNOPSIS"
    yield from synopsis(path, command)
    yield ".SH DESCRIPTION"
    yield from told(command)
    yield ".SH OPTIONS"
    yield from parameters(path, command)
    for name, below in getattr(command, "commands", {}).items() if path != "swipefl" else ():
        yield f'.SH "{path} {name}"'.upper()
        yield from synopsis(f"{path} {name}", below)
        yield ".PP"
        yield from told(below)
        yield from parameters(f"{path} {name}", below)
        yield ".SS Examples"
        yield from examples(f"{path} {name}")
    yield ".SH EXAMPLES"
    yield from examples(path)


def synopsis(path: str, command: Any) -> Iterator[str]:
    """The words of a command line."""
    yield f".B {plain(path)}"
    yield plain(" ".join(command.collect_usage_pieces(context(path, command))))


def told(command: Any) -> Iterator[str]:
    """What a command's help says, paragraph by paragraph."""
    for number, paragraph in enumerate(inspect.cleandoc(command.help or "").split("\n\n")):
        if number:
            yield ".PP"
        yield prose(paragraph)


def parameters(path: str, command: Any) -> Iterator[str]:
    """Arguments and options, with what they mean."""
    asked = context(path, command)
    for each in command.get_params(asked):
        record = each.get_help_record(asked)
        if record:
            yield from terms([record])


def examples(path: str) -> Iterator[str]:
    """Lines for a shell, and what each does."""
    for number, (line, does) in enumerate(EXAMPLES.get(path, ())):
        yield ".PP" if number else '.\\" each of them is a line for a shell'
        yield prose(f"{does[0].upper()}{does[1:]}:")
        yield f".PP\n.RS 4\n.EX\n{plain(line)}\n.EE\n.RE"


def terms(known: Any) -> Iterator[str]:
    """Names, and what each is."""
    for name, means in known:
        yield f".TP\n.B {plain(name)}\n{prose(means)}"


def foot(names: list[str]) -> Iterator[str]:
    """What a page ends with: where else to look."""
    yield ".SH SEE ALSO"
    yield ",\n".join(f".BR {plain(name)} (1)" for name in names) + "\n"


def context(path: str, command: Any) -> Any:
    """Of a command that is not run."""
    return command.make_context(path, [], resilient_parsing=True, help_option_names=["-h", "--help"])


def prose(text: str) -> str:
    """Text that goes on below."""
    return plain(textwrap.fill(" ".join(text.split()), MOST_LETTERS, break_long_words=False, break_on_hyphens=False))


def plain(text: str) -> str:
    """Text in which nothing means anything to a formatter of pages."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in escaped.split("\n"))


if __name__ == "__main__":
    sys.exit(main())
