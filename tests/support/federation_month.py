"""A federation of many devices for a simulated month of which calls fail, and what its coordinator made of it.

The coordinator is a real one that is called over loopback, with a model that costs little, and starts anew each week.
Devices have a store each and visit it as a cycle's timer does, with a clock of their own that knows the nights; what
they send is drawn, not trained.
"""

import random
import secrets
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.exchange import Exchange
from swipefl.federation.round import Arrived, Master, play
from swipefl.federation.update import decode_update, encode_update, shapes_of
from swipefl.store.membership import Membership
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support.coordinator import in_process
from tests.support.lossy import Clock, LossyClient
from tests.support.states import SMALL
from tests.support.updates import delta

DEVICES = 300
NIGHTS = 30
RATE = 0.08  # of all calls fail
AT_ONCE = 4  # devices
HOME = 0.8  # of the nights a device is where it can work
DAY_S = 86_400.0
EXAMPLES = 100
DRAWN = 16  # different changes that are sent
POLICY = Policy(
    limits=Limits(calls_a_minute=10**9, upload_bytes_a_day=10**18, enrolments_an_hour=10**9),
    kept=10**6,  # all versions stay, and who made them
    max_staleness=10,
)


@cache
def blob(number: int) -> bytes:
    """An encoded change of the model."""
    return encode_update(delta(SMALL.parameters, number, norm=0.1), 1e9).blob


@dataclass
class Told:
    """What devices were told: the updates that were taken of them, and how often calls failed."""

    made: dict[str, int] = field(default_factory=dict)  # which change an update is
    taken: dict[str, str] = field(default_factory=dict)  # devices by update
    lost: Counter[str] = field(default_factory=Counter)
    visits: int = 0
    failed: int = 0


class Member:
    """One device."""

    def __init__(self, number: int, home: Path, told: Told) -> None:
        self.number, self.home, self.told = number, home, told
        self.rng = random.Random(f"member {number}")
        self.clock = Clock()
        self.address = ""

    def join(self, address: str, token: bytes) -> None:
        """Gets a place, however often it has to ask."""
        credential = secrets.token_bytes(32)
        while True:
            with suppress(CoordinatorUnreachable), self._client(address, None) as client:
                answer = client.enroll(token, credential)
                break
        with self.store() as store:
            store.memberships.set(Membership(address, answer.device_id, credential, answer.keys.public_key))

    def night(self, address: str, night: int) -> None:
        """Fetches, makes something of it, and sends that, as far as it comes; later again where it fails."""
        if self.rng.random() > HOME:
            return
        self.clock.now, self.address = night * DAY_S + self.rng.uniform(0, 3600), address
        with self.store() as store:
            exchange = Exchange(store, self.home, self._connect, self.clock, self.rng)
            if self._visited(exchange, store) and self._makes(store):
                self._visited(exchange, store, pull=False)

    def _visited(self, exchange: Exchange, store: Store, pull: bool = True) -> bool:
        if exchange.waits():
            return False
        self.told.visits += 1
        waiting = {update.id for update in store.outbox.waiting()}
        try:
            exchange.run(pull=pull, by_timer=True)
        except CoordinatorUnreachable:
            self.told.failed += 1
            return False
        finally:
            self._hear(store, waiting)
        return True

    def _hear(self, store: Store, waiting: set[str]) -> None:
        """Notes what was taken: what waits no longer and left over what is kept now."""
        member = store.memberships.get()
        assert member
        for id in waiting - {update.id for update in store.outbox.waiting()}:
            if member.residual == residual_of(id):
                self.told.taken[id] = member.device_id

    def _makes(self, store: Store) -> bool:
        """A contribution from the newest version, where one is due: one a version, none before the fate of another."""
        member = store.memberships.get()
        if member is None or member.contributed >= member.version or store.outbox.waiting():
            return False
        id = secrets.token_hex(16)
        self.told.made[id] = self.rng.randrange(DRAWN)
        about = (self.clock(), EXAMPLES, blob(self.told.made[id]), False, "data", None, residual_of(id))
        store.outbox.queue(QueuedUpdate(id, member.fingerprint, *about))
        return True

    def store(self) -> Store:
        return Store(self.home / "swipefl.db", self.clock)

    def _connect(self, member: Membership) -> LossyClient:
        return self._client(self.address, member.authorization)

    def _client(self, address: str, authorization: str | None) -> LossyClient:
        return LossyClient(Endpoint(address), authorization, RATE, self.rng, self.told.lost)


