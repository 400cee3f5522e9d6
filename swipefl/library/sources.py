"""What a caller gives as swipes: paths, and lines of its own, which are read as those of a file are."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import orjson

from swipefl.errors import RejectedLine, UsageError
from swipefl.library.checks import path_of

Line: TypeAlias = "Mapping[str, Any] | str | bytes"
"""A gesture as a keyboard appends it to swipes.jsonl: a dict, or the text of one line.

It has `coords`, a list of `{"x", "y", "t"}` with t in seconds, and `width` and `height` of the keyboard in the units of
x and y, or a `keyboard` by its name; where they are known also `word`, `before`, `language`, `gesture_id`, `user`; and
`private`, where nothing may keep it.
"""

Source: TypeAlias = "str | PathLike[str] | Line | Iterable[Line | PathLike[str]]"
"""A path, a line, or any number of them. A text is a line where it begins or ends as one, else the name of a file."""

NAME = "the lines given"  # what errors call them, as they do a file
_HOW = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def sources_of(given: Source) -> Iterator[Path | BinaryIO]:
    """The paths, and what stands between them as streams, in order; each stream is read to its end before the next.

    A text is a line where it begins or ends as one, else a path. Raises UsageError for what is neither.
    """
    items: object = (given,) if _is_one(given) else given
    if not isinstance(items, Iterable):
        raise UsageError(
            "no-swipes", "swipes are a path, a line, or an iterable of them, and no {kind}", kind=_kind(given)
        )
    for are_paths, group in groupby(items, _is_path):
        if are_paths:
            for path in group:
                yield path_of(cast("str | PathLike[str]", path))
        else:
            yield cast(BinaryIO, io.BufferedReader(_Lines(group)))


def line_of(gesture: Line) -> bytes:
    """A gesture's line, as a file would have it. Raises RejectedLine for what JSON cannot say."""
    if isinstance(gesture, str):
        return gesture.encode("utf-8", "replace")
    if isinstance(gesture, bytes | bytearray | memoryview):
        return bytes(gesture)
    said = dict(gesture) if isinstance(gesture, Mapping) else gesture
    try:
        with suppress(TypeError):
            return orjson.dumps(said, option=_HOW)
        return json.dumps(said).encode()  # half a character, too, as of a text that was cut within an emoji
    except (TypeError, ValueError, RecursionError):
        raise RejectedLine("broken-json", "a gesture has texts, numbers, lists and dicts alone") from None


class _Lines(io.RawIOBase):
    """Lines that are made when they are read, as bytes."""

    name = NAME

    def __init__(self, lines: Iterator[object]) -> None:
        self._lines = lines
        self._left = b""

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer with what is left of a line, else with the next one; 0 at the end."""
        if not self._left:
            self._left = next(map(_text, self._lines), b"")
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


def _text(line: object) -> bytes:
    """A line with its newline; of what is none a line that the importers reject, in its place."""
    try:
        text = line_of(cast(Line, line))
    except RejectedLine:
        text = b'{"coords": ?}'
    return text if text.endswith(b"\n") else text + b"\n"


def _is_one(given: object) -> bool:
    return isinstance(given, Mapping | str | bytes | bytearray | memoryview | PathLike)


def _is_path(item: object) -> bool:
    """Whether it is the name of a file: no text that begins as JSON does, and no line that was read of a file."""
    if not isinstance(item, str):
        return isinstance(item, PathLike)
    return not item.endswith("\n") and item.lstrip("\ufeff \t")[:1] not in ("{", "[")


def _kind(given: object) -> str:
    return type(given).__name__
