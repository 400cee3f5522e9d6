"""Names of gestures: ids, which loggers reuse, and handles, which are of one gesture alone."""

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from swipefl.errors import Remedy, UsageError

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


class AmbiguousId(UsageError):
    """Several gestures are named so. Neither their ids nor what was typed are told: any of them may well be a word."""

    def __init__(self, choices: Sequence[Choice], most: int) -> None:
        listed = "; ".join(map(str, choices[:most])) + "; and others" * (len(choices) > most)
        what = "more than one gesture has that id, or one that begins so: {listed}"
        super().__init__("ambiguous-id", what, Remedy.GIVE_HANDLE, listed=listed)
        self.choices = choices[:most]


def handle_of(trace: bytes) -> str:
    """What a gesture is called by its trace."""
    return trace.hex()[:HANDLE]


def handles_of(traces: Sequence[bytes]) -> list[str]:
    """What several are called; by all of their hashes, should a part of them be the same."""
    handles = [handle_of(trace) for trace in traces]
    return handles if len(set(handles)) == len(traces) else [trace.hex() for trace in traces]


def meanings(name: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """What `name` may mean, as conditions on gestures, the strongest first: a handle, an id, how one begins.

    A handle comes first: there must be one name by which each gesture is found, whatever ids there are.
    """
    by_trace = "trace BETWEEN ? AND ?"
    ends = tuple(bytes.fromhex(name.ljust(TRACE, filler)) for filler in "0f") if _is_hash(name) else ()
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
