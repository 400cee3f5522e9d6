"""A bad network, a wrong clock, copied and restored stores: work is kept, and nothing counts twice."""

import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.device.cycle import RoundReport, in_use, nothing_to_do
from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import Rounds
from swipefl.federation.coordinator.state import Received, State
from swipefl.federation.device.exchange import FIRST_BACK_OFF_S, LONGEST_BACK_OFF_S
from swipefl.gesture.gesture import Example
from swipefl.learning.plan import Plan, Trained
from swipefl.store.store import Store
from tests.support.command import environment, swipefl
from tests.support.coordinator import Coordinator, coordinator
from tests.support.cycles import cycle
from tests.support.people import examples
from tests.support.phones import Phone, publish
from tests.support.proxy import Proxy, proxied
from tests.support.stores import put

HOUR_S, DAY_S = 3600.0, 24 * 3600.0


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator at version 2, which is not the base, that aggregates nothing."""
    with coordinator(tmp_path_factory.mktemp("quiet"), "--buffer", "1000") as serving:
        publish(serving, 0.5)
        yield serving


@pytest.fixture
def proxy(quiet: Coordinator) -> Iterator[Proxy]:
    with proxied(quiet.address) as between:
        yield between


@pytest.fixture
def phone(tmp_path: Path, quiet: Coordinator, proxy: Proxy) -> Iterator[Phone]:
    """A device that never visited; the proxy is between."""
    with Phone(tmp_path / "phone", quiet, proxy.address) as device:
        yield device


def taken(serving: Coordinator, update_id: str) -> int:
    """How often the update is in the coordinator's state."""
    with sqlite3.connect(serving.home / "coordinator.db") as database:
        return int(database.execute("SELECT count(*) FROM updates WHERE id = ?", (update_id,)).fetchone()[0])


# A coordinator that is away


