"""What importers hand out: gestures that could be read, and lines that could not."""

from dataclasses import dataclass
from typing import Any

import orjson

from swipefl.errors import RejectedLine
from swipefl.gesture.gesture import Gesture


@dataclass(frozen=True)
class Reading:
    """A gesture that begins at `line`; `word` is folded, None where unlabelled; `suspect` if the file says so."""

    line: int
    gesture: Gesture
    word: str | None
    suspect: bool = False


@dataclass(frozen=True)
class Rejected:
    """A line that holds no usable gesture; `text` is only ever written to the file that the person asked for."""

    line: int
    reason: str
    message: str
    text: bytes = b""


def parsed(text: bytes) -> Any:
    """The JSON value of a line. Raises RejectedLine: `not-finite` for NaN and infinities, else `broken-json`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if any(name in text for name in (b"NaN", b"Infinity")):
            raise RejectedLine("not-finite", "x, y and t must be finite numbers") from None
        raise RejectedLine("broken-json", "the line is not valid JSON") from None
