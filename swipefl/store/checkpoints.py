"""Checkpoints received (global) and trained here (personal)."""

import hashlib
from collections.abc import Callable
from dataclasses import astuple, dataclass, field

from swipefl.database.sql import Sql
from swipefl.errors import CheckpointError, Remedy

KEPT_PERSONAL = 10
KEPT_GLOBAL = 2
_COLUMNS = (
    "id, kind, fingerprint, parent, created_at, in_use, device_id, accepted, held_out, swipes, right_before, right_now"
)


@dataclass(frozen=True)
class Verdict:
    """Whether predictions may use a global checkpoint, and why: of so many `swipes` of those `held_out` then, the first
    word was right of `right_before` with what they used, and of `right_now` with this one."""

    accepted: bool
    held_out: int
    swipes: int
    right_before: int
    right_now: int


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint in the store; `parent` is the fingerprint that it was trained from, `in_use` the personal choice.

    A global one has come to this device as `device_id`; its `verdict` is None until it was judged.
    """

    id: int
    kind: str
    fingerprint: str
    parent: str | None
    created_at: float
    in_use: bool
    device_id: str | None
    verdict: Verdict | None
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
    """Checkpoints by number; at most one personal one is in use.

    The newest ten of those stay, and the newest two global ones with the newest of them that was accepted, and what
    a training that was stopped started from.
    """

    def __init__(self, sql: Sql, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._clock = clock

    def add(self, kind: str, blob: bytes, parent: str | None, use: bool, device_id: str | None = None) -> int:
        """Store a "global" or "personal" checkpoint, and `use` a personal one from now on; returns its number."""
        use = use and kind == "personal"
        row = (kind, hashlib.sha256(blob).hexdigest(), parent, self._clock(), use, device_id, blob)
        with self._sql.transaction():
            if use:
                self._release()
            number = self._sql.insert(
                "INSERT INTO checkpoints (kind, fingerprint, parent, created_at, in_use, device_id, blob) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
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

    def accepted_global(self, before: int | None = None) -> StoredCheckpoint | None:
        """The newest global checkpoint that was accepted, if any; of those that came `before` a number. StoreError."""
        where = "WHERE accepted = 1 AND (?1 IS NULL OR id < ?1) ORDER BY id DESC LIMIT 1"
        return next(iter(self._select(where, (before,))), None)

    def settle(self, number: int, verdict: Verdict) -> None:
        """Remember what was found of the global checkpoint `number`. Raises StoreError."""
        self._sql.run(
            "UPDATE checkpoints SET accepted = ?, held_out = ?, swipes = ?, right_before = ?, right_now = ? "
            "WHERE id = ? AND kind = 'global'",
            (*astuple(verdict), number),
        )

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

    def erase_personal(self) -> int:
        """Erase every personal checkpoint, and what the verdicts on others counted: each is due again.

        Returns how many checkpoints went. Raises StoreError.
        """
        self._sql.run(
            "UPDATE checkpoints SET held_out = 0, swipes = 0, right_before = 0, right_now = 0 "
            "WHERE accepted IS NOT NULL"
        )
        return self._sql.run("DELETE FROM checkpoints WHERE kind = 'personal'")

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
            (SELECT id FROM checkpoints WHERE kind = 'global' ORDER BY id DESC LIMIT ?)
            AND id IS NOT (SELECT max(id) FROM checkpoints WHERE accepted = 1)
            AND fingerprint NOT IN (SELECT start FROM begun)""",
            (KEPT_GLOBAL,),
        )

    def _select(self, where: str, parameters: tuple[int | None, ...] = ()) -> list[StoredCheckpoint]:
        found = []
        for number, kind, fingerprint, parent, created_at, in_use, device_id, accepted, *counts in self._sql.rows(
            f"SELECT {_COLUMNS} FROM checkpoints {where}", parameters
        ):
            verdict = None if accepted is None else Verdict(bool(accepted), *counts)
            about = (number, kind, fingerprint, parent, created_at, bool(in_use), device_id, verdict)
            found.append(StoredCheckpoint(*about, self._reader(number)))
        return found

    def _reader(self, number: int) -> Callable[[], bytes]:
        def read() -> bytes:
            rows = self._sql.rows("SELECT blob FROM checkpoints WHERE id = ?", (number,))
            if not rows:
                raise CheckpointError(
                    "checkpoint-gone", "checkpoint {number} is no longer in the store", Remedy.RUN_AGAIN, number=number
                )
            return bytes(rows[0][0])

        return read
