"""What devices say of versions: how many of their held-out swipes were right with the one before, and with this one.

Only sums are kept, and they only ever grow by several devices at once: whoever looks before and after learns of no
single one. That a device has spoken of a version is kept, what it said is not. A device that lies moves a sum by its
`MOST_JUDGED` at most.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from swipefl.database.sql import Sql
from swipefl.federation.protocol.bounds import LARGEST_VERSION, MOST_JUDGED

LEAST_DEVICES = 3  # that are added together: of two, each could take its own off the sum and read the other's


@dataclass(frozen=True)
class Judgement:
    """What one device says of one version: `right_before` and `right_now` of `swipes`."""

    device: str
    version: int
    swipes: int
    right_before: int
    right_now: int

    @property
    def is_plausible(self) -> bool:
        """Whether it can be so."""
        return (
            0 < self.version <= LARGEST_VERSION
            and 0 < self.swipes <= MOST_JUDGED
            and max(self.right_before, self.right_now) <= self.swipes
        )


@dataclass(frozen=True)
class Judged:
    """What `devices` devices said of a version, summed up."""

    version: int
    devices: int
    swipes: int
    right_before: int
    right_now: int


class Judgements:
    """Sums by version, and who is in them."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def may(self, device: str, version: int) -> bool:
        """Whether the device, which belongs here, may speak of a version: once, of one that it can have had."""
        known = (
            "SELECT 1 FROM versions v, devices d WHERE v.number = ? AND v.blob IS NOT NULL AND d.id = ? "
            "AND d.enrolled_with <= v.number AND NOT EXISTS "
            "(SELECT 1 FROM judges j WHERE j.device = d.id AND j.version = v.number)"
        )
        return bool(self._sql.rows(known, (version, device)))

    def add(self, judgements: Sequence[Judgement]) -> tuple[Judgement, ...]:
        """What devices say that may, once each. The caller holds a transaction.

        Of a version of which fewer than `LEAST_DEVICES` of them speak nothing is added: that is given back.
        """
        allowed = [judgement for judgement in judgements if self.may(judgement.device, judgement.version)]
        enough = together(allowed)
        for version, spoken in enough.items():
            who = [(judgement.device, version) for judgement in spoken]
            self._sql.run_many("INSERT INTO judges (device, version) VALUES (?, ?)", who)
            self._sql.run(
                "INSERT INTO judged VALUES (?, ?, ?, ?, ?) ON CONFLICT (version) DO UPDATE SET "
                "devices = devices + excluded.devices, swipes = swipes + excluded.swipes, "
                "right_before = right_before + excluded.right_before, right_now = right_now + excluded.right_now",
                (
                    version,
                    len(spoken),
                    sum(j.swipes for j in spoken),
                    sum(j.right_before for j in spoken),
                    sum(j.right_now for j in spoken),
                ),
            )
        return tuple(judgement for judgement in allowed if judgement.version not in enough)

    def all(self) -> list[Judged]:
        """The sums, oldest version first."""
        return self.newest(-1)

    def newest(self, most: int) -> list[Judged]:
        """Those of the last `most` versions, oldest first."""
        columns = "version, devices, swipes, right_before, right_now"
        rows = self._sql.rows(f"SELECT {columns} FROM judged ORDER BY version DESC LIMIT ?", (most,))
        return [Judged(*row) for row in reversed(rows)]

    def prune(self, oldest: int) -> None:
        """Who spoke of the versions up to `oldest` is forgotten: nobody may any more. The sums stay."""
        self._sql.run("DELETE FROM judges WHERE version <= ?", (oldest,))


def together(judgements: Iterable[Judgement]) -> dict[int, list[Judgement]]:
    """What enough devices say to be added, by version."""
    by_version = defaultdict(list)
    for judgement in judgements:
        by_version[judgement.version].append(judgement)
    return {version: spoken for version, spoken in by_version.items() if len(spoken) >= LEAST_DEVICES}
