"""What the commands share: two options, output and input, the store of a home, signals."""

import json
import logging
import os
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
    try:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        drop_output()
        raise typer.Exit from None


def drop_output() -> None:
    """Send what is still buffered nowhere, or Python would fail on it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def note(message: str, level: int = logging.INFO) -> None:
    """A sentence on standard error; where the log is JSON and no person watches, a line of it."""
    if not sys.stderr.isatty():
        import structlog

        from swipefl.settings import logs_json

        if logs_json():
            structlog.get_logger().log(level, message)
            return
    typer.echo(printable(message), err=True)


def log(event: str, **facts: object) -> None:
    """A line for the journal on standard error, unless a person watches it; facts that are None are left out."""
    if sys.stderr.isatty():
        return
    import structlog

    from swipefl.settings import configure_logging

    if not structlog.is_configured():
        configure_logging(as_json=False)
    known = {name: round(fact, 4) if isinstance(fact, float) else fact for name, fact in facts.items()}
    structlog.get_logger().info(event, **{name: fact for name, fact in known.items() if fact is not None})


def standard_input() -> BinaryIO:
    """Standard input; a person who is to type it is told."""
    if sys.stdin.isatty():
        note("reading gestures from the terminal, one JSON object a line; Ctrl-D ends")
    return sys.stdin.buffer


def settings_of(home: Path | None, **flags: Any) -> "Settings":
    """The settings in force, those of the log among them."""
    from swipefl.settings import configure_logging, load_settings

    settings = load_settings(home, **flags)
    if settings.log == "json":  # else not before there is a line to log: structlog takes longer to load than a store
        configure_logging(as_json=True)
    return settings


def store_of(home: Path | None, **flags: Any) -> "tuple[Settings, Store]":
    """Settings, and the store of their home, opened and made where it is missing."""
    from swipefl.store.store import Store

    settings = settings_of(home, **flags)
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
