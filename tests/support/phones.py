"""Devices of a test: a store each, that belongs to a coordinator, and visits to it without any process between."""

import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.device.client import Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.exchange import Exchange, Exchanged
from swipefl.federation.round import Master
from swipefl.store.membership import Membership
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support.coordinator import Coordinator
from tests.support.harm import scaled
from tests.support.states import enrolled
from tests.support.updates import update
from tests.support.waiting import LONG_S


class Phone:
    """A device that `serving` enrols, None for one that is; `address` is where it goes. Use it in a `with`."""

    def __init__(self, home: Path, serving: Coordinator | None, address: str | None = None) -> None:
        self.home = home
        self.store = Store(home / "swipefl.db")
        if serving:
            with serving.state() as state:
                secret = secrets.token_bytes(32)
                device_id = enrolled(state, credential=secret)
                key = state.keys.public().public_key
            self.store.memberships.set(Membership(address or serving.address, device_id, secret, key))

    @property
    def member(self) -> Membership:
        member = self.store.memberships.get()
        assert member
        return member

    def queue(self, seed: int, base: str | None = None, attempted: bool = False) -> QueuedUpdate:
        """An update from `base` in the outbox; its residual says which seed made it."""
        base = base or self.member.fingerprint or base_checkpoint().fingerprint
        new_id, residual = secrets.token_hex(16), f"residual of {seed}".encode()
        queued = QueuedUpdate(new_id, base, time.time(), 100, update(seed), attempted, f"data {seed}", None, residual)
        self.store.outbox.queue(queued)
        return queued

    def client(self, deadline_s: float = LONG_S) -> Client:
        return Client(Endpoint(self.member.address), self.member.authorization, deadline_s)

    def exchange(self, clock: Callable[[], float] = time.time, deadline_s: float = LONG_S) -> Exchange:
        return Exchange(self.store, self.home, lambda member: self.client(deadline_s), clock)

    def visit(self, clock: Callable[[], float] = time.time, deadline_s: float = LONG_S) -> Exchanged:
        return self.exchange(clock, deadline_s).run()

    def __enter__(self) -> "Phone":
        return self

    def __exit__(self, *error: object) -> None:
        self.store.close()


def publish(serving: Coordinator, factor: float) -> int:
    """A new version whose weights are those of the base times `factor`; returns its number."""
    return publish_model(serving, scaled(factor))


def publish_model(serving: Coordinator, model: Checkpoint) -> int:
    """The model as a new version; returns its number."""
    with serving.state() as state:
        return state.publish(Draft(Master(model), "published")).number


def aggregate(serving: Coordinator, factor: float) -> int:
    """As `publish`, made by a round that consumed what waits: each device may contribute again."""
    return aggregate_model(serving, scaled(factor))


def aggregate_model(serving: Coordinator, model: Checkpoint) -> int:
    """As `publish_model`, made by such a round."""
    with serving.state() as state:
        waiting = [update.number for update in state.updates.waiting()]
        return state.publish(Draft(Master(model), "aggregated", waiting)).number


def taken(serving: Coordinator, update_id: str) -> int:
    """How often the update is in the coordinator's state."""
    with sqlite3.connect(serving.home / "coordinator.db") as database:
        return int(database.execute("SELECT count(*) FROM updates WHERE id = ?", (update_id,)).fetchone()[0])


def model_bytes(serving: Coordinator) -> int:
    """The size of the newest version."""
    with serving.state() as state:
        return state.versions.newest().size or 0


def suppressed(device: Phone, deadline_s: float = LONG_S) -> None:
    """A visit that may fail."""
    with suppress(CoordinatorUnreachable), Phone(device.home, None) as own:  # a connection of this thread's own
        own.visit(deadline_s=deadline_s)
