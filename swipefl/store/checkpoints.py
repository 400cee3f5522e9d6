"""Checkpoints received (global) and trained here (personal)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from swipefl.database.sql import Sql
from swipefl.errors import CheckpointError, Remedy

KEPT_PERSONAL = 10
KEPT_GLOBAL = 2
_COLUMNS = "id, kind, fingerprint, parent, created_at, in_use"


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint in the store; `parent` is the fingerprint that it was trained from, `in_use` the personal choice."""

    id: int
    kind: str
    fingerprint: str
    parent: str | None
    created_at: float
    in_use: bool
    read: Callable[[], bytes] = field(repr=False, compare=False)

    @property
    def blob(self) -> bytes:
        """Its bytes, read now. Raises CheckpointError if they are gone or not those that were stored; StoreError."""
        blob = self.read()
        if hashlib.sha256(blob).hexdigest() != self.fingerprint:
            raise CheckpointError(
                "corrupt",
                "{kind} checkpoint {id} in the store is corrupt",
                Remedy.RESET_TO_BASE,
                kind=self.kind,
                id=self.id,
            )
        return blob


class Checkpoints:
    """Checkpoints by number; at most one personal one is in use; the newest ten of those and two global ones stay."""

    def __init__(self, sql: Sql, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._clock = clock

    def add(self, kind: str, blob: bytes, parent: str | None, use: bool) -> int:
        """Store a "global" or "personal" checkpoint, and `use` a personal one from now on; returns its number."""
        use = use and kind == "personal"
        row = (kind, hashlib.sha256(blob).hexdigest(), parent, self._clock(), use, blob)
        with self._sql.transaction():
            if use:
                self._release()
            number = self._sql.insert(
                "INSERT INTO checkpoints (kind, fingerprint, parent, created_at, in_use, blob) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
            self._prune()
        return number

    def personal(self) -> StoredCheckpoint | None:
        """The personal checkpoint in use, if any. Raises StoreError."""
        return next(iter(self._select("WHERE in_use = 1")), None)

    def newest_global(self) -> StoredCheckpoint | None:
        """The global checkpoint that came last, if any. Raises StoreError."""
        return next(iter(self._select("WHERE kind = 'global' ORDER BY id DESC LIMIT 1")), None)

    def use(self, number: int | None) -> None:
        """Use the personal checkpoint `number` from now on; None: none. Raises CheckpointError, StoreError."""
        with self._sql.transaction():
            self._release()
            if number is None:
                return
            if not self._sql.run("UPDATE checkpoints SET in_use = 1 WHERE id = ? AND kind = 'personal'", (number,)):
                raise CheckpointError(
                    "unknown-checkpoint",
                    "there is no personal checkpoint {number}",
                    Remedy.LIST_CHECKPOINTS,
                    number=number,
                )

    def all(self) -> list[StoredCheckpoint]:
        """Every checkpoint, oldest first; their bytes are not read yet. Raises StoreError."""
        return self._select("ORDER BY id")

    def erase_personal(self) -> None:
        """Erase every personal checkpoint. Raises StoreError."""
        self._sql.run("DELETE FROM checkpoints WHERE kind = 'personal'")

    def _release(self) -> None:
        self._sql.run("UPDATE checkpoints SET in_use = 0 WHERE in_use = 1")

    def _prune(self) -> None:
        self._sql.run(
            """DELETE FROM checkpoints WHERE kind = 'personal' AND in_use = 0 AND id NOT IN
            (SELECT id FROM checkpoints WHERE kind = 'personal' ORDER BY id DESC LIMIT ?)""",
            (KEPT_PERSONAL,),
        )
        self._sql.run(
            """DELETE FROM checkpoints WHERE kind = 'global' AND id NOT IN
            (SELECT id FROM checkpoints WHERE kind = 'global' ORDER BY id DESC LIMIT ?)""",
            (KEPT_GLOBAL,),
        )

    def _select(self, where: str) -> list[StoredCheckpoint]:
        rows = self._sql.rows(f"SELECT {_COLUMNS} FROM checkpoints {where}")
        return [
            StoredCheckpoint(number, kind, fingerprint, parent, created_at, bool(in_use), self._reader(number))
            for number, kind, fingerprint, parent, created_at, in_use in rows
        ]

    def _reader(self, number: int) -> Callable[[], bytes]:
        def read() -> bytes:
            rows = self._sql.rows("SELECT blob FROM checkpoints WHERE id = ?", (number,))
            if not rows:
                raise CheckpointError(
                    "checkpoint-gone", "checkpoint {number} is no longer in the store", Remedy.RUN_AGAIN, number=number
                )
            return bytes(rows[0][0])

        return read
