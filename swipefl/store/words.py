"""The personal lexicon: words that the person added, and words that they swipe again and again."""

from dataclasses import dataclass

from swipefl.database.sql import Sql
from swipefl.errors import UsageError
from swipefl.gesture.gesture import fold

USES_TO_JOIN = 2

# Held-out examples do not count: a word learned from them would flatter the score that they measure.
_ALL = """WITH used AS (
    SELECT g.word, k.language, count(*) AS uses FROM gestures g JOIN keyboards k ON k.name = g.keyboard
    WHERE g.verdict = 'good' AND g.held_out = 0 GROUP BY g.word, k.language
)
SELECT u.word, u.language, u.uses, 'typed' FROM used u LEFT JOIN words w USING (word, language)
WHERE u.uses >= ? AND w.word IS NULL
UNION ALL
SELECT w.word, w.language, coalesce(u.uses, 0), 'added' FROM words w LEFT JOIN used u USING (word, language)
WHERE NOT w.removed
ORDER BY 2, 1"""


@dataclass(frozen=True)
class PersonalWord:
    """A folded word of the person's own and how often its train examples carry it; origin "typed" or "added"."""

    word: str
    language: str
    uses: int
    origin: str


class Words:
    """Personal words by (word, language), folded as a finger swipes them."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, word: str, language: str) -> None:
        """Add a word, also one that was removed before. Raises UsageError for a word without letters, StoreError."""
        self._put(word, language, removed=False)

    def remove(self, word: str, language: str) -> None:
        """Remove a word for good: swiping it does not bring it back. Raises UsageError, StoreError."""
        self._put(word, language, removed=True)

    def all(self) -> list[PersonalWord]:
        """Words that were added or used at least twice, less those removed, by language and word. Raises StoreError."""
        return [PersonalWord(*row) for row in self._sql.rows(_ALL, (USES_TO_JOIN,))]

    def by_hand(self) -> list[tuple[str, str, bool]]:
        """Word, language and whether it was removed, of what was added and removed by hand. Raises StoreError."""
        rows = self._sql.rows("SELECT word, language, removed FROM words ORDER BY 2, 1")
        return [(word, language, bool(removed)) for word, language, removed in rows]

    def erase(self, word: str | None = None) -> None:
        """Erase what was added and removed by hand, of `word` or of all: not even the removal is remembered."""
        self._sql.run(
            "DELETE FROM words WHERE :word IS NULL OR word = :word", {"word": None if word is None else fold(word)}
        )

    def _put(self, word: str, language: str, removed: bool) -> None:
        folded = fold(word)
        if not folded.isalpha() or len(folded) > 64:
            raise UsageError("no-word", "a personal word must consist of letters, 64 at most")
        self._sql.run(
            "INSERT OR REPLACE INTO words (word, language, removed) VALUES (?, ?, ?)", (folded, language, removed)
        )
