"""What is lent to whoever makes the versions elsewhere, and whose versions are followed.

A contribution is the sum of updates that wait: they wait on until a newer version says whether it went into one. Each
holds all of those before it that still wait, so that of a lent update the first contribution that it is in is known,
and no more. That it was in one is remembered for as long as it waits.
"""

import secrets
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from swipefl.database.sql import Sql
from swipefl.errors import VersionConflict
from swipefl.federation.coordinator.updates import Waiting


@dataclass(frozen=True)
class Followed:
    """The version of elsewhere that was followed last: by its signer's public `key`, number and SHA-256.

    `proof` is what that one signed of it. `top1_before` and `top1_after` are those of the holdout, of what was there
    before and of that version, where it was scored.
    """

    key: bytes
    version: int
    sha256: bytes
    proof: bytes
    top1_before: float | None = None
    top1_after: float | None = None


@dataclass(frozen=True)
class Contribution:
    """So many `updates` that were lent for one attempt, their lateness counted from version `newest`."""

    number: int
    id: str
    newest: int
    updates: int


class Contributions:
    """Contributions by number, in the order in which they were lent. Those who change something hold a transaction."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def followed(self) -> Followed | None:
        """What was followed last, None before anything was."""
        rows = self._sql.rows("SELECT signer, version, sha256, proof, top1_before, top1_after FROM followed")
        return Followed(*rows[0]) if rows else None

    def follow(self, version: Followed) -> None:
        """This is what was followed last."""
        self._sql.run("INSERT OR REPLACE INTO followed VALUES (1, ?, ?, ?, ?, ?, ?)", astuple(version))

    def of_attempt(self, attempt: str) -> Contribution | None:
        """What was first lent for that attempt, if anything was since a version was last followed."""
        return self._one("WHERE attempt = ?", attempt)

    def of_id(self, contribution: str) -> Contribution | None:
        """The contribution of that id, if it is known still."""
        return self._one("WHERE id = ?", contribution)

    def last(self) -> Contribution | None:
        """The contribution that was made last, if there ever was one."""
        return self._one("ORDER BY number DESC LIMIT 1")

    def _one(self, which: str, *given: str) -> Contribution | None:
        rows = self._sql.rows(f"SELECT number, id, newest, updates FROM contributions {which}", given)
        return Contribution(*rows[0]) if rows else None

    def lend(self, attempt: str, newest: int, numbers: Sequence[int]) -> Contribution:
        """These updates are lent for an attempt. Raises VersionConflict where one of them waits no longer.

        They are all that were lent before and wait, and maybe more.
        """
        contribution = secrets.token_hex(16)
        number = self._sql.insert(
            "INSERT INTO contributions (id, attempt, newest, updates) VALUES (?, ?, ?, ?)",
            (contribution, attempt, newest, len(numbers)),
        )
        self._sql.run_many(
            "INSERT INTO lent (number, since) SELECT number, ? FROM updates WHERE number = ? "
            "AND consumed_by IS NULL ON CONFLICT (number) DO NOTHING",
            [(number, update) for update in numbers],
        )
        lent = Contribution(number, contribution, newest, len(numbers))
        if [update.number for update in self.members(lent)] != sorted(numbers):
            raise VersionConflict("update-gone", "an update that was to be lent waits no longer")
        return lent

    def members(self, contribution: Contribution) -> list[Waiting]:
        """Which of its updates still wait, oldest first: all of them but those whose device left or was revoked."""
        rows = self._sql.rows(
            "SELECT number, version, examples FROM lent JOIN updates USING (number) "
            "WHERE since <= ? AND consumed_by IS NULL ORDER BY number",
            (contribution.number,),
        )
        return [Waiting(*row) for row in rows]

    def is_whole(self, contribution: Contribution) -> bool:
        """Whether all of its updates still wait, so that it can be lent once more."""
        return len(self.members(contribution)) == contribution.updates

    def lent(self) -> set[int]:
        """Which updates that wait are in any contribution that ever was lent."""
        rows = self._sql.rows("SELECT number FROM lent JOIN updates USING (number) WHERE consumed_by IS NULL")
        return {number for (number,) in rows}

    def stuck(self) -> set[int]:
        """Those of them that cannot be lent again as they were: one that was lent along with them waits no longer."""
        last = self.last()
        return set() if last is None or self.is_whole(last) else self.lent()

    def settle(self) -> None:
        """A newer version is followed, which none goes into any more unless it is lent again: the last one may be."""
        self._sql.run("DELETE FROM contributions WHERE number < (SELECT max(number) FROM contributions)")

    def forget(self) -> None:
        """Nothing is known any more of what was lent: the caller drops the updates."""
        self._sql.run("DELETE FROM lent")
        self._sql.run("DELETE FROM contributions")

    def give_up(self) -> int:
        """Nothing is lent any more, and what was goes into no version: it may be in one elsewhere. How much that is."""
        dropped = self._sql.run(
            "UPDATE updates SET consumed_by = 0, blob = NULL "
            "WHERE consumed_by IS NULL AND number IN (SELECT number FROM lent)"
        )
        self.forget()
        return dropped

    def part(self) -> int:
        """Nobody is followed any more, and what is lent is given up. How much that is."""
        dropped = self.give_up()
        self._sql.run("DELETE FROM followed")
        return dropped
