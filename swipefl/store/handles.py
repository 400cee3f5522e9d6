"""Names of gestures: ids, which loggers reuse, and handles, which are of one gesture alone."""

import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

HANDLE = 12  # hexadecimal digits of a trace's hash
LEAST_DIGITS = 6  # of a handle that is cut short
TRACE = 32  # digits of a whole hash


@dataclass(frozen=True)
class Choice:
    """A gesture that an id may stand for; `stored_at` in unix seconds."""

    handle: str
    stored_at: float
    keyboard: str

    def __str__(self) -> str:
        stored = datetime.fromtimestamp(self.stored_at).strftime("%Y-%m-%d %H:%M")
        return f"{self.handle} of {stored} on {self.keyboard}"


def choices_of(found: Iterable[tuple[bytes, float, str]]) -> list[Choice]:
    """Traces with the time and the keyboard of each; called by all of their hashes where a part is the same."""
    rows = list(found)
    handles = [handle_of(trace) for trace, _, _ in rows]
    if len(set(handles)) < len(rows):
        handles = [trace.hex() for trace, _, _ in rows]
    return [Choice(handle, at, keyboard) for handle, (_, at, keyboard) in zip(handles, rows, strict=True)]


def handle_of(trace: bytes) -> str:
    """What a gesture is called by its trace."""
    return trace.hex()[:HANDLE]


def meanings(name: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """What `name` may mean, as conditions on gestures, the strongest first: a handle, an id, how one begins.

    A handle comes first: there must be one name by which each gesture is found, whatever ids there are. No name, as of
    a variable that is not set, means nothing, and not any gesture.
    """
    if not name:
        return
    by_trace, digits = "trace BETWEEN ? AND ?", name.lower()
    ends = tuple(bytes.fromhex(digits.ljust(TRACE, filler)) for filler in "0f") if _is_hash(digits) else ()
    if ends and len(name) >= HANDLE:
        yield by_trace, ends
    yield "id = ?", (name,)
    by_id = "id >= ? AND substr(id, 1, length(?)) = ?"
    if ends:
        yield f"{by_trace} OR ({by_id})", (*ends, *[name] * 3)
    else:
        yield by_id, (name,) * 3


def _is_hash(name: str) -> bool:
    digits = set(string.digits + "abcdef")
    return LEAST_DIGITS <= len(name) <= TRACE and digits.issuperset(name)
