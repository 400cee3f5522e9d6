"""What importers hand out: gestures that could be read, and lines that could not.

`resume` is set on what stands at the end of its stream and looks unfinished: the byte at which it begins, to read on
from when more has been written.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from swipefl.errors import DataError, RejectedLine, Remedy, UsageError
from swipefl.gesture.gesture import Gesture, checked_word
from swipefl.gesture.keyboard import Keyboard, keyboard_from_json


@dataclass(frozen=True)
class Reading:
    """A gesture that begins at `line`; `word` is folded, None where unlabelled; `suspect` if the file says so.

    `fault` says why a word that is there cannot be used: for a prediction it does not matter. `text` is the line, as a
    rejected one's is.
    """

    line: int
    gesture: Gesture
    word: str | None
    suspect: bool = False
    resume: int | None = None
    fault: RejectedLine | None = None
    text: bytes = b""


@dataclass(frozen=True)
class Rejected:
    """A line that holds no usable gesture; `text` is only ever written to the file that the person asked for."""

    line: int
    fault: RejectedLine
    text: bytes = b""
    resume: int | None = None


@dataclass(frozen=True)
class OwnWord:
    """A line of an export: a word that its owner dealt with by hand; `state` is added, removed or hidden."""

    line: int
    word: str
    language: str
    state: str
    text: bytes = b""


@dataclass(frozen=True)
class OwnKeyboard:
    """A line of an export: a keyboard that its owner made known."""

    line: int
    keyboard: Keyboard
    text: bytes = b""


@dataclass(frozen=True)
class Private:
    """What a line of a password field says: it may be answered, and nothing may keep, count or show it.

    It is no `Reading`, so that whoever did not think of it passes it over. A trace that was stored before, when it was
    not yet called private, stays.
    """

    entry: "Entry"


def labelled(word: Any, keyboard: Keyboard) -> tuple[str | None, RejectedLine | None]:
    """A line's word, folded; or None, and what is wrong with it where it has one."""
    try:
        return (None if word is None else checked_word(word, keyboard)), None
    except RejectedLine as fault:
        return None, fault


def carried(keyboard: Any) -> Keyboard:
    """The keyboard that a line brings along. Raises RejectedLine."""
    try:
        return keyboard_from_json(keyboard)
    except UsageError as error:
        raise RejectedLine("unknown-keyboard", "{why}", why=error) from None


def is_private(value: Any) -> bool:
    """What a `private` of this value means: whatever is not plainly a no is a yes."""
    return value is not None and value is not False


Entry = Reading | OwnWord | OwnKeyboard | Rejected | Private


def unreadable(name: str, error: OSError) -> DataError:
    """The error for a file or stream that the system does not let us read."""
    return DataError("unreadable", "cannot read {name}: {why}", Remedy.CHECK_PERMISSIONS, name=name, why=error.strerror)


def parsed(text: bytes) -> Any:
    """The JSON value of a line. Raises RejectedLine: `not-finite` for NaN and infinities, else `broken-json`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if any(name in text for name in (b"NaN", b"Infinity")):
            raise RejectedLine("not-finite", "x, y and t must be finite numbers") from None
        raise RejectedLine("broken-json", "the line is not valid JSON") from None
