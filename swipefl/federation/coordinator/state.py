"""All that a coordinator knows, in one SQLite file; what it has acknowledged is in there."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from swipefl.database.opening import open_database
from swipefl.database.snapshots import erase_before_upgrade, erase_outlived
from swipefl.decoder.checkpoint import Checkpoint
from swipefl.federation.coordinator.contributions import Contributions
from swipefl.federation.coordinator.devices import Devices
from swipefl.federation.coordinator.judged import Judgements
from swipefl.federation.coordinator.keys import Keys
from swipefl.federation.coordinator.notes import Noted
from swipefl.federation.coordinator.policy import KEPT
from swipefl.federation.coordinator.schema import COORDINATOR
from swipefl.federation.coordinator.updates import Updates
from swipefl.federation.coordinator.versions import Draft, Version, Versions
from swipefl.federation.round import Master

LOG_BYTES = 64 * 1024 * 1024
NODE_NOTED_S = 60  # how often it is written down that a node came, which a server asks every few seconds


class State:
    """The file `path` and its tables; one instance a thread. Raises StoreError as the device's store does.

    What concerns several tables stands here, each in one transaction. `clock` gives unix seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self.sql = open_database(path, COORDINATOR)
        # Pages of updates that a round has consumed meanwhile are written to the log again and to the file once.
        self.sql.run(f"PRAGMA wal_autocheckpoint = {LOG_BYTES // COORDINATOR.page_size}")
        self.keys = Keys(self.sql)
        self.devices = Devices(self.sql, self.keys, clock)
        self.versions = Versions(self.sql, clock)
        self.updates = Updates(self.sql, clock)
        self.contributions = Contributions(self.sql)
        self.judgements = Judgements(self.sql)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and the only writer meanwhile."""
        return self.sql.transaction()

    def reading(self) -> AbstractContextManager[None]:
        """All that is read inside is of one moment."""
        return self.sql.reading()

    def create(self, first: Checkpoint) -> Version:
        """A signing key and version 1. Raises UsageError where there is one already."""
        with self.transaction():
            self.keys.create()
            return self.publish(Draft(Master(first), "published"))

    def publish(self, draft: Draft, kept: int = KEPT) -> Version:
        """The next version; the updates that went into it are consumed.

        `kept` versions stay downloadable, or as many as whoever serves keeps. Raises VersionConflict where version
        `draft.after` is no longer the newest, or an update that went into the draft waits no longer.
        """
        with self.transaction():
            version = self.versions.add(draft)
            self.updates.consume(draft.consumed, version)
            oldest = version.number - max(kept, self.served_with("kept") or 0)
            self.versions.prune(oldest)
            self.updates.prune(oldest)
            self.judgements.prune(oldest)
        erase_before_upgrade(self.path)  # what this swipefl wrote is good
        erase_outlived(self.path, self._clock())
        return version

    def roll_back(self, number: int, kept: int = KEPT) -> Version:
        """A new version with the weights of version `number`. Raises UsageError where those are gone."""
        return self.publish(Draft(self.versions.master_of(number), "rolled back"), kept)

    def publish_again(self, ahead: int) -> Version:
        """The newest weights, and all that goes on from them, as a version whose number is `ahead` of theirs."""
        newest = self.versions.newest()
        master = self.versions.master()
        return self.publish(Draft(master, "rolled back", top1=newest.top1, ahead=ahead))

    def revoke(self, device_id: str) -> None:
        """The device is refused from now on, and what waits of it goes into no version made from now on.

        A sum that it was lent in before may be on its way, and goes into one version at most. Raises UsageError for a
        device that is not there.
        """
        with self.transaction():
            self.devices.revoke(device_id)
            self.updates.discard(device_id)

    def leave(self, device_id: str) -> None:
        """The device goes of its own will; what waits of it as in `revoke`."""
        with self.transaction():
            self.devices.left(device_id)
            self.updates.discard(device_id)

    def write_down(self, noted: Noted) -> Noted:
        """What was remembered of calls; gives what of it is to wait for more."""
        with self.transaction():
            self.devices.saw(noted.calls)
            return Noted(judgements=self.judgements.add(noted.judgements))

    def serves_with(self, kept: int, least: int, follows: bool = False) -> int:
        """What whoever serves goes by from now on, for who publishes, lends or looks beside it.

        Who follows nobody any more makes versions of what waits, and what is lent may be in one elsewhere: that is
        dropped. Says how many updates were.
        """
        with self.transaction():
            self.sql.run("DELETE FROM serving WHERE name = 'certificate_expires_at'")  # of who served before
            self._note("kept", kept)
            self._note("least", least)
            self._note("follows", follows)
            if follows:
                return 0
            self.sql.run("DELETE FROM serving WHERE name = 'node_came_at'")
            return self.contributions.part()

    def serves_until(self, expires_at: float) -> None:
        """When the certificate expires that is served from now on, in unix seconds."""
        with self.transaction():
            self._note("certificate_expires_at", int(expires_at))

    def node_came(self) -> None:
        """A node of Flower's was asked for this coordinator just now; `node_came_at` says when, to the minute."""
        now, last = int(self._clock()), self.served_with("node_came_at")
        if last is None or not 0 <= now - last < NODE_NOTED_S:
            with self.transaction():
                self._note("node_came_at", now)

    def _note(self, name: str, value: int) -> None:
        self.sql.run("INSERT OR REPLACE INTO serving (name, value) VALUES (?, ?)", (name, value))

    def served_with(self, name: str) -> int | None:
        """One of those numbers, None where nobody has served yet, or with no certificate."""
        rows = self.sql.rows("SELECT value FROM serving WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def close(self) -> None:
        """Close the file."""
        self.sql.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
