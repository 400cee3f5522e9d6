"""Contributions that wait to be sent."""

from dataclasses import astuple, dataclass

from swipefl.store.sql import Sql

_COLUMNS = "id, base, created_at, examples, blob, attempted, data"


@dataclass(frozen=True)
class QueuedUpdate:
    """An encoded update; `base` is the fingerprint that it started from, `data` that of the examples behind it."""

    id: str
    base: str
    created_at: float
    examples: int
    blob: bytes
    attempted: bool
    data: str


class Outbox:
    """Updates in the order in which they were made."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def queue(self, update: QueuedUpdate) -> None:
        """Add `update` in place of those never attempted; of older bases too, being stale. Raises StoreError."""
        with self._sql.transaction():
            self._sql.run("DELETE FROM updates WHERE NOT attempted")
            self._sql.run(f"INSERT INTO updates ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(update))

    def waiting(self) -> list[QueuedUpdate]:
        """Every update, oldest first. Raises StoreError."""
        rows = self._sql.rows(f"SELECT {_COLUMNS} FROM updates ORDER BY created_at, rowid")
        return [QueuedUpdate(*(*before, bool(attempted), data)) for *before, attempted, data in rows]

    def erase(self) -> None:
        """Erase every update. Raises StoreError."""
        self._sql.run("DELETE FROM updates")
