"""Lexicons of one's own: one a language, in place of the package's."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from swipefl.database.sql import Sql


@dataclass(frozen=True)
class OwnLexicon:
    """A lexicon without its words: its language, what it is called, how many words it has, and since when (unix s)."""

    language: str
    name: str
    words: int
    added_at: float


class Lexicons:
    """Word lists by language, each as the content of a lexicon file."""

    def __init__(self, sql: Sql, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._clock = clock

    def add(self, language: str, name: str, words: int, content: bytes) -> None:
        """Keep a lexicon, in place of an earlier one of its language. Raises StoreError."""
        self._sql.run(
            "INSERT OR REPLACE INTO lexicons (language, name, words, added_at, content) VALUES (?, ?, ?, ?, ?)",
            (language, name, words, self._clock(), zlib.compress(content, 9)),
        )

    def remove(self, language: str) -> bool:
        """Drop the lexicon of a language; whether there was one. Raises StoreError."""
        return bool(self._sql.run("DELETE FROM lexicons WHERE language = ?", (language,)))

    def all(self) -> list[OwnLexicon]:
        """The lexicons, by language. Raises StoreError."""
        rows = self._sql.rows("SELECT language, name, words, added_at FROM lexicons ORDER BY language")
        return [OwnLexicon(*row) for row in rows]

    def content(self, language: str) -> bytes:
        """What was kept for a language; nothing where it is gone. Raises StoreError."""
        rows = self._sql.rows("SELECT content FROM lexicons WHERE language = ?", (language,))
        try:
            return zlib.decompress(rows[0][0]) if rows else b""
        except zlib.error as error:
            raise self._sql.damaged("a lexicon in it cannot be read") from error
