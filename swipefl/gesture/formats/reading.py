"""What importers hand out: gestures that could be read, and lines that could not.

`resume` is set on what stands at the end of its stream and looks unfinished: the byte at which it begins, to read on
from when more has been written.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from swipefl.errors import DataError, RejectedLine, Remedy, UsageError
from swipefl.gesture.gesture import Gesture, checked_word
from swipefl.gesture.keyboard import Given, Keyboard, given_keyboard
from swipefl.gesture.language import Languages, tags_in

MOST_BRACKETS = 1 << 19  # that open: the shortest points are one every 20 bytes of at most 8 MB
FORMATS = ("swipefl", "how-we-swipe", "neuroswipe", "futo", "heliboard", "cleverkeys", "table")
MOST_KEPT = 1 << 16  # bytes of a keyboard that is remembered until the next
_HEX = rb"[\da-fA-F]{2}"
_HIGH, _LOW = rb"u[dD][89abAB]" + _HEX, rb"u[dD][c-fC-F]" + _HEX
ESCAPES = re.compile(rb"\\(?:" + _HIGH + rb"\\" + _LOW + rb"|(" + _HIGH + rb"|" + _LOW + rb")|.)", re.DOTALL)


@dataclass(frozen=True)
class Reader:
    """What is known of a stream before it is read: its name, and what its caller said of it.

    `keyboard` is that of gestures that do not say, `find` knows the others by name. With `by_line` somebody waits for
    what each line gives: behind one that fits a format, none that breaks off is the beginning of a document.
    """

    name: str
    format: str | None
    keyboard: Keyboard | None
    find: Callable[[str], Keyboard]
    by_line: bool = False


@dataclass(frozen=True)
class Reading:
    """A gesture that begins at `line`; `word` is the written one, None where unlabelled; `suspect` if the file says so.

    `by_hand` says that its owner set the word, as an export does. `fault` says why a word that is there cannot be used:
    for a prediction it does not matter. `text` is the line, as a rejected one's is; `fields` are what it says, as they
    came, or what a table's first row does. One that is `partial` is not over yet: it may be answered, and no more, and
    what its line may call its word is none.
    """

    line: int
    gesture: Gesture
    word: str | None
    suspect: bool = False
    resume: int | None = None
    fault: RejectedLine | None = None
    text: bytes = b""
    by_hand: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    taken: bool = False
    partial: bool = False


@dataclass(frozen=True)
class Rejected:
    """A line that holds no usable gesture; `text` is only ever written to the file that the person asked for.

    `unknown` is one before which nothing of its file fitted a format: if nothing behind it does, the file has none.
    `gesture_id` is what it gives as that, as it came.
    """

    line: int
    fault: RejectedLine
    text: bytes = b""
    resume: int | None = None
    unknown: bool = False
    taken: bool = False
    gesture_id: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Deletion:
    """A line that takes a gesture back: the one of `trace`, else the one that a line of that id was last about."""

    line: int
    gesture_id: str
    trace: bytes | None = None
    text: bytes = b""
    fields: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class OwnWord:
    """A line of an export: a word that its owner dealt with by hand; `state` is added, removed or hidden.

    One that is `alike` stands for all that are spelled so.
    """

    line: int
    word: str
    language: str
    state: str
    alike: bool = False
    text: bytes = b""


@dataclass(frozen=True)
class OwnKeyboard:
    """A line of an export: a keyboard that its owner made known; or one of a file of grids, whose names are its own."""

    line: int
    keyboard: Keyboard
    text: bytes = b""
    of_grids: bool = False


@dataclass(frozen=True)
class Private:
    """What a line of a password field says: it may be answered, and nothing may keep, count or show it.

    It is no `Reading`, so that whoever did not think of it passes it over. A trace that was stored before, when it was
    not yet called private, stays.
    """

    entry: "Entry"


def labelled(word: Any, keyboard: Keyboard, languages: Languages = ()) -> tuple[str | None, RejectedLine | None]:
    """A line's word, as it is written; or None, and what is wrong with it where it has one."""
    try:
        return (None if word is None else checked_word(word, keyboard, languages)), None
    except RejectedLine as fault:
        return None, fault


