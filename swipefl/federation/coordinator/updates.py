"""Updates that were taken: those that wait for a round, and which version each of the others went into."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from swipefl.database.sql import Sql
from swipefl.errors import CheckpointError, Remedy
from swipefl.federation.coordinator.versions import Version


@dataclass(frozen=True)
class Received:
    """An update as it arrived and was checked."""

    id: str
    device: str
    version: int
    examples: int
    blob: bytes


@dataclass(frozen=True)
class Waiting:
    """An update that no aggregation has consumed yet, without its bytes."""

    number: int
    version: int
    examples: int
    received_at: float


class Updates:
    """Updates by number, in the order in which they came."""

    def __init__(self, sql: Sql, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._clock = clock

    def add(self, update: Received) -> None:
        """Store one that is admitted."""
        self._sql.run(
            "INSERT INTO updates (id, device, version, examples, received_at, blob) VALUES (?, ?, ?, ?, ?, ?)",
            (update.id, update.device, update.version, update.examples, self._clock(), update.blob),
        )

    def is_known(self, device: str, update_id: str) -> bool:
        """Whether this update of this device was taken before."""
        return bool(self._sql.rows("SELECT 1 FROM updates WHERE device = ? AND id = ?", (device, update_id)))

    def contributed(self, device: str, version: int) -> bool:
        """Whether an update of this device for this version was taken."""
        return bool(self._sql.rows("SELECT 1 FROM updates WHERE device = ? AND version = ?", (device, version)))

    def backlog(self) -> tuple[int, float]:
        """How many updates no aggregation has consumed yet, and when the oldest of them was received."""
        count, oldest = self._sql.rows("SELECT count(*), min(number) FROM updates WHERE consumed_by IS NULL")[0]
        rows = self._sql.rows("SELECT received_at FROM updates WHERE number = ?", (oldest,))
        return count, rows[0][0] if rows else self._clock()

    def waiting(self, most: int = -1) -> list[Waiting]:
        """The oldest of those updates, all or `most`."""
        rows = self._sql.rows(
            "SELECT number, version, examples, received_at FROM updates WHERE consumed_by IS NULL ORDER BY number "
            "LIMIT ?",
            (most,),
        )
        return [Waiting(*row) for row in rows]

    def blob(self, update: Waiting) -> bytes:
        """Its bytes. Raises CheckpointError where they are gone."""
        rows = self._sql.rows("SELECT blob FROM updates WHERE number = ?", (update.number,))
        if not rows or rows[0][0] is None:
            raise CheckpointError(
                "update-gone",
                "update {number} is gone from {path}",
                Remedy.RESTART_COORDINATOR,
                number=update.number,
                path=self._sql.path,
            )
        blob: bytes = rows[0][0]
        return blob

    def consume(self, numbers: Sequence[int], version: Version) -> None:
        """These went into `version`; and those for another architecture, which can go into none any more."""
        self._sql.run_many(
            "UPDATE updates SET consumed_by = ?, blob = NULL WHERE number = ? AND consumed_by IS NULL",
            [(version.number, number) for number in numbers],
        )
        self._sql.run(
            "UPDATE updates SET consumed_by = ?, blob = NULL WHERE consumed_by IS NULL AND version IN "
            "(SELECT number FROM versions WHERE architecture <> ?)",
            (version.number, version.architecture),
        )

    def discard(self, device: str) -> None:
        """What waits of `device` goes into no version: it is consumed by version 0."""
        self._sql.run(
            "UPDATE updates SET consumed_by = 0, blob = NULL WHERE device = ? AND consumed_by IS NULL", (device,)
        )

    def prune(self, oldest: int) -> None:
        """Those that went into the versions up to `oldest` are forgotten.

        Their own versions are older still, and pruned: such an update would be stale if it came again.
        """
        self._sql.run("DELETE FROM updates WHERE consumed_by <= ?", (oldest,))
