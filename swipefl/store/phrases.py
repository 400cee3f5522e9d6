"""What a person writes behind which words: read from the gestures that are there, and kept nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from swipefl.database.sql import Sql
from swipefl.gesture.before import UNKNOWN, context_form

# Held-out examples do not count: they would tell their own words to the model that they judge.
_COUNT = "follows IS NOT NULL AND verdict = 'good' AND held_out = 0"
COUNTED = 50_000  # gestures, the newest: each makes a pair of words, and mostly a triple
MOST_READ = 200  # of them behind one word, the newest: more say hardly anything else, and cost time at each gesture
KEPT = 500  # words whose gestures are kept at hand
DAY_S = 86_400.0


class Uttered(NamedTuple):
    """A word, the words before it as they are compared, and by how many days the store's newest gesture is newer."""

    before: str
    word: str
    age_days: float


@dataclass(frozen=True, slots=True)
class Phrase:
    """A word behind one or two others, none at a sentence's start; how often, and when last (unix seconds)."""

    before: tuple[str, ...]
    word: str
    uses: int
    last_at: float


class Phrases:
    """A person's words in order, out of train examples of which it is known what stood before.

    They are what the gestures in the store make of them: after `forget`, a correction or a deletion of those that are
    left. The newest COUNTED count.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._state: tuple[int, ...] = ()
        self._read = lru_cache(KEPT)(self._behind)

    def behind(self, follows: str) -> Sequence[Uttered]:
        """What was written behind a word as it is compared, '' for a sentence's start: the newest MOST_READ of it.

        Nothing follows from UNKNOWN. Equal, and the same object, while nothing in the store has changed.
        Raises StoreError.
        """
        if follows == UNKNOWN:
            return ()
        state = (self._sql.rows("PRAGMA data_version")[0][0], self._sql.db.conn.total_changes)
        if state != self._state:
            self._read.cache_clear()
            self._oldest, self._newest_at = self._bounds()
            self._state = state
        return self._read(follows)

    def all(self) -> list[Phrase]:
        """Every pair and triple, what was written most often first, of equals the newest. Raises StoreError."""
        oldest, _ = self._bounds()
        rows = self._sql.each(
            f"SELECT before, word, stored_at FROM gestures INDEXED BY gestures_by_before WHERE {_COUNT} "
            "AND number >= ? ORDER BY number",
            (oldest,),
        )
        uses: dict[tuple[tuple[str, ...], str], int] = {}
        written: dict[tuple[tuple[str, ...], str], tuple[str, float]] = {}
        for before, word, stored_at in rows:
            words = tuple(context_form(before).split())
            for some in {words[-1:], words} if UNKNOWN not in words else {words[-1:]} - {(UNKNOWN,)}:
                key = some, context_form(word)
                uses[key] = uses.get(key, 0) + 1
                written[key] = word, stored_at
        found = [Phrase(before, *_at(written[before, word], count)) for (before, word), count in uses.items()]
        return sorted(found, key=lambda phrase: (-phrase.uses, -phrase.last_at, phrase.before, phrase.word))

    def made_of(self) -> int:
        """How many gestures they are made of. Raises StoreError."""
        counted = f"SELECT 1 FROM gestures INDEXED BY gestures_with_before WHERE {_COUNT} LIMIT ?"
        return int(self._sql.rows(f"SELECT count(*) FROM ({counted})", (COUNTED,))[0][0])

    def _bounds(self) -> tuple[int, float]:
        """The number of the oldest gesture that counts, and when the newest of all came."""
        newest = self._sql.rows("SELECT number, stored_at FROM gestures ORDER BY number DESC LIMIT 1")
        oldest = []
        if newest and newest[0][0] > COUNTED:
            oldest = self._sql.rows(
                f"SELECT number FROM gestures INDEXED BY gestures_with_before WHERE {_COUNT} "
                "ORDER BY number DESC LIMIT 1 OFFSET ?",
                (COUNTED - 1,),
            )
        return (oldest[0][0] if oldest else 0), (newest[0][1] if newest else 0.0)

    def _behind(self, follows: str) -> tuple[Uttered, ...]:
        rows = self._sql.rows(
            f"SELECT before, word, stored_at FROM gestures WHERE follows = ? AND {_COUNT} AND number >= ? "
            "ORDER BY number DESC LIMIT ?",
            (follows, self._oldest, MOST_READ),
        )
        newest_at = self._newest_at
        return tuple(Uttered(context_form(b), word, max(newest_at - at, 0.0) / DAY_S) for b, word, at in rows)


def _at(written: tuple[str, float], uses: int) -> tuple[str, int, float]:
    word, last_at = written
    return word, uses, last_at
