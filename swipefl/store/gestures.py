"""The person's examples: gestures with the word that was meant."""

import hashlib
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from swipefl.database.sql import Row, Sql
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.gesture import GOOD, SUSPECT, Example, Gesture, Points
from swipefl.gesture.spelling import folded
from swipefl.store.keyboards import Keyboards

HELD_OUT_ONE_IN = 5
TRAIN, HELD_OUT = "train", "held_out"

_INSERT = """INSERT INTO gestures (id, trace, keyboard, word, verdict, held_out, stored_at, width, height, user, points)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_SELECT = "SELECT id, keyboard, word, width, height, user, points, verdict FROM gestures"
_ERASED = "(:before IS NULL OR stored_at < :before) AND (:word IS NULL OR word = :word)"


class Gestures:
    """Examples in the order in which they came, each with a verdict and a side of the train / held-out split."""

    def __init__(self, sql: Sql, keyboards: Keyboards, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._keyboards = keyboards
        self._clock = clock

    def add(self, examples: Sequence[tuple[Example, str]]) -> dict[str, int]:
        """Store (example, verdict) pairs and their keyboards; returns how many were new by id and by trace, by verdict.

        The caller holds a transaction. Raises UsageError if a keyboard's name already means another one, StoreError.
        """
        for keyboard in dict.fromkeys(example.gesture.keyboard for example, _ in examples):
            self._keyboards.add(keyboard)
        now = self._clock()
        newest = self._sql.rows("SELECT coalesce(max(number), 0) FROM gestures")[0][0]
        self._sql.run_many(_INSERT, [_row(example, verdict, now) for example, verdict in examples])
        added = self._sql.rows(
            "SELECT verdict, count(*) FROM gestures NOT INDEXED WHERE number > ? GROUP BY verdict", (newest,)
        )
        return {GOOD: 0, SUSPECT: 0, **dict(added)}

    def examples(self, split: str) -> list[Example]:
        """The good examples of `split`: "train" or "held_out". Raises StoreError."""
        if split not in (TRAIN, HELD_OUT):
            raise ValueError(f"split must be {TRAIN!r} or {HELD_OUT!r}")
        where = " WHERE verdict = ? AND held_out = ? ORDER BY number"
        return [example for example, _ in self._read(where, (GOOD, split == HELD_OUT))]

    def find(self, id: str) -> Example:
        """The example whose gesture's id is `id`, else the only one whose id begins so; of either verdict.

        Raises UsageError where there is none or more than one, StoreError.
        """
        start = id.encode(errors="backslashreplace").decode()  # what a shell may hand over, SQLite cannot take
        where = " WHERE id >= ?1 AND substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 2"
        found = [example for example, _ in self._read(where, (start,))]
        # neither the id nor those it may stand for are repeated: what was typed by mistake may well be a word
        if not found:
            raise UsageError("unknown-id", "no gesture in the store has that id", Remedy.LIST_GESTURES)
        if len(found) > 1 and found[0].gesture.id != start:
            raise UsageError("ambiguous-id", "more than one gesture has an id that begins so", Remedy.GIVE_LONGER_ID)
        return found[0]

    def everything(self) -> Iterator[tuple[Example, str]]:
        """Every example with its verdict, one by one. Raises StoreError."""
        return self._read(" ORDER BY number", ())

    def counts(self) -> dict[str, int]:
        """How many examples are `good` and `suspect`, and how many good ones are `train` and `held_out`."""
        rows = self._sql.rows("SELECT verdict, held_out, count(*) FROM gestures GROUP BY verdict, held_out")
        counts = {"good": 0, "suspect": 0, TRAIN: 0, HELD_OUT: 0}
        for verdict, held_out, count in rows:
            counts[verdict] += count
            if verdict == GOOD:
                counts[HELD_OUT if held_out else TRAIN] += count
        return counts

    def fingerprint(self) -> str:
        """A hash of the set of good examples, in whatever order they came. Raises StoreError."""
        rows = self._sql.each(
            "SELECT trace, word FROM gestures WHERE verdict = ? ORDER BY held_out, keyboard, word, trace", (GOOD,)
        )
        digest = hashlib.blake2b(digest_size=16)
        for trace, word in rows:
            digest.update(trace + word.encode() + b"\0")
        return digest.hexdigest()

    def erase(self, before: float | None = None, word: str | None = None) -> int:
        """Erase the gestures stored `before` (unix seconds) that carry `word`; None stands for any. Returns how many.

        Their bytes leave the disk with `Store.erase_traces`. Raises StoreError.
        """
        return self._sql.run(f"DELETE FROM gestures WHERE {_ERASED}", _erased(before, word))

    def erasable(self, before: float | None = None, word: str | None = None) -> int:
        """How many `erase` would erase. Raises StoreError."""
        return int(self._sql.rows(f"SELECT count(*) FROM gestures WHERE {_ERASED}", _erased(before, word))[0][0])

    def _read(self, where: str, parameters: Sequence[object]) -> Iterator[tuple[Example, str]]:
        keyboards = {keyboard.name: keyboard for keyboard in self._keyboards.all()}
        for id, keyboard, word, width, height, user, points, verdict in self._sql.each(_SELECT + where, parameters):
            if keyboard not in keyboards or len(points) % 12:
                raise self._sql.damaged("a gesture in it cannot be read")
            gesture = Gesture(id, _points(points), keyboards[keyboard], width, height, user)
            yield Example(gesture, word), verdict


def _erased(before: float | None, word: str | None) -> dict[str, float | str | None]:
    return {"before": before, "word": None if word is None else folded(word)}


def _points(blob: bytes) -> Points:
    return np.frombuffer(blob, "<f4").reshape(-1, 3).astype(np.float32)


def _row(example: Example, verdict: str, now: float) -> Row:
    gesture, trace = example.gesture, example.gesture.trace_hash()
    held_out = int.from_bytes(trace[:8], "big") % HELD_OUT_ONE_IN == 0
    points = gesture.points.astype("<f4", copy=False).tobytes()
    size = (gesture.width, gesture.height)
    return (gesture.id, trace, gesture.keyboard.name, example.word, verdict, held_out, now, *size, gesture.user, points)
