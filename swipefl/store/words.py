"""The personal lexicon: words that the person added, swipes again and again, or does not want to be offered."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from swipefl.database.sql import Sql
from swipefl.errors import RejectedLine, UsageError
from swipefl.gesture.gesture import checked_letters
from swipefl.gesture.spelling import folded, lower
from swipefl.store.scope import Scope

USES_TO_JOIN = 2

# Held-out examples do not count: a word learned from them would flatter the score that they measure.
_ALL = """WITH used AS (
    SELECT g.word, k.language, count(*) AS uses FROM gestures g JOIN keyboards k ON k.name = g.keyboard
    WHERE g.verdict = 'good' AND g.held_out = 0{of_gestures} GROUP BY g.word, k.language
), by_hand AS (SELECT word, language, removed FROM words{of_words})
SELECT u.word, u.language, u.uses, 'typed' FROM used u LEFT JOIN by_hand w USING (word, language)
WHERE u.uses >= :uses AND w.word IS NULL
UNION ALL
SELECT w.word, w.language, coalesce(u.uses, 0), 'added' FROM by_hand w LEFT JOIN used u USING (word, language)
WHERE NOT w.removed
ORDER BY 2, 1"""
_HIDDEN = """SELECT h.word, h.language, (
    SELECT count(*) FROM keyboards k JOIN gestures g ON g.keyboard = k.name
    WHERE k.language = h.language AND g.word = h.word AND g.verdict = 'good' AND g.held_out = 0
), 'hidden' FROM hidden_words h WHERE :word IS NULL OR replace(h.word, '''', '') = :word ORDER BY 2, 1"""

# One search of the index for each word and keyboard: no page of points is read, and not each gesture either.
_TYPED = """WITH asked AS (SELECT value AS word FROM json_each(?))
SELECT a.word FROM asked a CROSS JOIN keyboards k WHERE EXISTS (
    SELECT 1 FROM gestures g
    WHERE g.verdict = 'good' AND g.held_out IN (0, 1) AND g.keyboard = k.name AND g.word = a.word
) AND NOT EXISTS (SELECT 1 FROM words w WHERE w.word = a.word AND w.language = k.language AND w.removed)
UNION
SELECT a.word FROM asked a JOIN words w USING (word) WHERE NOT w.removed"""


@dataclass(frozen=True)
class PersonalWord:
    """A word of the person's own and how often its train examples carry it; origin "typed", "added" or "hidden".

    It is folded; of a hidden one apostrophes stay.
    """

    word: str
    language: str
    uses: int
    origin: str


class Words:
    """Personal words by (word, language), folded as a finger swipes them, and those that are hidden."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, word: str, language: str) -> None:
        """Add a word, also one that was removed, or hidden as it is written or swiped.

        Raises UsageError for a word without letters, StoreError.
        """
        self._put(word, language, removed=False)
        self._sql.run(
            "DELETE FROM hidden_words WHERE word IN (?, ?) AND language = ?", (folded(word), lower(word), language)
        )

    def remove(self, word: str, language: str) -> None:
        """Remove a word for good: swiping it does not bring it back. Raises UsageError, StoreError."""
        self._put(word, language, removed=True)

    def hide(self, word: str, language: str) -> None:
        """Never offer this written word, however often it is swiped. Raises UsageError, StoreError."""
        _check(word)
        self._sql.run("INSERT OR IGNORE INTO hidden_words (word, language) VALUES (?, ?)", (lower(word), language))

    def unhide(self, word: str, language: str) -> None:
        """Offer a hidden word like any other. Raises UsageError, StoreError."""
        _check(word)
        self._sql.run("DELETE FROM hidden_words WHERE (word, language) = (?, ?)", (lower(word), language))

    def all(self) -> list[PersonalWord]:
        """Words that were added or used at least twice, less those removed, by language and word. Raises StoreError.

        A hidden one is among them: what is learned of it counts for the model.
        """
        rows = self._sql.rows(_ALL.format(of_gestures="", of_words=""), {"uses": USES_TO_JOIN})
        return [PersonalWord(*row) for row in rows]

    def left(self, erased: Scope) -> int:
        """How many of `all` are left once the gestures of a scope are gone, and by hand its word or, of the scope of
        all, every one. Raises StoreError."""
        of_words = " WHERE 0" if erased.is_all else "" if erased.word is None else " WHERE word <> :word"
        left = _ALL.format(of_gestures=f" AND NOT ({erased.where})", of_words=of_words)
        by_hand = {"word": folded(erased.word or ""), "uses": USES_TO_JOIN}
        return len(self._sql.rows(left, erased.parameters | by_hand))

    def hidden(self, word: str | None = None) -> list[PersonalWord]:
        """Words that are never offered, those that are swiped as `word` or all, by language and word. StoreError."""
        return [PersonalWord(*row) for row in self._sql.rows(_HIDDEN, {"word": None if word is None else folded(word)})]

    def typed(self, words: Iterable[str]) -> set[str]:
        """Which of these folded words the person typed themselves: swiped once, or added by hand. Raises StoreError.

        What they removed by hand is none.
        """
        return {word for (word,) in self._sql.rows(_TYPED, (json.dumps(list(words)),))}

    def by_hand(self) -> list[tuple[str, str, str]]:
        """Word, language and state of what was added, removed or hidden by hand; hidden last. Raises StoreError."""
        rows = self._sql.rows(
            """SELECT word, language, iif(removed, 'removed', 'added'), 0 FROM words
            UNION ALL SELECT word, language, 'hidden', 1 FROM hidden_words ORDER BY 4, 2, 1"""
        )
        return [(word, language, state) for word, language, state, _ in rows]

    def erase(self, word: str | None = None) -> None:
        """Erase what was added, removed and hidden by hand, of `word` or of all: nothing of it is remembered."""
        alike = {"word": None if word is None else folded(word)}
        self._sql.run("DELETE FROM words WHERE :word IS NULL OR word = :word", alike)
        self._sql.run("DELETE FROM hidden_words WHERE :word IS NULL OR replace(word, '''', '') = :word", alike)

    def _put(self, word: str, language: str, removed: bool) -> None:
        _check(word)
        self._sql.run(
            "INSERT OR REPLACE INTO words (word, language, removed) VALUES (?, ?, ?)", (folded(word), language, removed)
        )


def _check(word: str) -> None:
    try:
        checked_letters(word)
    except RejectedLine as error:
        raise UsageError("no-word", "{why}", why=error) from error
