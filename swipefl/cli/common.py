"""What the commands share: two options, output and input, a device or a coordinator of a home, signals."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from swipefl.cli.rendering import console
from swipefl.errors import Interrupted, UsageError
from swipefl.jsonline import json_line
from swipefl.printable import printable
from swipefl.settings.homes import HOME, PREFIX

if TYPE_CHECKING:
    from types import FrameType

    from swipefl.gesture.language import Languages
    from swipefl.home import Home
    from swipefl.hosting import Coordinator
    from swipefl.library.device import Device
    from swipefl.settings.sources import Sourced
    from swipefl.stopping import Stop

HomeOption = Annotated[
    Path | None, typer.Option("--home", readable=False, help="The folder of the store; else SWIPEFL_HOME.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on one line.")]


def emit(data: Mapping[str, Any]) -> None:
    """One JSON object on one line of standard output."""
    write(json_line(data))


def write(text: str) -> None:
    """Text and a newline on standard output, flushed. Raises OutputLost."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def telling_choices(as_json: bool) -> Iterator[None]:
    """With --json, the gestures that an ambiguous id may stand for go to standard output too."""
    try:
        yield
    except UsageError as error:
        if as_json and error.code == "ambiguous-id":
            emit({"could_be": [asdict(choice) for choice in error.facts["could_be"]]})  # type: ignore[attr-defined]
        raise


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def say(text: str) -> None:
    """A sentence on standard output; what breaks its lines on a terminal takes long to load, and a pipe needs none."""
    if is_terminal():
        console().print(printable(text))
    else:
        write(printable(text))


def note(message: str, level: int = logging.INFO) -> None:
    """A sentence on standard error; where the log is JSON and no person watches, a line of it. A log file has both."""
    if not (_has_log() and _log_line(level, message)):
        typer.echo(printable(message), err=True)


def log(event: str, **facts: object) -> None:
    """A line of the log's file, and of a JSON log where no person watches; facts that are None are left out."""
    if not _has_log():
        return
    known = {name: round(fact, 4) if isinstance(fact, float) else fact for name, fact in facts.items()}
    _log_line(logging.INFO, event, **{name: fact for name, fact in known.items() if fact is not None})


def _has_log() -> bool:
    """Whether one was asked for. What writes it takes longer to load than a store, and is not loaded to ask."""
    return "structlog" in sys.modules


def _log_line(level: int, event: str, **facts: object) -> bool:
    from swipefl.settings.logs import log_line

    return log_line(level, event, **facts)


def source_of(path: str) -> Path | BinaryIO:
    """A file, or standard input for `-`; a person who is to type it is told."""
    if path != "-":
        return Path(path)
    if sys.stdin.isatty():
        note("reading gestures from the terminal, one JSON object a line; Ctrl-D ends")
    return sys.stdin.buffer


def home_of(home: Path | None, **flags: Any) -> "Home":
    """A device, put together out of its settings. Raises UsageError."""
    from swipefl.home import Home
    from swipefl.settings.device import load_settings
    from swipefl.settings.runs import this_run

    settings = load_settings(home, **flags)
    _take_up(settings)
    return Home(settings, _tell_of_languages, this_run, _tell_of_upgrade)


def device_of(home: Path | None, **flags: Any) -> "Device":
    """A device as the Python API gives it, put together out of its settings. Raises UsageError."""
    from swipefl.library.device import Device

    return Device(home_of(home, **flags), {"home": home, **flags})


def tell_of_no_home(home: Path | None, environment: Mapping[str, str] = os.environ) -> None:
    """Says on standard error that a home which was named is not there: who looks at another than was meant sees none.

    Nobody named the one that is the default, and before the first swipe it is not there.
    """
    from swipefl.settings.sources import meant_home

    variable = f"{PREFIX}{HOME}"
    named = "--home" if home else variable if environment.get(variable) else None
    if named and not (where := meant_home(home, environment)).exists():
        what = f"{where}, which {named} names, is not there: nothing was ever swiped in this home, or it is misspelled"
        note(what, logging.WARNING)


