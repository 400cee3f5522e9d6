"""The list of commands in a group's help."""

from typing import Any

from typer.core import TyperGroup

WHOLE = 1000  # letters, which no first sentence has


class Commands(TyperGroup):
    """A group that lists its commands with their whole first sentences, which go on below where there is no room."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Writes the list."""
        known = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(WHOLE)) for name, each in known if each])