def residual_of(id: str) -> bytes:
    return f"residual of {id}".encode()


def month(folder: Path, devices: int = DEVICES, nights: int = NIGHTS) -> Told:
    """Plays it, and gives what devices were told."""
    told, theirs = Told(), folder / "coordinator"
    with State(theirs / "coordinator.db") as state:
        state.keys.create()
        state.publish(Draft(Master(SMALL), "published"))
        tokens = [state.devices.new_token(DAY_S, "").secret for _ in range(devices)]
    members = list(_members(folder, devices, told))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for first in range(0, nights, 7):
            with in_process(theirs, POLICY, create=False) as serving:
                if not first:
                    list(pool.map(lambda member, token: member.join(serving.address, token), members, tokens))
                for night in range(first, min(first + 7, nights)):
                    list(pool.map(lambda member, night=night: member.night(serving.address, night), members))
    return told


def _members(folder: Path, count: int, told: Told) -> Iterator[Member]:
    with Store(folder / "first" / "swipefl.db"):
        pass
    for number in range(count):
        home = folder / "members" / str(number)
        shutil.copytree(folder / "first", home)
        yield Member(number, home, told)


@dataclass(frozen=True)
class Row:
    """An update that the coordinator has taken."""

    number: int
    id: str
    device: str
    version: int
    consumed_by: int | None


def every_accepted_update_is_in_exactly_one_version(folder: Path, told: Told) -> None:
    """What devices were told to be taken went into one version, or waits for one, and is in its weights once."""
    with State(folder / "coordinator" / "coordinator.db") as state:
        assert state.sql.rows("PRAGMA integrity_check") == [("ok",)]
        rows = [Row(*row) for row in state.sql.rows("SELECT number, id, device, version, consumed_by FROM updates")]
        versions, newest = state.versions.all(), state.versions.master()
    by_id = {row.id: row for row in rows}
    assert len(by_id) == len(rows)
    assert {(id, device) for id, device in told.taken.items()} <= {(row.id, row.device) for row in rows}
    assert set(by_id) - set(told.taken) <= _of_unknown_fate(folder)
    made = defaultdict[int, list[Row]](list)
    for row in rows:
        assert row.consumed_by is None or row.version < row.consumed_by <= row.version + POLICY.max_staleness + 1
        made[row.consumed_by or 0].append(row)
    for version in versions:
        assert version.updates == len(made[version.number])
        assert len({row.device for row in made[version.number]}) == version.updates, "one of each device"
    assert len(made[0]) < POLICY.buffer
    assert {version.made_by for version in versions[1:]} <= {"aggregated"}
    master = Master(SMALL)
    for number, version in enumerate(versions[1:], 1):
        master = play(master, [_arrived(row, told) for row in made[version.number]], POLICY.strategy, number).master
    for name, weights in master.model.weights.items():
        assert np.allclose(weights, newest.model.weights[name], atol=1e-6), "the weights are of other updates"


def _of_unknown_fate(folder: Path) -> set[str]:
    """Ids of what devices have tried to send and heard nothing of yet."""
    found = set[str]()
    for home in (folder / "members").iterdir():
        with Store(home / "swipefl.db") as store:
            found |= {update.id for update in store.outbox.waiting() if update.attempted}
    return found


def _arrived(row: Row, told: Told) -> Arrived:
    """An update as it was when its version was made."""
    change = decode_update(blob(told.made[row.id]), shapes_of(SMALL.parameters))
    late = (row.consumed_by or 0) - 1 - row.version
    return Arrived(EXAMPLES, late, lambda only: {only: change[only]} if only else change)
