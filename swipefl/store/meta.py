"""Small facts that the cycle and the clients remember by name."""

from contextlib import suppress

from swipefl.database.sql import Sql
from swipefl.errors import StoreError


class Meta:
    """Text by key."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, key: str) -> str | None:
        """The value of `key`, or None. Raises StoreError."""
        rows = self._sql.rows("SELECT value FROM meta WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def set(self, key: str, value: str) -> None:
        """Remember `value`, in place of an earlier one. Raises StoreError."""
        self._sql.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    def note(self, key: str, value: str) -> None:
        """Remember `value`, unless that fails or something else is written just now: nobody waits for it."""
        ((timeout,),) = self._sql.rows("PRAGMA busy_timeout")
        with suppress(StoreError):
            try:
                self._sql.run("PRAGMA busy_timeout = 0")
                self.set(key, value)
            finally:
                self._sql.run(f"PRAGMA busy_timeout = {int(timeout)}")

    def take(self, key: str, other: "Meta") -> None:
        """Remember what `other` does under `key`, or nothing as that one. Raises StoreError."""
        value = other.get(key)
        if value is None:
            self.delete(key)
        else:
            self.set(key, value)

    def delete(self, key: str) -> None:
        """Forget `key`, if it is there. Raises StoreError."""
        self._sql.run("DELETE FROM meta WHERE key = ?", (key,))
