"""The person's examples: gestures with the word that was meant.

A gesture is what its trace is. The same trace again is the same gesture, and with another word a correction: the newer
word counts, unless the owner set one by hand, which only the owner changes. So do the newer keyboard and languages of
the same word, unless the swipe fits it worse there. An id is a name that loggers reuse.
"""

import hashlib
import json
import unicodedata
from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np

from swipefl.database.sql import Sql
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.before import before_in
from swipefl.gesture.gesture import GOOD, SUSPECT, Example, Gesture, Points
from swipefl.gesture.language import Languages
from swipefl.gesture.spelling import folded
from swipefl.store.gone import Gone
from swipefl.store.handles import choices_of, handle_of, meanings
from swipefl.store.keyboards import Keyboards
from swipefl.store.labels import Label, Row
from swipefl.store.names import Names
from swipefl.store.redaction import Redaction
from swipefl.store.scope import Scope, alike

HELD_OUT_ONE_IN = 5
TRAIN, HELD_OUT = "train", "held_out"
MOST_CHOICES = 10  # that an ambiguous id is told to stand for

_LABEL = "keyboard, languages, word, by_hand, verdict, before, follows"
_COLUMNS = f"id, trace, {_LABEL}, held_out, stored_at, width, height, user, points"
_INSERT = f"INSERT INTO gestures ({_COLUMNS}) VALUES ({'?, ' * 14}?) ON CONFLICT (trace) DO NOTHING"
_CORRECT = f"UPDATE gestures SET ({_LABEL}) = ({'?, ' * 6}?) WHERE number = ?"
_LABELS = f"SELECT trace, number, {_LABEL} FROM gestures WHERE trace IN ({{}})"
PAGE = 200  # gestures that are read at once where all are
_AT_ONCE = 500  # parameters: older SQLite takes 999
_SELECT = f"SELECT number, {_COLUMNS} FROM gestures"


class Judged(NamedTuple):
    """An example to store with its verdict; `by_hand` where its owner set the word."""

    example: Example
    verdict: str
    by_hand: bool = False


@dataclass(frozen=True)
class Landed:
    """How many gestures were new, how many corrected, and how many of both are suspect.

    Corrected were known with another word, or on another keyboard, in other languages, behind other words or with
    another verdict.
    """

    stored: int
    corrected: int
    suspect: int


@dataclass(frozen=True)
class Stored:
    """An example with its verdict; its number in the order of coming, stored at a time in unix seconds.

    `by_hand` says that its owner set the word. `handle` names it alone, where an id may be several gestures'.
    """

    number: int
    example: Example
    verdict: str
    by_hand: bool
    stored_at: float
    handle: str


