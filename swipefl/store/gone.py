"""By what swipes are known again that were kept for their time: the beginnings of their traces' hashes, no more.

A log that is read once more, under another name or from a copy, must not bring them back as new.
"""

from collections.abc import Iterable
from itertools import islice

from swipefl.database.sql import Sql

KEPT = 100_000  # the newest: a year of 275 a day
DIGEST = 8  # bytes of a trace's hash: of so few, no two are alike by chance
_AT_ONCE = 500  # parameters: older SQLite takes 999


class Gone:
    """Gestures that were erased since their time was over; what their owner forgets leaves nothing here."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def remember(self, numbers: str) -> None:
        """Keep what tells stored gestures of these numbers (a JSON list) again. Raises StoreError."""
        self._sql.run(
            "INSERT OR IGNORE INTO gone (number, digest) SELECT number, substr(trace, 1, ?) FROM gestures "
            "WHERE number IN (SELECT value FROM json_each(?))",
            (DIGEST, numbers),
        )
        self._sql.run(
            "DELETE FROM gone WHERE number <= (SELECT number FROM gone ORDER BY number DESC LIMIT 1 OFFSET ?)", (KEPT,)
        )

    def among(self, traces: Iterable[bytes]) -> set[bytes]:
        """Those of some traces that were erased so. Raises StoreError."""
        if not self._sql.rows("SELECT 1 FROM gone LIMIT 1"):
            return set()
        asked = {trace[:DIGEST]: trace for trace in traces}
        found, left = set[bytes](), iter(asked)
        while some := list(islice(left, _AT_ONCE)):
            marks = ",".join("?" * len(some))
            rows = self._sql.rows(f"SELECT digest FROM gone WHERE digest IN ({marks})", some)
            found.update(asked[digest] for (digest,) in rows)
        return found

    def erase(self) -> None:
        """Know none of them any more. Raises StoreError."""
        self._sql.run("DELETE FROM gone")