def are_points(value: Any) -> bool:
    """Whether something is a list of points: objects with x, y and t."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and value[0].keys() >= {"x", "y", "t"}


def axes_of(points: Any, field: str, time: str = "t") -> tuple[list[Any], list[Any], list[Any]]:
    """x, y and time of each point of `field`. Raises RejectedLine, `no-points`."""
    if not isinstance(points, list):
        raise RejectedLine("no-points", "the line has no list `{field}`", field=field)
    try:
        return [p["x"] for p in points], [p["y"] for p in points], [p[time] for p in points]
    except (KeyError, TypeError):
        raise RejectedLine(
            "no-points", "every point of `{field}` needs x, y and {time}", field=field, time=time
        ) from None


def seconds_of(times: list[Any]) -> list[float]:
    """Milliseconds as seconds from the first. Raises RejectedLine, `not-a-number`."""
    try:
        return [(time - times[0]) / 1000 for time in times]
    except (TypeError, OverflowError):
        raise RejectedLine("not-a-number", "x, y and t must be numbers") from None


def languages_in(data: dict[str, Any]) -> Languages:
    """What an object says of its word's languages: `language` or `languages`."""
    said = data.get("languages")
    return tags_in(data.get("language") if said is None else said)


def carried(keyboard: Any) -> tuple[Keyboard, Languages]:
    """The keyboard that a line brings along, and what is written on it where it has no name. Raises RejectedLine.

    All lines of a file tend to bring the same.
    """
    try:
        given = given_keyboard(keyboard) if (text := _written(keyboard)) is None else _given(text)
    except UsageError as error:
        raise RejectedLine("unknown-keyboard", "{why}", why=error) from None
    return given.keyboard, () if given.keyboard.languages else given.languages


@lru_cache(maxsize=4)
def _given(text: bytes) -> Given:
    return given_keyboard(orjson.loads(text))


def _written(keyboard: Any) -> bytes | None:
    """What a keyboard is remembered by; None where it is too large or deep for that."""
    try:
        text = orjson.dumps(keyboard)
    except TypeError:
        return None
    return text if len(text) <= MOST_KEPT else None


def known(name: str, find: Callable[[str], Keyboard]) -> Keyboard:
    """The keyboard that a line names. Raises RejectedLine."""
    try:
        return find(name)
    except UsageError:
        raise RejectedLine("unknown-keyboard", "the keyboard is unknown", Remedy.ADD_KEYBOARD) from None


def is_private(value: Any) -> bool:
    """What a `private` of this value means: whatever is not plainly a no is a yes."""
    return value is not None and value is not False


def name_in(given: Any) -> str:
    """What an id or a user is called; empty where it is not. To JSON 7.0 is 7."""
    if isinstance(given, float) and abs(given) < 2**53 and given.is_integer():
        given = int(given)
    return str(given)[:200] if isinstance(given, str | int | float) else ""


Bare = Reading | Deletion | OwnWord | OwnKeyboard | Rejected
Entry = Bare | Private


def bare(entry: Entry) -> Bare:
    """What a line says, be it private or not."""
    while isinstance(entry, Private):
        entry = entry.entry
    return entry


def unreadable(name: str, error: OSError) -> DataError:
    """The error for a file or stream that the system does not let us read."""
    return DataError("unreadable", "cannot read {name}: {why}", Remedy.CHECK_PERMISSIONS, name=name, why=error.strerror)


def unknown_format() -> RejectedLine:
    """The error for what fits nothing."""
    return RejectedLine(
        "unknown-format", "this is of none of the formats that are read: {formats}", formats=", ".join(FORMATS)
    )


def _whole(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if escape[1] else escape[0]


def parsed(text: bytes) -> Any:
    """The JSON value of a line. Raises RejectedLine: `not-finite` for NaN and infinities, else `broken-json`.

    Half a character, as of a text that was cut within an emoji, is U+FFFD.
    `long-document` where it has so many brackets that its objects take hundreds of megabytes.
    """
    if len(text) > MOST_BRACKETS and text.count(b"{") + text.count(b"[") > MOST_BRACKETS:
        raise RejectedLine("long-document", "a document may have {most} objects and lists at most", most=MOST_BRACKETS)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        whole = ESCAPES.sub(_whole, text)
        if whole != text:
            return parsed(whole)
        if any(name in text for name in (b"NaN", b"Infinity")):
            raise RejectedLine("not-finite", "x, y and t must be finite numbers") from None
        raise RejectedLine("broken-json", "the line is not valid JSON") from None
