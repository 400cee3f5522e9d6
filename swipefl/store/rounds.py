"""What each finished round came to."""

from dataclasses import astuple, dataclass

from swipefl.database.sql import Sql

_COLUMNS = "number, started_at, finished_at, examples, top1_before, top1_after, adopted, update_id, base"


@dataclass(frozen=True)
class Round:
    """One finished round; times in unix seconds, top-1 as a fraction, `base` the fingerprint that it started from."""

    number: int
    started_at: float
    finished_at: float
    examples: int
    top1_before: float | None
    top1_after: float | None
    adopted: bool
    update_id: str | None
    base: str


KEPT = 400  # rounds


class Rounds:
    """The last rounds by number, counted from 1."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, round: Round) -> None:
        """Store a round under its number, which must be new; those before the last KEPT go. Raises StoreError."""
        self._sql.run(f"INSERT INTO rounds ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", astuple(round))
        self._sql.run("DELETE FROM rounds WHERE number <= ?", (round.number - KEPT,))

    def all(self) -> list[Round]:
        """The rounds that are kept, oldest first. Raises StoreError."""
        rows = self._sql.rows(f"SELECT {_COLUMNS} FROM rounds ORDER BY number")
        return [Round(*(*before, bool(adopted), update_id, base)) for *before, adopted, update_id, base in rows]

    def erase(self) -> None:
        """Erase every round. Raises StoreError."""
        self._sql.run("DELETE FROM rounds")

    def next_number(self) -> int:
        """The number for the next round. Raises StoreError."""
        return int(self._sql.rows("SELECT coalesce(max(number), 0) + 1 FROM rounds")[0][0])
