"""What the commands share: two options, output and input, the store of a home, signals."""

import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from swipefl.cli.rendering import printable
from swipefl.errors import UsageError

if TYPE_CHECKING:
    from swipefl.gesture.keyboard import Keyboard
    from swipefl.settings import Settings
    from swipefl.store.store import Store

HomeOption = Annotated[Path | None, typer.Option("--home", help="The folder of the store; else SWIPEFL_HOME.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on one line.")]


def emit(data: Mapping[str, Any]) -> None:
    """One JSON object on one line of standard output, flushed."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def note(message: str) -> None:
    """A line for the person, on standard error."""
    typer.echo(printable(message), err=True)


def standard_input() -> BinaryIO:
    """Standard input; a person who is to type it is told."""
    if sys.stdin.isatty():
        note("reading gestures from the terminal, one JSON object a line; Ctrl-D ends")
    return sys.stdin.buffer


def store_of(home: Path | None, **flags: Any) -> "tuple[Settings, Store]":
    """Settings, and the store of their home, opened and made where it is missing."""
    from swipefl.settings import configure_logging, load_settings
    from swipefl.store.store import Store

    settings = load_settings(home, **flags)
    configure_logging(settings)
    return settings, Store(settings.home / "swipefl.db")


def keyboard_of(name_or_file: str, find: "Callable[[str], Keyboard]") -> "Keyboard":
    """The keyboard of a name, or of a JSON file. Raises UsageError."""
    from swipefl.gesture.keyboard import keyboard_from_json

    path = Path(name_or_file)
    if not path.is_file():
        return find(name_or_file)
    try:
        return keyboard_from_json(json.loads(path.read_text("utf-8")), name=path.stem)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the keyboard file {path}: {error}") from error


@contextmanager
def signals() -> Iterator[Callable[[], int | None]]:
    """Notes SIGINT and SIGTERM instead of dying, and says which came, so that work can stop at a safe moment."""
    caught: list[int] = []
    handlers = {
        s: signal.signal(s, lambda signum, frame: caught.append(signum)) for s in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: caught[0] if caught else None
    finally:
        for signum, handler in handlers.items():
            signal.signal(signum, handler)
