"""What ids name: each the gesture that a line of that id was last about, if that is stored. Loggers reuse ids."""

from collections.abc import Iterable

from swipefl.database.sql import Sql
from swipefl.store.redaction import Redaction

_GIVE = """INSERT OR REPLACE INTO names (id, number) SELECT ?1, number FROM gestures WHERE trace = ?2
AND NOT EXISTS (SELECT 1 FROM names WHERE id = ?1 AND names.number = gestures.number)"""
_NOT_BY_HAND = "SELECT number, word FROM gestures WHERE by_hand = 0 AND"


class Names:
    """One gesture an id, one id a gesture: the one that its newest line has."""

    def __init__(self, sql: Sql, redaction: Redaction) -> None:
        self._sql = sql
        self._redaction = redaction

    def give(self, named: Iterable[tuple[str, bytes]]) -> None:
        """From now on each id names the stored gesture of its trace. Raises StoreError."""
        self._sql.run_many(_GIVE, named)

    def free(self, ids: Iterable[str]) -> None:
        """From now on ids name nothing: they are of what is not stored. Raises StoreError."""
        self._sql.run_many("DELETE FROM names WHERE id = ?", ((id,) for id in ids))

    def take_back(self, id: str, trace: bytes | None = None) -> int:
        """Erase the gesture of `trace`, else the one that `id` names, which names nothing then; returns how many.

        Its word goes where it stood before the next ones, too. One whose word its owner said stays: the owner outranks
        every log. Raises StoreError.
        """
        if trace is None:
            gone = self._sql.rows(f"{_NOT_BY_HAND} number = (SELECT number FROM names WHERE id = ?)", (id,))
        else:
            gone = self._sql.rows(f"{_NOT_BY_HAND} trace = ?", (trace,))
        for number, word in gone:
            self._redaction.erase_words([(number, word)])
            self._sql.run("DELETE FROM gestures WHERE number = ?", (number,))
        self.free([id])
        return len(gone)
