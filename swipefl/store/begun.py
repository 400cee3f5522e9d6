"""Trainings that were stopped before their end: at most one of each purpose, with the swipes that it learns from."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from swipefl.database.sql import Sql

PERSONAL, CONTRIBUTION = "personal", "contribution"
KEPT_S = 14 * 24 * 3600.0  # after that its swipes may go, as all old ones do, and it with them
WAIT_MS = 500  # for another writer: whoever stops a training wants it to end within a second


@dataclass(frozen=True)
class Task:
    """A training that was begun at a time in unix seconds, and everything that it was begun with.

    `start` and `root` are fingerprints: of the model that it begins with, and of the one that this one comes from.
    `numbers` are those of the gestures, `examples` a hash of what they say. When it was begun the store had gestures up
    to number `newest`, and all that there was to learn from had the hash `data`.
    """

    purpose: str
    began_at: float
    settings: str
    start: str
    root: str
    newest: int
    data: str
    numbers: tuple[int, ...]
    examples: str


@dataclass(frozen=True)
class Begun:
    """A task, and what was kept of it."""

    task: Task
    state: bytes


class Trainings:
    """What was begun, by its purpose."""

    def __init__(self, sql: Sql, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._clock = clock

    def get(self, purpose: str) -> Begun | None:
        """What was begun for a purpose; None too where it is damaged, or was begun long ago. Raises StoreError."""
        rows = self._sql.rows(
            "SELECT purpose, began_at, settings, start, root, newest, data, numbers, examples, state, digest "
            "FROM begun WHERE purpose = ?",
            (purpose,),
        )
        for purpose, began_at, settings, start, root, newest, data, numbers, examples, state, digest in rows:
            about = (settings, start, root, newest, data)
            task = Task(purpose, began_at, *about, numbers=_numbers(numbers), examples=examples)
            if self._counts(task.began_at) and hashlib.sha256(state).hexdigest() == digest:
                return Begun(task, bytes(state))
        return None

    def keep(self, task: Task, state: bytes) -> None:
        """Keeps it in place of what was begun for that purpose before. Waits for nobody. Raises StoreError."""
        row = (
            task.purpose,
            task.began_at,
            task.settings,
            task.start,
            task.root,
            task.newest,
            task.data,
            np.array(task.numbers, "<i8").tobytes(),
            task.examples,
            state,
            hashlib.sha256(state).hexdigest(),
        )
        with self._impatient():
            self._sql.run(f"INSERT OR REPLACE INTO begun VALUES ({', '.join('?' * len(row))})", row)

    def erase(self, purpose: str | None = None) -> None:
        """Erases what was begun for a purpose, or for any. Raises StoreError."""
        self._sql.run("DELETE FROM begun WHERE ?1 IS NULL OR purpose = ?1", (purpose,))

    def outgrown(self) -> int:
        """Erases what was begun so long ago that it counts no more; returns how many. Raises StoreError."""
        return self._sql.run("DELETE FROM begun WHERE abs(? - began_at) >= ?", (self._clock(), KEPT_S))

    def now(self) -> float:
        """The time, in unix seconds."""
        return self._clock()

    def numbers(self) -> frozenset[int]:
        """The gestures that something begun is still to learn from. Raises StoreError."""
        rows = self._sql.rows("SELECT began_at, numbers FROM begun")
        return frozenset(number for at, numbers in rows if self._counts(at) for number in _numbers(numbers))

    def _counts(self, began_at: float) -> bool:
        return abs(self._clock() - began_at) < KEPT_S  # of a time to come: a clock was wrong

    @contextmanager
    def _impatient(self) -> Iterator[None]:
        ((timeout,),) = self._sql.rows("PRAGMA busy_timeout")
        self._sql.rows(f"PRAGMA busy_timeout = {WAIT_MS}")
        try:
            yield
        finally:
            self._sql.rows(f"PRAGMA busy_timeout = {int(timeout)}")


def _numbers(packed: bytes) -> tuple[int, ...]:
    return tuple(np.frombuffer(packed[: len(packed) // 8 * 8], "<i8").tolist())
