"""Copied and restored stores: two devices with one id contribute once, and go on."""

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Thread

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
        assert (done.pushed, done.pulled, done.queued) == (1, True, 0)  # a duplicate
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
