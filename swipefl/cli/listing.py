"""How help looks: a group lists its commands, and each command has examples."""

import re
import textwrap
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from swipefl.cli.examples import EXAMPLES

Function = TypeVar("Function", bound=Callable[..., Any])
WHOLE = 1000  # letters, which no first sentence has
# Help is plain here. Some versions of typer load rich all the same, and escape for it what a default is shown in.
typer.core.HAS_RICH = False


class Commands(TyperGroup):
    """A group that lists its commands with their whole first sentences, which go on below where there is no room."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the list."""
        known = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(WHOLE)) for name, each in known if each])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Writes the examples."""
        _write_examples(ctx.command_path, formatter)


class Command(TyperCommand):
    """A command whose help says what its arguments are, and ends with examples."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes arguments and options."""
        hints = get_type_hints(self.callback, include_extras=True)
        arguments: list[Any] = [each for each in self.params if each.param_type_name == "argument"]
        for argument in arguments:  # older typer tells newer click too early, which forgets it
            for told in getattr(hints.get(argument.name), "__metadata__", ()):
                argument.help = told.help
        super().format_options(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Writes the examples."""
        _write_examples(ctx.command_path, formatter)


class Application(typer.Typer):
    """Commands whose help has examples."""

    def command(self, name: str | None = None, **options: Any) -> Callable[[Function], Function]:
        """As typer does it."""
        return super().command(name, **{"cls": Command, **options})


def _write_examples(path: str, formatter: Any) -> None:
    with formatter.section("Examples"):
        for line, does in EXAMPLES.get(path, ()):
            for part in _parts(line, formatter.width - formatter.current_indent):
                formatter.write(f"{'':{formatter.current_indent}}{part}\n")
            indent = " " * (formatter.current_indent + 4)
            formatter.write(
                textwrap.fill(does, formatter.width, initial_indent=indent, subsequent_indent=indent) + "\n"
            )


def _parts(line: str, width: int) -> list[str]:
    """A line for a shell, which goes on below where there is no room for it, as shells take it."""
    if len(line) <= width:
        return [line]
    whole = re.sub(r"\"[^\"]*\"", lambda quoted: quoted[0].replace(" ", "\0"), line)  # a break would be a part of it
    parts = textwrap.wrap(whole, width - 2, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return [part.replace("\0", " ") + (" \\" if part != parts[-1] else "") for part in parts]
