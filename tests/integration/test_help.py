"""`--help` of every command: plain, there, and without the heavy imports."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from swipefl.cli.app import app
from tests.support.command import environment

HEAVY = ("torch", "grpc", "numpy", "sqlite_utils", "pydantic", "rich")
CODE = """
import sys
from swipefl.cli.app import app
try: app(sys.argv[1:], prog_name="swipefl")
except SystemExit: pass
loaded = [name for name in {heavy} if name in sys.modules]
assert not loaded, loaded
"""


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and group."""
    yield ()
    for group in app.registered_groups:
        assert group.name
        assert isinstance(group.typer_instance, typer.Typer)
        yield (group.name,)
        yield from ((group.name, command.name or "") for command in group.typer_instance.registered_commands)
    for command in app.registered_commands:
        assert command.callback
        yield (command.callback.__name__,)


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help_is_there_and_light(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(heavy=HEAVY), *words, "--help"],
        env=environment(tmp_path, COLUMNS="80"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(" ".join(("Usage: swipefl", *words)))
    assert len(done.stdout.splitlines()) > 4
    assert "..." not in done.stdout.partition("Commands:")[2], "a command's first sentence is too long for the list"
