"""Coordinators under load and devices in a visit that are killed with -9: what was acknowledged counts once."""

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from swipefl.device.cycle import nothing_to_do
from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.store.models import newest_global
from tests.support.command import SHORT, killed_after, swipefl
from tests.support.coordinator import Coordinator, Device, coordinator
from tests.support.people import examples
from tests.support.phones import Phone, publish
from tests.support.proxy import proxied
from tests.support.stores import put
from tests.support.updates import header_for, update
from tests.support.waiting import wait_until

BLOBS = [update(seed) for seed in range(3)]


DEVICES = 4


TAKEN = (wire.OUTCOME_ACCEPTED, wire.OUTCOME_DUPLICATE)


@dataclass
class Load:
    """Devices that upload to each version what they can, each in a thread, and what they were told of it."""

    stop: Event = field(default_factory=Event)
    acknowledged: dict[str, tuple[str, int]] = field(default_factory=dict)  # device and version by id
    odd: list[str] = field(default_factory=list)

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.acknowledged) >= count, f"{count} that are acknowledged")

    def run(self, number: int, device: Device) -> None:
        rng = random.Random(number)
        waiting: tuple[wire.UpdateHeader, bytes] | None = None
        while not self.stop.is_set():
            with suppress(CoordinatorUnreachable), device.client(deadline_s=10) as client:
                asked = client.check_in(0, "")
                newest = wire.Manifest.FromString(asked.newest.manifest)
                if waiting is None and not asked.contributed:
                    blob = rng.choice(BLOBS)
                    about = {"base_version": newest.version, "base_fingerprint": newest.fingerprint}
                    waiting = header_for(blob, **about), blob
                if waiting is None:
                    self.stop.wait(0.05)
                    continue
                answer = client.upload(*waiting)  # raises where its fate is unknown: then the same again
                if answer.outcome in TAKEN:
                    header = waiting[0]
                    self.acknowledged[header.update_id] = (
                        device.id,
                        header.base_version,
                    )
                else:
                    self.odd.append(f"{answer.outcome} {answer.reason}")
                waiting = None


@contextmanager
def under_load(devices: list[Device]) -> Iterator[Load]:
    load = Load()
    threads = [Thread(target=load.run, args=each) for each in enumerate(devices)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()


def coordinator_survives(home: Path, seed: int, kills: int) -> None:
    rng = random.Random(seed)
    flags = ("--buffer", "2", "--optimizer", "fedavg")
    with ExitStack() as started:
        serving = started.enter_context(coordinator(home, *flags))
        devices, listen = [serving.device() for _ in range(DEVICES)], serving.address
        with under_load(devices) as load:
            for _ in range(kills):
                time.sleep(rng.uniform(0.05, 1.5))
                assert serving.process
                serving.process.kill()
                serving.process.wait()
                serving = started.enter_context(coordinator(home, *flags, init=False, listen=listen))
            load.wait_for(len(load.acknowledged) + DEVICES)  # it is as good as new
    assert load.odd == []
    everything_counts_once(home, load)


def everything_counts_once(home: Path, load: Load) -> None:
    with closing(sqlite3.connect(home / "coordinator.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = database.execute("SELECT id, device, version, consumed_by, blob IS NULL FROM updates").fetchall()
        versions = dict(database.execute("SELECT number, updates FROM versions").fetchall())
    oldest = max(versions) - 20  # of older ones it is forgotten who made them
    stored = {id: (device, version) for id, device, version, *_ in rows}
    recent = {id: about for id, about in load.acknowledged.items() if about[1] > oldest}
    assert recent.items() <= stored.items()
    assert len(set(stored.values())) == len(rows)
    for _, _, version, consumed_by, is_gone in rows:
        assert (consumed_by is None) != is_gone
        assert consumed_by is None or consumed_by > version
    for number, updates in versions.items():
        if number > oldest + 11:  # an update is ten versions late at most
            assert updates == sum(row[3] == number for row in rows), number
    waiting = sum(row[3] is None for row in rows)
    unknown = sum(versions.values()) + waiting - len(load.acknowledged)  # taken, and ended before that was heard
    assert 0 <= unknown <= DEVICES


def sync_survives(folder: Path, serving: Coordinator, seed: int) -> None:
    """Killed in the middle of a visit that has an update to send and a model to fetch, both slowly."""
    rng = random.Random(seed)
    with proxied(serving.address) as proxy, Phone(folder, serving, proxy.address) as device:
        device.visit()
        publish(serving, rng.uniform(0.4, 0.6))
        queued = device.queue(seed)
        proxy.delay_s = 0.003
        for _ in range(2):
            killed_after(folder, rng.uniform(0.4, 1.6), "sync")
        proxy.delay_s = 0
        device.visit()
        assert device.store.outbox.waiting() == []
        assert device.member.residual == queued.residual
        assert newest_global(device.store).fingerprint == device.member.fingerprint
        ((sent, version),) = contributions(serving, device)
        assert sent == queued.id
        assert version <= device.member.contributed <= device.member.version


def joined_cycle_survives(folder: Path, serving: Coordinator, moment: float) -> None:
    with Phone(folder, serving) as device:
        put(device.store, examples(40))
        device.visit()
        killed_after(folder, moment, "cycle")
        assert swipefl(folder, "status", "--json").code == 0
        done = swipefl(folder, "cycle", "--json", **SHORT)
        assert (done.code, done.json["sync"]) == (0, None), done.err
        assert nothing_to_do(device.store)
        assert device.store.outbox.waiting() == []
        assert len(device.member.residual) > 100_000
        assert [version for _, version in contributions(serving, device)] == [device.member.version]
        assert device.member.contributed == device.member.version


def contributions(serving: Coordinator, device: Phone) -> list[tuple[str, int]]:
    """The ids and versions of what the coordinator took of this device."""
    with closing(sqlite3.connect(serving.home / "coordinator.db")) as database:
        given = (device.member.device_id,)
        return database.execute("SELECT id, version FROM updates WHERE device = ?", given).fetchall()
