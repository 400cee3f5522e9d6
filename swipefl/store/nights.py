"""What each night came to, in right counts: three models on the same held-out swipes, and what was shared."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from swipefl.database.sql import Sql

KEPT = 400  # nights


@dataclass(frozen=True)
class Night:
    """One night that judged: a `cycle`, or a training by hand.

    Of `swipes` held-out ones the first word was right of `right_base` with the model that came with swipefl, of
    `right_before` with the one in use before, of `right_new` with the new one, and of `right_now` with the one in use
    afterwards; of `only_base` with the first alone, of `only_now` with the last alone. `surer` is how much the mean ln
    probability of the words that were meant rose from the one before to the new one.

    `unseen` are held-out swipes that had come since the night before, while a model other than the first was in use: it
    had not been chosen by them, and so they alone say fairly what it gained over the first. `unseen_since` is when the
    oldest of them came (unix seconds); the counts are as above, with the one in use before as `yours`, and
    `unseen_surer` is a sum, of yours over the first.

    `model` is the fingerprint of the one in use afterwards, None for the first.

    `shared` is what became of this night's contribution: nothing (there is none, or it gave way to a newer one), waits,
    sent, or refused or stale by when it came; `bytes_sent` of it left `sent_at`, also of what was not taken.
    """

    finished_at: float
    newest: int
    new_swipes: int
    swipes: int
    right_base: int
    right_before: int
    right_new: int
    right_now: int
    only_base: int
    only_now: int
    surer: float
    adopted: bool
    unseen: int = 0
    unseen_since: float | None = None
    unseen_base: int = 0
    unseen_yours: int = 0
    unseen_only_base: int = 0
    unseen_only_yours: int = 0
    unseen_surer: float = 0.0
    update_id: str | None = None
    shared: str = "nothing"
    bytes_sent: int = 0
    sent_at: float | None = None
    model: str | None = None


@dataclass(frozen=True)
class Departure:
    """What left this device: so many bytes, at a time in unix seconds, and whether it was sent, refused or stale."""

    sent_at: float
    bytes: int
    outcome: str


_NAMES = [field.name for field in fields(Night)]
# A contribution that is neither in the outbox nor settled was replaced by a newer one, or its federation was left.
_SHARED = "CASE WHEN shared = 'waits' AND update_id NOT IN (SELECT id FROM updates) THEN 'nothing' ELSE shared END"
_COLUMNS = ", ".join(_SHARED if name == "shared" else name for name in _NAMES)
_LATER = ("shared", "bytes_sent", "sent_at")  # what `settle` says


class Nights:
    """The last nights, by number."""

    def __init__(self, sql: Sql, clock: Callable[[], float]) -> None:
        self._sql = sql
        self._clock = clock

    def add(self, night: Night) -> int:
        """Store a night; those before the last KEPT go. Returns its number. Raises StoreError."""
        with self._sql.transaction():
            places = ", ".join("?" * len(_NAMES))
            row = tuple(getattr(night, name) for name in _NAMES)
            number = self._sql.insert(f"INSERT INTO nights ({', '.join(_NAMES)}) VALUES ({places})", row)
            self._sql.run("DELETE FROM nights WHERE number <= ?", (number - KEPT,))
        return number

    def grow(self, number: int, night: Night) -> None:
        """Store what a further round of the night of that number came to; what left already stays said. StoreError."""
        names = [name for name in _NAMES if name not in _LATER]
        row = [getattr(night, name) for name in names]
        self._sql.run(
            f"UPDATE nights SET {', '.join(f'{name} = ?' for name in names)}, "
            "shared = CASE shared WHEN 'nothing' THEN ? ELSE shared END WHERE number = ?",
            (*row, night.shared, number),
        )

    def made(self, update_id: str) -> bool:
        """Whether a night made the contribution of that id. Raises StoreError."""
        return bool(self._sql.rows("SELECT 1 FROM nights WHERE update_id = ?", (update_id,)))

    def settle(self, update_id: str, shared: str, bytes_sent: int = 0) -> None:
        """Remember what became of a contribution: sent, refused or stale. Raises StoreError."""
        sent_at = self._clock() if bytes_sent else None
        self._sql.run(
            "UPDATE nights SET shared = ?, bytes_sent = bytes_sent + ?, sent_at = coalesce(?, sent_at) "
            "WHERE update_id = ?",
            (shared, bytes_sent, sent_at, update_id),
        )
        if bytes_sent:
            self.depart(shared, bytes_sent)

    def depart(self, outcome: str, bytes_sent: int) -> None:
        """Remember that so much left now, and what became of it: sent, refused or stale. Raises StoreError."""
        row = (self._clock(), bytes_sent, outcome)
        self._sql.run("INSERT INTO departures (sent_at, bytes, outcome) VALUES (?, ?, ?)", row)
        self._sql.run("DELETE FROM departures WHERE number <= (SELECT max(number) FROM departures) - ?", (KEPT,))

    def left(self) -> list[Departure]:
        """The last that left, oldest first: erasing swipes erases none of it. Raises StoreError."""
        return [
            Departure(*row) for row in self._sql.rows("SELECT sent_at, bytes, outcome FROM departures ORDER BY number")
        ]

    def departures(self, until: int) -> int:
        """How many of what left are kept, up to the one of that number. Raises StoreError."""
        return int(self._sql.rows("SELECT count(*) FROM departures WHERE number <= ?", (until,))[0][0])

    def last_departure(self) -> int:
        """The number of what left last, 0 where nothing did. Raises StoreError."""
        return int(self._sql.rows("SELECT coalesce(max(number), 0) FROM departures")[0][0])

    def all(self) -> list[Night]:
        """The nights that are kept, oldest first. Raises StoreError."""
        rows = self._sql.rows(f"SELECT {_COLUMNS} FROM nights ORDER BY number")
        return [_night(row) for row in rows]

    def since(self, newest: int) -> int:
        """How many nights have seen the gesture numbered `newest` or a later one. Raises StoreError."""
        return int(self._sql.rows("SELECT count(*) FROM nights WHERE newest >= ?", (newest,))[0][0])

    def erase(self, newest: int) -> int:
        """Erase the nights that have seen the gesture numbered `newest` or a later one: their counts are of it, too.

        Returns how many. Raises StoreError.
        """
        return self._sql.run("DELETE FROM nights WHERE newest >= ?", (newest,))


def _night(row: tuple[object, ...]) -> Night:
    known = dict(zip(_NAMES, row, strict=True))
    return Night(**known | {"adopted": bool(known["adopted"])})  # type: ignore[arg-type]