def device_whatever(home: Path | None, on_fault: Callable[[UsageError], None] = lambda error: None) -> "Device":
    """A device; one whose settings cannot be used with the usual ones, and `on_fault` hears what is wrong with them.

    For what is needed the more where something is broken. Raises UsageError where the home itself is wrong.
    """
    try:
        return device_of(home)
    except UsageError as error:
        from swipefl.home import Home
        from swipefl.library.device import Device
        from swipefl.settings.device import default_settings

        device = Device(Home(default_settings(home), on_upgrade=_tell_of_upgrade), {"home": home})
        on_fault(error)
        return device


def unused_settings(error: UsageError) -> None:
    """Says on standard error that the settings do not count, and why."""
    note(f"{error}; this goes on without your settings", logging.WARNING)


def _tell_of_upgrade() -> None:
    """Says on a terminal what is waited for, once an upgrade; a copy of the store is made, and all of it may change."""
    if sys.stderr.isatty():
        note("bringing the store of an older swipefl up to date, once: some seconds for each 100 MB of it")


def _tell_of_languages(languages: "Languages", source: str) -> None:
    """Says what was taken for the person's languages, and why."""
    reasons = {"default": "nothing says what you write in", "swipefl.db": "your system said so at first"}
    why = reasons.get(source, f"{source} says so")
    note(
        f"what names no language is taken to be {', '.join(languages)}: {why}; --language, or `languages` in "
        "config.toml, sets it"
    )


def coordinator_of(home: Path | None, **flags: Any) -> "Coordinator":
    """A coordinator, put together out of its settings. Raises UsageError."""
    from swipefl.hosting import coordinator_of

    hosted = coordinator_of(home, flags)
    _take_up(hosted.settings)
    return hosted


def coordinator_whatever(
    home: Path | None, on_fault: Callable[[UsageError], None] = lambda error: None
) -> "Coordinator":
    """A coordinator; one whose settings cannot be used with the usual ones, as `device_whatever` has a device."""
    try:
        return coordinator_of(home)
    except UsageError as error:
        from swipefl.hosting import Coordinator
        from swipefl.settings.coordinator import default_coordinator_settings

        hosted = Coordinator(default_coordinator_settings(home), {"home": home})
        on_fault(error)
        return hosted


def _take_up(settings: "Sourced") -> None:
    """Logs as the settings say, and tells of variables that only look like settings."""
    from swipefl.settings.sources import unknown_variables

    as_json = settings.log == "json"
    if as_json or settings.log_file:  # else there are no lines: what writes them takes longer to load than a store
        from swipefl.settings.logs import configure_logging

        configure_logging(as_json, settings.log_file, is_shown=as_json)
    for message in unknown_variables(type(settings)):
        note(message, logging.WARNING)


@contextmanager
def signals() -> "Iterator[Stop]":
    """The first SIGINT, SIGTERM or SIGHUP raises Interrupted where the work is; what this gives says so to who asks.

    A library may have caught what was raised, and work inside SQLite cannot be raised out of: so both. All that lands
    does so in transactions; out of an `unbroken` step nothing is raised. A signal that whoever started the command
    ignores, as `nohup` and shells' background jobs do, stays ignored.
    """
    from swipefl.stopping import is_unbroken

    caught: list[int] = []

    def catch(signum: int, frame: "FrameType | None") -> None:
        caught.append(signum)
        if len(caught) == 1 and not is_unbroken(frame):  # the next ones do not disturb what is cleared up
            raise Interrupted(signum)

    heard = [s for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) is not signal.SIG_IGN]
    handlers = {s: signal.signal(s, catch) for s in heard}
    try:
        yield lambda: Interrupted(caught[0]) if caught else None
    finally:
        for signum, handler in handlers.items():
            signal.signal(signum, handler)
