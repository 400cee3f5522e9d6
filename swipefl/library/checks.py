"""What a caller of the library gave, where types alone keep nobody from giving something else."""

import datetime
import math
from operator import index
from os import PathLike
from pathlib import Path
from typing import SupportsIndex

from swipefl.errors import UsageError
from swipefl.federation.protocol.bounds import check
from swipefl.settings.sources import can_be_a_name


def check_texts(may_lack: bool = False, /, **given: object) -> None:
    """Raises UsageError for what is no text, and not None where it `may_lack`."""
    for name, value in given.items():
        if not isinstance(value, str) and not (may_lack and value is None):
            raise UsageError(
                "no-text", "{name} is a text, and no {kind}", name=name.replace("_", " "), kind=type(value).__name__
            )


def check_whole(name: str, value: object, least: int, most: float = math.inf) -> None:
    """Raises UsageError for what is no whole number of these."""
    if not isinstance(value, SupportsIndex) or isinstance(value, bool):
        raise UsageError("no-number", "{name} is a whole number, and no {kind}", name=name, kind=type(value).__name__)
    check(name, index(value), least, most)


def check_day(before: object) -> None:
    """Raises UsageError for what is no day and no time."""
    if not isinstance(before, datetime.date | None):
        raise UsageError(
            "no-day", "before is a datetime.date or a datetime.datetime, and no {kind}", kind=type(before).__name__
        )


def path_of(given: str | PathLike[str]) -> Path:
    """A path. Raises UsageError for what no file can be called."""
    if not isinstance(given, str) and not (isinstance(given, PathLike) and isinstance(given.__fspath__(), str)):
        raise UsageError("no-path", "a path is a text or a Path, and no {kind}", kind=type(given).__name__)
    if not str(given):  # as of a variable that is not set: it would be the folder that the program runs in
        raise UsageError("no-path", "an empty path names no file")
    if not can_be_a_name(given):
        raise UsageError("no-path", "no file can have that name")
    return Path(given)
