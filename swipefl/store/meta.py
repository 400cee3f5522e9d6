"""Small facts that the cycle and the clients remember by name."""

from swipefl.database.sql import Sql


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

    def delete(self, key: str) -> None:
        """Forget `key`, if it is there. Raises StoreError."""
        self._sql.run("DELETE FROM meta WHERE key = ?", (key,))
