"""Contributions that wait to be sent."""

from dataclasses import astuple, dataclass

from swipefl.database.sql import Sql

_COLUMNS = "id, base, created_at, examples, blob, attempted, data, version, residual"


@dataclass(frozen=True)
class QueuedUpdate:
    """An encoded update; `base` is the fingerprint that it started from, `data` that of the examples behind it.

    `version` is the one that it was sent for, None while it was never attempted; `residual` what it leaves over.
    """

    id: str
    base: str
    created_at: float
    examples: int
    blob: bytes
    attempted: bool
    data: str
    version: int | None = None
    residual: bytes = b""


class Outbox:
    """Updates in the order in which they were made."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def queue(self, update: QueuedUpdate) -> None:
        """Add `update` in place of those never attempted; of older bases too, being stale. Raises StoreError."""
        with self._sql.transaction():
            self._sql.run("DELETE FROM updates WHERE NOT attempted")
            self._sql.run(f"INSERT INTO updates ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(update))

    def waiting(self) -> list[QueuedUpdate]:
        """Every update, oldest first. Raises StoreError."""
        rows = self._sql.rows(f"SELECT {_COLUMNS} FROM updates ORDER BY created_at, rowid")
        return [
            QueuedUpdate(id, base, created_at, examples, blob, bool(attempted), data, version, residual)
            for id, base, created_at, examples, blob, attempted, data, version, residual in rows
        ]

    def attempt(self, update_id: str, version: int) -> None:
        """From now on the update may have arrived, for `version`: it stays as it is until its fate is known."""
        self._sql.run("UPDATE updates SET attempted = 1, version = ? WHERE id = ?", (version, update_id))

    def remove(self, update_id: str) -> None:
        """Its fate is known. Raises StoreError."""
        self._sql.run("DELETE FROM updates WHERE id = ?", (update_id,))

    def erase(self) -> int:
        """Erase every update; returns how many. Raises StoreError."""
        return self._sql.run("DELETE FROM updates")
