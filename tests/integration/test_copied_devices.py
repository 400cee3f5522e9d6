"""Copied and restored stores: two devices with one id contribute once, and go on."""

import secrets
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.coordinator import Coordinator
from tests.support.phones import Phone, aggregate, suppressed, taken
from tests.support.proxy import Proxy


def copied(device: Phone, home: Path, serving: Coordinator) -> Phone:
    """A second device with all that the first one has."""
    home.mkdir()
    with closing(sqlite3.connect(home / "swipefl.db")) as copy:
        device.store.sql.db.conn.backup(copy)
    return Phone(home, None)


def test_two_devices_with_one_id_contribute_once_a_version_and_go_on(
    phone: Phone, proxy: Proxy, quiet: Coordinator, tmp_path: Path
) -> None:
    phone.visit()
    with copied(phone, tmp_path / "copy", quiet) as twin:
        for factor in (0.51, 0.52):
            first, second = phone.queue(1), twin.queue(2)
            done = [phone.visit(), twin.visit()]
            assert [(visit.pushed, visit.stale, visit.refused, visit.queued) for visit in done] == [
                (1, 0, 0, 0),
                (0, 1, 0, 0),
            ]
            assert (taken(quiet, first.id), taken(quiet, second.id)) == (1, 0)
            assert phone.member.contributed == twin.member.contributed == phone.member.version
            assert (phone.member.residual, twin.member.residual) == (first.residual, b"")
            phone, twin = twin, phone
            aggregate(quiet, factor)
            assert phone.visit().pulled
            assert twin.visit().pulled


def test_two_devices_with_one_id_at_the_same_time_contribute_once(
    phone: Phone, proxy: Proxy, quiet: Coordinator, tmp_path: Path
) -> None:
    phone.visit()
    with copied(phone, tmp_path / "copy", quiet) as twin:
        queued = [device.queue(seed) for seed, device in enumerate((phone, twin))]
        proxy.delay_s = 0.003
        threads = [Thread(target=suppressed, args=(device,)) for device in (phone, twin)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(taken(quiet, update.id) for update in queued) == 1
        for device in (phone, twin):
            assert device.visit().queued == 0
            assert device.member.contributed == device.member.version


def test_a_restored_backup_catches_up_over_versions_and_keys_and_nothing_counts_twice(
    phone: Phone, quiet: Coordinator, tmp_path: Path
) -> None:
    phone.visit()
    queued = phone.queue(1)
    with copied(phone, tmp_path / "backup", quiet) as backup:
        assert phone.visit().pushed == 1
        for factor in (0.53, 0.54):
            aggregate(quiet, factor)
            with quiet.state() as state:
                state.keys.rotate()
            phone.visit()
            newest = phone.queue(2)
            assert phone.visit().pushed == 1
        assert backup.member.version < phone.member.version
        done = backup.visit()
        assert (done.pushed, done.stale, done.pulled, done.queued) == (0, 1, True, 0)  # another one has come since
        assert taken(quiet, queued.id) == 1
        restored, lost = backup.member, phone.member
        assert (restored.version, restored.fingerprint) == (lost.version, lost.fingerprint)
        assert restored.public_key == lost.public_key
        assert restored.contributed == restored.version  # the coordinator knows
        late = backup.queue(3)  # that of a cycle which did not
        assert backup.visit().stale == 1
        assert (taken(quiet, late.id), taken(quiet, newest.id)) == (0, 1)
        aggregate(quiet, 0.55)
        backup.visit()
        backup.queue(4)
        assert backup.visit().pushed == 1


ANEW_0, ANEW_1 = ("visit 0", "queue 0", "visit 0"), ("visit 1", "queue 1", "visit 1")
ACTS = st.lists(
    st.sampled_from(("queue 0", "queue 1", "visit 0", "visit 1", "visit 0", "visit 1", "round", "copy", "lost 0")),
    min_size=4,
    max_size=14,
)


@settings(max_examples=12)
@given(acts=ACTS)
@example(["queue 0", "visit 0", "copy", "round", *ANEW_0, "round", *ANEW_1])
@example(["queue 0", "lost 0", "copy", "visit 0", "visit 1", "round", *ANEW_0, "round", *ANEW_1])
@example(["queue 0", "visit 0", "round", "copy", "visit 1", "queue 1", *ANEW_0, "round", "visit 1"])
def test_whatever_copies_do_in_whatever_order_nothing_of_them_counts_twice(
    limitless: Coordinator, tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    """No two updates of one person in a version, and what one left over in one update alone."""
    folder, made = tmp_path_factory.mktemp("copies"), dict[str, bytes]()
    fates: dict[str, int | None] = {}  # of those that were taken: into which version
    homes = [folder / "0", folder / "1"]
    with Phone(homes[0], limitless) as phone:
        phone.visit()
        device_id = phone.member.device_id
    copy_home(*homes)
    for number, act in enumerate(acts):
        what, _, which = act.partition(" ")
        if what == "round":
            aggregate(limitless, 0.5 + secrets.randbelow(10**6) / 10**7)
        elif what == "copy":
            copy_home(*homes)
        else:
            with Phone(homes[int(which)], None) as phone:
                if what == "queue":
                    residual = phone.member.residual
                    made[phone.queue(number).id] = residual
                elif what == "visit":
                    phone.visit()
                else:  # the update arrives, its answer does not
                    before = folder / "before"
                    copy_home(homes[0], before)
                    for update in phone.store.outbox.waiting():
                        phone.store.outbox.attempt(update.id, phone.member.version)
                    copy_home(homes[0], before)
                    phone.visit()
                    phone.store.close()
                    copy_home(before, homes[0])
        with sqlite3.connect(limitless.home / "coordinator.db") as database:
            fates.update(database.execute("SELECT id, consumed_by FROM updates WHERE device = ?", (device_id,)))
    consumed = [version for version in fates.values() if version]
    assert len(consumed) == len(set(consumed))
    left_over = [made[id] for id in fates if made[id]]
    assert len(left_over) == len(set(left_over))


def copy_home(one: Path, other: Path) -> None:
    """As `cp` does it with a home that nobody uses."""
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(one, other)