def test_without_a_coordinator_work_is_kept_and_timers_stay_away(tmp_path: Path, quiet: Coordinator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
    home, fast = tmp_path / "phone", {"SWIPEFL_SYNC_DEADLINE_S": "0.5"}
    with Phone(home, quiet, nobody) as device:
        queued = device.queue(1)
        first = swipefl(home, "sync", "--json", **fast)
        assert (first.code, first.out, "try again later" in first.err) == (6, "", True)
        assert device.member.failures == 1
        kept = swipefl(home, "cycle", "--json", **fast)
        assert (kept.code, device.member.failures) == (0, 1)  # not even tried
        assert "did not answer; the next visit is due in 1 min" in kept.json["sync"]
        required = swipefl(home, "cycle", "--require-sync", "--json", **fast)
        assert (required.code, device.member.failures) == (6, 2)
        assert device.store.outbox.waiting() == [queued]


def test_the_back_off_grows_to_a_bound_is_kept_and_ends_with_an_answer(tmp_path: Path, quiet: Coordinator) -> None:
    now, waits = time.time(), []
    with Phone(tmp_path, quiet, "127.0.0.1:1") as device:
        for failures in range(1, 14):
            with pytest.raises(CoordinatorUnreachable):
                device.visit(lambda: now, deadline_s=0.01)
            member = device.member
            assert (member.failures, member.tried_at) == (failures, now)
            longest = min(FIRST_BACK_OFF_S * 2 ** (failures - 1), LONGEST_BACK_OFF_S)
            assert longest / 2 <= member.wait_s <= longest
            waits.append(member.wait_s)
            with Store(tmp_path / "swipefl.db"):  # another process's eyes
                assert device.exchange(lambda: now + waits[-1] - 1).waits()
                assert device.exchange(lambda: now + waits[-1]).waits() is None
        assert waits[-1] > 100 * waits[0]
        device.store.memberships.set(replace(device.member, address=quiet.address))
        device.visit(lambda: now)
        assert (device.member.failures, device.member.wait_s) == (0, 0)


@contextmanager
def speaking(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """Something that listens and is no coordinator: `answer` gets each connection, which then is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        answer(connection)

        Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


GARBAGE: dict[str, Callable[[socket.socket], object]] = {
    "nothing at all": lambda connection: None,
    "a web page": lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    "noise": lambda connection: connection.sendall(np.random.default_rng(0).bytes(100_000)),
    "half a handshake": lambda connection: connection.sendall(b"\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64" + b"\0\0\1"),
    "silence": lambda connection: connection.recv(1) and time.sleep(1.5),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_an_answer_that_is_no_coordinators_is_none(what: str, tmp_path: Path, quiet: Coordinator) -> None:
    with speaking(GARBAGE[what]) as address, Phone(tmp_path, quiet, address) as device:
        queued = device.queue(1)
        with pytest.raises(CoordinatorUnreachable, match="what waits to be sent is kept"):
            device.visit(deadline_s=1)
        assert device.member.failures == 1
        assert device.store.outbox.waiting() == [queued]


def test_a_slow_coordinator_is_waited_for_and_one_that_resets_is_not(phone: Phone, proxy: Proxy) -> None:
    proxy.refusing = True
    with pytest.raises(CoordinatorUnreachable):
        phone.visit(deadline_s=0.5)
    proxy.refusing, proxy.delay_s = False, 0.01
    assert phone.visit().pulled


# Cuts


def test_a_download_goes_on_where_each_connection_was_cut(phone: Phone, proxy: Proxy, quiet: Coordinator) -> None:
    proxy.cut_after = 140_000  # two parts of the model, and a bit
    assert phone.visit().pulled
    assert proxy.connections > 6
    assert proxy.down < 1.8 * model_bytes(quiet)  # of what was on its way at a cut, gRPC hands on what it likes
    assert list(phone.home.glob("*.part")) == []


@pytest.mark.parametrize("cut_after", [300, 65_000, 70_000, 500_000, 1_050_000])
def test_a_download_goes_on_at_the_next_visit(phone: Phone, proxy: Proxy, quiet: Coordinator, cut_after: int) -> None:
    proxy.cut_after, proxy.most_connections = cut_after, 1
    with pytest.raises(CoordinatorUnreachable):
        phone.visit(deadline_s=0.5)
    assert phone.member.version == 0
    before = proxy.down
    proxy.cut_after = proxy.most_connections = None
    assert phone.visit().pulled
    assert before <= cut_after
    assert proxy.down < 1.4 * model_bytes(quiet)


def test_a_download_goes_on_over_processes_one_of_them_killed(phone: Phone, proxy: Proxy, quiet: Coordinator) -> None:
    proxy.cut_after, proxy.most_connections = 300_000, 1
    proxy.delay_s = 0.02  # what is not read yet when a connection is cut is lost, on a busy machine all of it
    assert swipefl(phone.home, "sync", SWIPEFL_SYNC_DEADLINE_S="8").code == 6
    proxy.cut_after = proxy.most_connections = None
    begun = partly(phone)
    assert begun
    with subprocess.Popen(
        [sys.executable, "-m", "swipefl", "sync"], env=environment(phone.home), stderr=subprocess.DEVNULL
    ) as process:
        while partly(phone) < begun + 200_000:
            assert process.poll() is None
            time.sleep(0.005)
        process.kill()
    proxy.delay_s = 0
    done = swipefl(phone.home, "sync", "--json")
    assert done.json["pulled"]
    assert proxy.down < 1.5 * model_bytes(quiet)


def test_a_signal_ends_a_stalled_download_at_once(phone: Phone, proxy: Proxy) -> None:
    proxy.delay_s = 0.01
    command = [sys.executable, "-m", "swipefl", "sync"]
    with subprocess.Popen(command, env=environment(phone.home), stderr=subprocess.DEVNULL) as process:
        while not partly(phone):
            time.sleep(0.005)
        proxy.stalled = True
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == -signal.SIGTERM
    assert phone.member.failures == 0


def partly(device: Phone) -> int:
    return sum(part.stat().st_size for part in device.home.glob("*.part"))


def model_bytes(serving: Coordinator) -> int:
    with serving.state() as state:
        return state.newest().size or 0


def test_a_lost_acknowledgement_is_asked_for_again_and_counts_once(
    phone: Phone, proxy: Proxy, quiet: Coordinator
) -> None:
    phone.visit()
    queued = phone.queue(1)
    proxy.mute_after = len(queued.blob)
    with pytest.raises(CoordinatorUnreachable):
        phone.visit(deadline_s=1.5)
    assert proxy.muted
    assert taken(quiet, queued.id) == 1
    (frozen,) = phone.store.outbox.waiting()
    assert frozen == replace(queued, attempted=True, version=phone.member.version)
    assert (phone.member.residual, phone.member.contributed) == (b"", 0)
    proxy.mute_after = None
    done = phone.visit()
    assert (done.pushed, done.queued) == (1, 0)
    assert (phone.member.residual, phone.member.contributed) == (queued.residual, phone.member.version)
    phone.store.memberships.set(replace(phone.member, residual=b"spent"))
    again = phone.visit()
    assert (again.pushed, phone.member.residual) == (0, b"spent")
    assert taken(quiet, queued.id) == 1


def test_an_upload_that_is_cut_anywhere_counts_once(phone: Phone, proxy: Proxy, quiet: Coordinator) -> None:
    phone.visit()
    queued = phone.queue(2)
    proxy.delay_s = 0.005
    visiting = Thread(target=lambda: suppressed(phone, deadline_s=5))
    visiting.start()
    for pause in (0.05, 0.2, 0.3):
        time.sleep(pause)
        proxy.cut()
    visiting.join()
    proxy.delay_s = 0
    suppressed(phone, deadline_s=20)
    assert phone.store.outbox.waiting() == []
    assert taken(quiet, queued.id) == 1
    assert phone.member.residual == queued.residual


def suppressed(device: Phone, deadline_s: float) -> None:
    with suppress(CoordinatorUnreachable), Phone(device.home, None) as own:  # a connection of this thread's own
        own.visit(deadline_s=deadline_s)


# Clocks


@pytest.mark.parametrize("wrong_by", [-DAY_S, DAY_S])
def test_a_clock_that_is_a_day_wrong_locks_nobody_out(phone: Phone, proxy: Proxy, wrong_by: float) -> None:
    now = time.time()
    for asked_s in (0.0, HOUR_S, 9 * DAY_S):
        phone.exchange(lambda: now + wrong_by)._note_success(asked_s)
        assert phone.exchange(lambda: now + wrong_by + HOUR_S / 2).waits() is None or asked_s
        assert phone.exchange(lambda: now).waits() is None
        assert phone.exchange(lambda: now + wrong_by + DAY_S).waits() is None  # whatever it asks for
    proxy.refusing = True
    for _ in range(2):
        with pytest.raises(CoordinatorUnreachable):
            phone.visit(lambda: now + wrong_by, deadline_s=0.01)
    assert phone.exchange(lambda: now).waits() is None
    proxy.refusing = False
    assert phone.visit(lambda: now).pulled
    phone.queue(3)
    assert phone.visit(lambda: now + wrong_by).pushed == 1


@pytest.mark.parametrize(("wrong_by", "due"), [(0.0, False), (-2 * HOUR_S, True), (DAY_S, True)])
def test_a_coordinators_clock_that_went_back_holds_no_update_for_ever(
    tmp_path: Path, wrong_by: float, due: bool
) -> None:
    now = time.time()
    with State(tmp_path / "coordinator.db", clock=lambda: now + wrong_by) as state:
        state.create(base_checkpoint())
        device = state.enroll(state.new_token(60).secret, b"")
        state.take([Received("an id", str(device), 1, 100, b"")])
        assert Rounds(Policy(buffer=40, max_wait_s=HOUR_S), Metrics(), clock=lambda: now).due(state) is due


# Copies and backups


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
            publish(quiet, factor)
            assert phone.visit().pulled
            assert twin.visit().pulled


def test_two_devices_with_one_id_at_the_same_time_contribute_once(
    phone: Phone, proxy: Proxy, quiet: Coordinator, tmp_path: Path
) -> None:
    phone.visit()
    with copied(phone, tmp_path / "copy", quiet) as twin:
        queued = [device.queue(seed) for seed, device in enumerate((phone, twin))]
        proxy.delay_s = 0.003
        threads = [Thread(target=suppressed, args=(device, 20.0)) for device in (phone, twin)]
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
            publish(quiet, factor)
            with quiet.state() as state:
                state.rotate_key()
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
        publish(quiet, 0.55)
        backup.visit()
        backup.queue(4)
        assert backup.visit().pushed == 1


# What a cycle makes of it


def scaled(factor: float | None, started: list[str]) -> Callable[..., Trained]:
    """A trainer that gives the base's weights times `factor`, or for None what it was given."""

    def trainer(start: Checkpoint, swipes: Sequence[Example], plan: Plan, *_: object) -> Trained:
        started.append(start.fingerprint)
        base = base_checkpoint().weights
        weights = start.weights if factor is None else {n: base[n] * np.float32(factor) for n in base}
        return Trained(replace(start, weights=weights), len(swipes), 0, 1.0, 1.0, 1.0)

    return trainer


def test_a_new_version_is_personalised_judged_and_adopted_or_not(phone: Phone, quiet: Coordinator) -> None:
    publish(quiet, 0.5)
    put(phone.store, examples(40))
    started: list[str] = []

    def night(factor: float | None) -> RoundReport:
        started.clear()
        (report,) = cycle(phone.store, scaled(factor, started), coordinator=phone.exchange()).run(1)
        assert set(started) == {phone.member.fingerprint}
        assert report.push == "sent"
        return report

    assert night(0.7).adopted
    personal = in_use(phone.store)
    publish(quiet, 0.4)
    worse = night(None)
    assert not worse.adopted
    assert in_use(phone.store).fingerprint == personal.fingerprint
    publish(quiet, 0.999)
    better = night(None)
    assert better.adopted
    assert better.top1_before == worse.top1_before
    assert in_use(phone.store).info["from"] == phone.member.fingerprint
    assert nothing_to_do(phone.store)


def test_a_coordinator_that_publishes_nothing_changes_no_personal_model(tmp_path: Path) -> None:
    short = {"SWIPEFL_EPOCHS": "1", "SWIPEFL_CONTRIBUTION_EPOCHS": "1"}
    homes, fingerprints = (tmp_path / "alone", tmp_path / "member"), []
    with coordinator(tmp_path / "coordinator", "--buffer", "1000") as serving:
        with Phone(homes[1], serving):
            pass
        for home in homes:
            with Store(home / "swipefl.db") as store:
                put(store, examples(60))
            report = swipefl(home, "cycle", "--rounds", "3", "--json", **short).json
            assert report["sync"] is None
            assert report["rounds"][0]["push"] == ("queued" if home == homes[0] else "sent")
            status = swipefl(home, "status", "--json").json
            fingerprints.append([(c["kind"], c["fingerprint"], c["in_use"]) for c in status["checkpoints"]])
    assert fingerprints[0] == fingerprints[1]
    assert any(in_use for _, _, in_use in fingerprints[0])
