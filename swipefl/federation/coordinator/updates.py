"""Updates that were taken: those that wait for a round, and which version each of the others went into.

Of one device one waits at most: `admission` takes no other. Files from before may hold more; then the oldest of each
device waits for the next version, and the others for later ones.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from swipefl.database.sql import Sql
from swipefl.errors import VersionConflict
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


class Updates:
    """Updates by number, in the order in which they came."""

    def __init__(self, sql: Sql, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._clock = clock

    def add(self, update: Received) -> None:
        """Store one that is admitted. The caller holds a transaction."""
        self._sql.run(
            "INSERT INTO updates (id, device, version, examples, received_at, blob) VALUES (?, ?, ?, ?, ?, ?)",
            (update.id, update.device, update.version, update.examples, self._clock(), update.blob),
        )
        self._sql.run("UPDATE devices SET last_update = ? WHERE id = ?", (update.id, update.device))

    def is_known(self, device: str, update_id: str) -> bool:
        """Whether this update of this device was taken before."""
        return bool(self._sql.rows("SELECT 1 FROM updates WHERE device = ? AND id = ?", (device, update_id)))

    def contributed(self, device: str, version: int) -> bool:
        """Whether an update of this device for this version was taken."""
        return bool(self._sql.rows("SELECT 1 FROM updates WHERE device = ? AND version = ?", (device, version)))

    def last_of(self, device: str) -> str:
        """The id of the update of this device that was taken last, "" where none ever was."""
        rows = self._sql.rows("SELECT last_update FROM devices WHERE id = ?", (device,))
        return rows[0][0] if rows else ""

    def waits(self, device: str) -> bool:
        """Whether an update of this device waits for a version, whatever version it started from."""
        return bool(self._sql.rows("SELECT 1 FROM updates WHERE device = ? AND consumed_by IS NULL", (device,)))

    def backlog(self) -> tuple[int, float]:
        """Of how many devices an update waits, and when the oldest of them was received."""
        count, oldest = self._sql.rows(
            "SELECT count(DISTINCT device), min(number) FROM updates WHERE consumed_by IS NULL"
        )[0]
        rows = self._sql.rows("SELECT received_at FROM updates WHERE number = ?", (oldest,))
        return count, rows[0][0] if rows else self._clock()

    def waiting(self) -> list[Waiting]:
        """What waits, one of each device, oldest first."""
        rows = self._sql.rows(
            "SELECT number, version, examples FROM updates WHERE number IN "
            "(SELECT min(number) FROM updates WHERE consumed_by IS NULL GROUP BY device) ORDER BY number"
        )
        return [Waiting(*row) for row in rows]

    def blob(self, update: Waiting) -> bytes:
        """Its bytes. Raises VersionConflict where it waits no longer, as after its device left; StoreError."""
        rows = self._sql.rows("SELECT blob FROM updates WHERE number = ? AND consumed_by IS NULL", (update.number,))
        if not rows:
            raise _gone()
        blob: bytes | None = rows[0][0]
        if blob is None:
            raise self._sql.damaged("an update that waits has no bytes")
        return blob

    def consume(self, numbers: Sequence[int], version: Version) -> None:
        """These went into `version`; and those for another architecture, which can go into none any more.

        The caller holds a transaction. Raises VersionConflict where not all of them wait any more.
        """
        consumed = self._sql.run_many(
            "UPDATE updates SET consumed_by = ?, blob = NULL WHERE number = ? AND consumed_by IS NULL",
            [(version.number, number) for number in numbers],
        )
        if consumed < len(numbers):
            raise _gone()
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

    def drop(self, number: int) -> None:
        """This one goes into no version."""
        self._sql.run("UPDATE updates SET consumed_by = 0, blob = NULL WHERE number = ?", (number,))

    def prune(self, oldest: int) -> None:
        """Those that went into the versions up to `oldest` are forgotten.

        Their own versions are older still, and pruned: such an update would be stale if it came again.
        """
        self._sql.run("DELETE FROM updates WHERE consumed_by <= ?", (oldest,))


def _gone() -> VersionConflict:
    return VersionConflict("update-gone", "an update of this round waits no longer")