class Gestures:
    """Examples in the order in which they came, each with a verdict and a side of the train / held-out split."""

    def __init__(
        self,
        sql: Sql,
        keyboards: Keyboards,
        names: Names,
        redaction: Redaction,
        gone: Gone,
        clock: Callable[[], float],
    ) -> None:
        self._sql = sql
        self._gone = gone
        self._redaction = redaction
        self._keyboards = keyboards
        self._names = names
        self._clock = clock

    def add(self, batch: Sequence[Judged]) -> Landed:
        """Store examples and their keyboards; of those with one trace the last says the word.

        Those that were kept for their time and erased stay so. The caller holds a transaction. Raises UsageError if a
        keyboard's name already means another one, StoreError.
        """
        now, newest = self._clock(), self.newest_number()
        told = [_row(judged, now) for judged in batch]
        gone = self._gone.among(row.trace for row in told)
        rows = [row for row in told if row.trace not in gone]
        known = {row.keyboard for row in rows}
        for keyboard in dict.fromkeys(judged.example.gesture.keyboard for judged in batch):
            if keyboard.name in known:
                self._keyboards.add(keyboard)
        stored = self._sql.run_many(_INSERT, rows)
        corrected = self._correct(rows) if stored < len(rows) else {}
        self._name(told, gone)
        suspect = self._sql.rows(
            "SELECT count(*) FROM gestures NOT INDEXED WHERE number > ? AND verdict = ?", (newest, SUSPECT)
        )[0][0]
        turned = sum(number <= newest and verdict == SUSPECT for number, verdict in corrected.items())
        return Landed(stored, len(corrected), suspect + turned)

    def _name(self, told: Iterable[Row], gone: Collection[bytes]) -> None:
        """The ids of what was told name what is stored of it, in that order."""
        for is_gone, some in groupby(told, lambda row: row.trace in gone):
            named = [(row.id, row.trace) for row in some]
            if is_gone:
                self._names.free(id for id, _ in named)
            else:
                self._names.give(named)

    def _correct(self, rows: Sequence[Row]) -> dict[int, str]:
        """What is newly said of known traces in place of the stored; gives the verdicts of what was corrected."""
        known = self._labels({row.trace for row in rows})
        labels = {trace: label for trace, (_, label) in known.items()}
        said = [(trace, label.word) for trace, (_, label) in known.items()]
        for row in rows:
            labels[row.trace] = labels[row.trace].then(row.label)
            said.append((row.trace, row.word))
        changed = [(*known[trace], label) for trace, label in labels.items() if label != known[trace][1]]
        self._sql.run_many(_CORRECT, [(*label, number) for number, _, label in changed])
        gone = {(known[trace][0], word) for trace, word in said if folded(word) != folded(labels[trace].word)}
        self._redaction.erase_words(sorted(gone))
        return {number: label.verdict for number, old, label in changed if label != old._replace(by_hand=label.by_hand)}

    def _labels(self, traces: Collection[bytes]) -> dict[bytes, tuple[int, Label]]:
        """The numbers and labels of the traces that are known."""
        found, left = {}, iter(traces)
        while some := list(islice(left, _AT_ONCE)):
            for trace, number, *label in self._sql.rows(_LABELS.format(",".join("?" * len(some))), some):
                found[trace] = (number, Label(*label))
        return found

    def relabel(self, stored: Stored, example: Example, verdict: str) -> None:
        """Give a stored gesture the word of `example`, which its owner says. Raises StoreError."""
        label = _row(Judged(example, verdict, by_hand=True), stored.stored_at).label
        self._sql.run(_CORRECT, (*label, stored.number))
        if folded(example.word) != folded(stored.example.word):
            self._redaction.erase_words([(stored.number, stored.example.word)])

    def examples(self, split: str) -> list[Example]:
        """The good examples of `split`: "train" or "held_out". Raises StoreError."""
        if split not in (TRAIN, HELD_OUT):
            raise ValueError(f"split must be {TRAIN!r} or {HELD_OUT!r}")
        where = " WHERE verdict = ? AND held_out = ? ORDER BY number"
        return [stored.example for stored in self._read(where, (GOOD, split == HELD_OUT))]

    def find(self, name: str) -> Stored:
        """The gesture that `name` names: its handle or its id, or how one of them begins; of either verdict.

        Raises UsageError where there is none, and where there are several, which it then lists; StoreError.
        """
        start = name.encode(errors="backslashreplace").decode()  # what a shell may hand over, SQLite cannot take
        for where, parameters in meanings(start):
            found = self._sql.rows(
                f"SELECT number, trace, stored_at, keyboard FROM gestures WHERE {where} ORDER BY number DESC LIMIT ?",
                (*parameters, MOST_CHOICES + 1),
            )
            if len(found) > 1:
                could_be = choices_of((trace, at, keyboard) for _, trace, at, keyboard in found)
                raise UsageError(
                    "ambiguous-id",
                    "more than one gesture has that id, or one that begins so: {listed}",
                    Remedy.GIVE_HANDLE,
                    listed="; ".join(map(str, could_be[:MOST_CHOICES])) + "; and others" * (len(found) > MOST_CHOICES),
                    could_be=could_be[:MOST_CHOICES],
                )
            for number, *_ in found:
                return next(self._read(" WHERE number = ?", (number,)))
        # neither what was typed nor an id is repeated: by mistake it may well be a word
        raise UsageError("unknown-id", "no gesture in the store has that id", Remedy.LIST_GESTURES)

    def newest(self, word: str | None = None) -> Stored | None:
        """The gesture that came last: of all, or of those that are written as `word`, or else spelled alike.

        None where there is none. Raises StoreError.
        """
        if word is None:
            return next(self._read(" ORDER BY number DESC LIMIT 1", ()), None)
        written = unicodedata.normalize("NFC", word).strip()
        for words in ((written,), alike(self._words(), word)):
            scope = Scope(word, words)
            where = f" WHERE {scope.where} ORDER BY number DESC LIMIT 1"
            if found := next(self._read(where, scope.parameters), None):
                return found
        return None

    def latest(self, split: str, most: int) -> Iterator[Stored]:
        """The good examples of a split that came last, the newest first. Raises StoreError."""
        where = " WHERE verdict = ? AND held_out = ? ORDER BY number DESC LIMIT ?"
        return self._read(where, (GOOD, split == HELD_OUT, most))

    def numbers(self, split: str, newest: int | None = None) -> list[int]:
        """The numbers of the good examples of a split, up to `newest` if that is given, rising. Raises StoreError."""
        rows = self._sql.rows(
            "SELECT number FROM gestures WHERE verdict = ?1 AND held_out = ?2 AND (?3 IS NULL OR number <= ?3)",
            (GOOD, split == HELD_OUT, newest),
        )
        return sorted(number for (number,) in rows)

    def numbered(self, numbers: Sequence[int]) -> Iterator[Stored]:
        """Those of some numbers that are there, in the order of coming, one by one. Raises StoreError."""
        where = " WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number"
        return self._read(where, (json.dumps(list(numbers)),))

    def everything(self) -> Iterator[tuple[Example, str]]:
        """Every example with its verdict, one by one. Raises StoreError."""
        return ((stored.example, stored.verdict) for stored in self.all())

    def all(self) -> Iterator[Stored]:
        """Every example with what is known of it, one by one; between two pages nothing is kept open.

        Raises StoreError.
        """
        last = 0
        while page := list(self._read(" WHERE number > ? ORDER BY number LIMIT ?", (last, PAGE))):
            yield from page
            last = page[-1].number

    def counts(self) -> dict[str, int]:
        """How many examples are `good` and `suspect`, and how many good ones are `train` and `held_out`."""
        rows = self._sql.rows("SELECT verdict, held_out, count(*) FROM gestures GROUP BY verdict, held_out")
        counts = {"good": 0, "suspect": 0, TRAIN: 0, HELD_OUT: 0}
        for verdict, held_out, count in rows:
            counts[verdict] += count
            if verdict == GOOD:
                counts[HELD_OUT if held_out else TRAIN] += count
        return counts

    def newest_number(self) -> int:
        """The number of the gesture that came last, 0 where there is none. Raises StoreError."""
        return int(self._sql.rows("SELECT coalesce(max(number), 0) FROM gestures")[0][0])

    def good_between(self, after: int, newest: int) -> int:
        """How many good examples came after the one numbered `after`, up to the `newest`. Raises StoreError."""
        where = "verdict = ? AND number > ? AND number <= ?"
        return int(self._sql.rows(f"SELECT count(*) FROM gestures WHERE {where}", (GOOD, after, newest))[0][0])

    def fingerprint(self) -> str:
        """A hash of the set of good examples, in whatever order they came. Raises StoreError."""
        rows = self._sql.each(
            "SELECT trace, word, keyboard, languages FROM gestures WHERE verdict = ? "
            "ORDER BY held_out, keyboard, word, languages, trace",
            (GOOD,),
        )
        digest = hashlib.blake2b(digest_size=16)
        for trace, *label in rows:
            digest.update(trace + "\0".join(part or "" for part in label).encode() + b"\0")
        return digest.hexdigest()

    def scope(self, before: float | None = None, word: str | None = None, id: str | None = None) -> Scope:
        """The gestures stored `before` (unix seconds) of words that are spelled like `word`, or the one named `id`.

        None stands for any. Raises what `find` does.
        """
        if id is not None:
            return Scope(number=self.find(id).number)
        return Scope(word, None if word is None else alike(self._words(), word), before)

    def erase(self, before: float | None = None, word: str | None = None, id: str | None = None) -> int:
        """Erase the gestures of a `scope`; returns how many.

        Bytes leave the disk with `Store.erase_traces`. Raises what `find` does.
        """
        scope = self.scope(before, word, id)
        return self._sql.run(f"DELETE FROM gestures WHERE {scope.where}", scope.parameters)

    def times(self) -> list[tuple[int, float]]:
        """The number of each gesture and when it was stored (unix seconds), in the order of coming."""
        return sorted(self._sql.rows("SELECT number, stored_at FROM gestures INDEXED BY gestures_by_time"))

    def outlived(self, last: int, spared: Collection[int], most: int) -> int:
        """Erase gestures up to the number `last`, the oldest first and `most` at once, but for those `spared`.

        They are known again when they are told once more, and their words go where they stood before the next two, too.
        Returns how many. The caller holds a transaction and owes a rewriting. Raises StoreError.
        """
        rows = self._sql.rows(
            "SELECT number, word FROM gestures WHERE number <= ? AND number NOT IN (SELECT value FROM json_each(?)) "
            "ORDER BY number LIMIT ?",
            (last, json.dumps(sorted(spared)), most),
        )
        numbers = json.dumps([number for number, _ in rows])
        self._gone.remember(numbers)
        self._sql.run("DELETE FROM gestures WHERE number IN (SELECT value FROM json_each(?))", (numbers,))
        self._redaction.erase_words(_before_others(rows, sorted(spared)))
        return len(rows)

    def erasable(self, scope: Scope) -> int:
        """How many there are of a scope. Raises StoreError."""
        rows = self._sql.rows(f"SELECT count(*) FROM gestures WHERE {scope.where}", scope.parameters)
        return int(rows[0][0])

    def first(self, scope: Scope) -> int:
        """The number of the first gesture of a scope, 0 where there is none. Raises StoreError."""
        rows = self._sql.rows(f"SELECT coalesce(min(number), 0) FROM gestures WHERE {scope.where}", scope.parameters)
        return int(rows[0][0])

    def _words(self) -> Iterator[str]:
        return (word for (word,) in self._sql.each("SELECT DISTINCT word FROM gestures"))

    def _read(self, where: str, parameters: Sequence[object] | dict[str, object]) -> Iterator[Stored]:
        keyboards = {keyboard.name: keyboard for keyboard in self._keyboards.stored()}
        for number, *columns in self._sql.each(_SELECT + where, parameters):
            row = Row(*columns)
            if row.keyboard not in keyboards or len(row.points) % 12:
                raise self._sql.damaged("a gesture in it cannot be read")
            gesture = Gesture(
                row.id,
                _points(row.points),
                keyboards[row.keyboard],
                row.width,
                row.height,
                row.user,
                _languages(row.languages),
                None if row.before is None else before_in(row.before),
            )
            example = Example(gesture, row.word)
            yield Stored(number, example, row.verdict, bool(row.by_hand), row.stored_at, handle_of(row.trace))


def _languages(text: str | None) -> Languages:
    return tuple(text.split(",")) if text else ()


def _points(blob: bytes) -> Points:
    return np.frombuffer(blob, "<f4").reshape(-1, 3).astype(np.float32)


def _row(judged: Judged, now: float) -> Row:
    gesture = judged.example.gesture
    trace, before = gesture.trace_hash(), gesture.before
    return Row(
        gesture.id,
        trace,
        gesture.keyboard.name,
        ",".join(gesture.languages) or None,
        judged.example.word,
        judged.by_hand,
        judged.verdict,
        None if before is None else before.text,
        None if before is None else before.follows,
        int.from_bytes(trace[:8], "big") % HELD_OUT_ONE_IN == 0,
        now,
        gesture.width,
        gesture.height,
        gesture.user,
        gesture.points.astype("<f4", copy=False).tobytes(),
    )


def _before_others(rows: Sequence[tuple[int, str]], spared: Sequence[int]) -> list[tuple[int, str]]:
    """Of rows that go, in the order of coming, those whose next two do not all go."""
    pairs = zip(rows, rows[2:], strict=False)
    return [one for one, next in pairs if bisect(spared, one[0]) < bisect(spared, next[0])] + [*rows[-2:]]
