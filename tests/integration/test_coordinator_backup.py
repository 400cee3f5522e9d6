"""A coordinator's backup: its key apart; devices that have seen more follow it, and count once."""

import sqlite3
import stat
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import swipefl
from swipefl.database.lock import hold
from swipefl.errors import DataError, StoreBusy, TooLittleData, UsageError
from swipefl.federation.coordinator.lending import follow, lend, name_of
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.schema import COORDINATOR
from swipefl.federation.protocol.signing import public_bytes, successor
from swipefl.operations import coordinator_backup
from swipefl.operations.copies import write_backup
from tests.support.command import swipefl as command
from tests.support.coordinator import in_process
from tests.support.lending import FOLLOWING, Offered, marks_of, submit
from tests.support.phones import Phone, aggregate, publish
from tests.support.states import SMALL, enrolled
from tests.support.terminal import swipefl_on_terminal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A coordinator with a device, a token, a backup and its key."""
    folder = tmp_path_factory.mktemp("made")
    hosted = swipefl.coordinator(folder / "home")
    hosted.init()
    hosted.token(3)
    hosted.backup(folder / "backup", folder / "key.pem")
    return folder


def test_the_key_is_in_a_file_of_its_own_and_both_are_private(made: Path) -> None:
    with swipefl.coordinator(made / "home")._state() as state:
        secret = state.keys.signing().private_bytes_raw()
    assert secret in b"".join(path.read_bytes() for path in (made / "home").glob("coordinator.db*"))
    assert secret not in (made / "backup").read_bytes()
    assert {stat.S_IMODE((made / name).stat().st_mode) for name in ("backup", "key.pem")} == {0o600}


def test_it_comes_back_with_its_own_key_alone(made: Path, tmp_path: Path) -> None:
    fresh, other = swipefl.coordinator(tmp_path / "fresh"), swipefl.coordinator(tmp_path / "other")
    other.init()
    other.backup(tmp_path / "other backup", tmp_path / "other.pem")
    for key in (tmp_path / "other.pem", made / "backup", tmp_path / "nothing", tmp_path):
        with pytest.raises(DataError):
            fresh.restore(made / "backup", key)
    assert not (tmp_path / "fresh" / "coordinator.db").exists()
    report = fresh.restore(made / "backup", made / "key.pem")
    assert (report.tokens, report.devices, report.aside) == (3, 0, None)
    with fresh._state() as state, swipefl.coordinator(made / "home")._state() as before:
        assert state.keys.public() == before.keys.public()
        assert state.versions.newest().fingerprint == before.versions.newest().fingerprint
        assert state.versions.newest().number > before.versions.newest().number + 999


def test_a_device_s_backup_is_none_of_a_coordinator(made: Path, tmp_path: Path) -> None:
    with swipefl.open(tmp_path / "device") as device:
        device.words.add("zyzzogeton", "en")
        device.upkeep.backup(tmp_path / "device backup")
        with pytest.raises(DataError):
            device.upkeep.restore(made / "backup")
        with pytest.raises(UsageError):
            device.upkeep.backup(made / "backup")
    hosted = swipefl.coordinator(made / "home")
    with pytest.raises(DataError):
        hosted.restore(tmp_path / "device backup", made / "key.pem")
    for file, key in ((made / "key.pem", None), (made / "backup", made / "backup"), (tmp_path / "x", tmp_path / "x")):
        with pytest.raises(UsageError):
            hosted.backup(file, key)
    assert not (tmp_path / "x").exists()


def test_nothing_is_restored_under_a_server(made: Path) -> None:
    with hold(made / "home", "coordinator.lock"), pytest.raises(StoreBusy):
        swipefl.coordinator(made / "home").restore(made / "backup", made / "key.pem")


def test_the_commands_say_what_they_did(made: Path, tmp_path: Path) -> None:
    home = made / "home"
    done = command(home, "coordinator", "backup", str(tmp_path / "b"), "--signing-key", str(tmp_path / "k"))
    assert (done.code, "backed up version" in done.err) == (0, True)
    assert command(home, "coordinator", "backup", str(tmp_path / "b"), "--json").json["signing_key"] is None
    back = command(
        tmp_path / "new", "coordinator", "restore", str(tmp_path / "b"), "--signing-key", str(tmp_path / "k")
    )
    assert (back.code, "came back" in back.err) == (0, True)


def test_who_sits_at_a_terminal_is_asked_before_anything_is_changed(made: Path, tmp_path: Path) -> None:
    home, words = tmp_path / "home", ("coordinator", "restore", str(made / "backup"), "--signing-key")
    there = swipefl.coordinator(home)
    there.init()
    before = there.status()
    said_no = swipefl_on_terminal(home, *words, str(made / "key.pem"), typed="n\n")
    assert said_no.code == 0
    assert "this brings back version 1 of " in said_no.out.replace("\n", " ")
    assert "in place of version 1" in said_no.out.replace("\n", " ")
    assert "nothing was changed" in said_no.out
    assert there.status() == before
    assert not list(home.glob("*before-restore*"))
    for more, typed, is_asked in (((), "y\n", True), (("--yes",), "", False)):
        done = swipefl_on_terminal(home, *words, str(made / "key.pem"), *more, typed=typed)
        assert (done.code, "[y/N]" in done.out) == (0, is_asked), done.out
    assert there.status().version > 1000
    heard: list[swipefl.CoordinatorPlanned] = []
    assert there.restore(made / "backup", made / "key.pem", lambda planned: bool(heard.append(planned))) is None
    assert (heard[0].version, heard[0].devices, heard[0].version_here) == (1, 0, there.status().version)


def test_settings_that_cannot_be_used_keep_no_backup_from_being_made_or_brought_back(
    made: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "coordinator.toml").write_text("buffer = 0\n")
    for verb, file in (("restore", made / "backup"), ("backup", tmp_path / "again")):
        done = command(home, "coordinator", verb, str(file), "--signing-key", str(made / "key.pem"))
        assert (done.code, "goes on without your settings" in done.err) == (0, True), done.err


def test_devices_that_saw_more_follow_and_contribute_once(tmp_path: Path) -> None:
    """The backup knows version 2; the device has seen 4 of it, and sent to 2 and 3."""
    home = tmp_path / "coordinator"
    with in_process(home, Policy(buffer=10**9)) as serving, Phone(tmp_path / "phone", serving) as phone:
        publish(serving, 0.9)
        phone.visit()
        phone.queue(1)
        phone.visit()
        hosted = swipefl.coordinator(home)
        hosted.backup(tmp_path / "backup", tmp_path / "key")
        for factor in (0.8, 0.7):
            aggregate(serving, factor)
            phone.visit()
            phone.queue(2)
            assert phone.visit().pushed == 1
        assert phone.member.version == 4
        before = phone.member.contributed
    report = hosted.restore(tmp_path / "backup", tmp_path / "key")
    assert (report.dropped, report.devices) == (1, 1)
    assert report.aside
    with in_process(home, Policy(buffer=10**9), create=False) as serving, Phone(tmp_path / "phone", None) as phone:
        phone.store.memberships.set(replace(phone.member, address=serving.address))
        assert phone.visit().pulled
        assert phone.member.version == report.version > before
        with serving.state() as state:
            assert state.updates.waiting() == []  # what waited then may be in version 3
        phone.queue(3)
        assert phone.visit().pushed == 1
        aggregate(serving, 0.6)
        assert phone.visit().pulled


def test_what_waits_in_its_log_is_set_aside_with_it_and_who_has_it_open_goes_on(made: Path, tmp_path: Path) -> None:
    hosted = swipefl.coordinator(tmp_path / "home")
    hosted.restore(made / "backup", made / "key.pem")
    with hosted._state() as state:
        state.sql.run("PRAGMA wal_autocheckpoint = 0")
        with state.transaction():
            state.devices.new_token(3600, "waits in the log")
        file = (tmp_path / "home" / "coordinator.db").stat().st_ino
        report = hosted.restore(made / "backup", made / "key.pem")
        assert (tmp_path / "home" / "coordinator.db").stat().st_ino == file
        assert state.sql.rows("SELECT count(*) FROM tokens") == [(0,)]
    assert report.aside
    with closing(sqlite3.connect(report.aside)) as conn:
        assert conn.execute("SELECT name FROM tokens").fetchall() == [("waits in the log",)]


def test_a_key_that_is_rotated_meanwhile_is_not_written_beside_a_copy_of_the_other(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted = swipefl.coordinator(tmp_path / "home")
    hosted.init()
    write = coordinator_backup.write_backup

    def rotated(*args: Any, **more: Any) -> int:
        hosted.rotate_key()
        return write(*args, **more)

    monkeypatch.setattr(coordinator_backup, "write_backup", rotated)
    hosted.backup(tmp_path / "backup", tmp_path / "key")
    fresh = swipefl.coordinator(tmp_path / "fresh")
    fresh.restore(tmp_path / "backup", tmp_path / "key")
    with fresh._state() as state, hosted._state() as before:
        assert state.keys.public() == before.keys.public()
        assert public_bytes(state.keys.signing()) == state.keys.public().successions[-1].new_public_key


def test_a_key_that_its_own_chain_ended_is_refused(made: Path, tmp_path: Path) -> None:
    """As a backup of before, that was made while the key was rotated."""
    hosted = swipefl.coordinator(tmp_path / "home")
    hosted.init()
    hosted.backup(tmp_path / "unused", tmp_path / "key")
    first = coordinator_backup.read_key(tmp_path / "key")
    hosted.rotate_key()
    facts = {"made_at": 1.0, "settings": None, "public_key": public_bytes(first).hex()}
    write_backup(tmp_path / "home" / "coordinator.db", COORDINATOR, tmp_path / "backup", facts)
    with pytest.raises(DataError) as error:
        hosted.restore(tmp_path / "backup", tmp_path / "key")
    assert error.value.code == "rotated-key"


def test_what_single_devices_sent_is_in_no_backup(tmp_path: Path) -> None:
    home = tmp_path / "coordinator"
    with in_process(home, Policy(buffer=10**9)) as serving, Phone(tmp_path / "phone", serving) as phone:
        publish(serving, 0.9)
        phone.visit()
        phone.queue(1)
        assert phone.visit().pushed == 1
        with serving.state() as state:
            (waiting,) = state.updates.waiting()
            sent = state.updates.blob(waiting)
        swipefl.coordinator(home).backup(tmp_path / "backup", tmp_path / "key")
    part = sent[len(sent) // 2 :][:64]
    assert part not in (tmp_path / "backup").read_bytes()
    with swipefl.coordinator(home)._state() as state:
        assert state.updates.blob(waiting) == sent  # here it waits still


@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize("since", [0, 1, 3])
def test_whatever_key_of_here_a_device_has_followed_it_follows_what_comes_back(
    tmp_path: Path, before: int, since: int
) -> None:
    hosted = swipefl.coordinator(tmp_path / "home")
    followed = [hosted.init() and _signs(hosted)]
    for _ in range(before):
        hosted.rotate_key()
        followed.append(_signs(hosted))
    hosted.backup(tmp_path / "backup", tmp_path / "key")
    for _ in range(since):
        hosted.rotate_key()
        followed.append(_signs(hosted))
    for again in (since, 0):  # what came back is what is there the next time
        report = hosted.restore(tmp_path / "backup", tmp_path / "key")
        assert report
        assert report.newer_keys == since, again
        with hosted._state() as state:
            keys = state.keys.public()
        assert [successor(key, keys) for key in followed] == [followed[-1]] * len(followed)
    hosted.backup(tmp_path / "newer", tmp_path / "newer key")
    fresh = swipefl.coordinator(tmp_path / "fresh")
    report = fresh.restore(tmp_path / "newer", tmp_path / "newer key")
    assert report
    assert (report.newer_keys, report.revoked, _signs(fresh)) == (None, None, followed[-1])
    report = fresh.restore(tmp_path / "backup", tmp_path / "key")
    assert report
    assert (report.newer_keys, _signs(fresh)) == (since, followed[-1])


def test_keys_of_what_is_no_successor_are_not_taken_over(made: Path, tmp_path: Path) -> None:
    """Of another coordinator, of one whose key is older, and of what cannot be read."""
    hosted = swipefl.coordinator(tmp_path / "home")
    hosted.init()
    hosted.backup(tmp_path / "older", tmp_path / "older key")
    hosted.rotate_key()
    hosted.backup(tmp_path / "newer", tmp_path / "newer key")
    signs = _signs(hosted)
    older, other, damaged = (swipefl.coordinator(tmp_path / name) for name in ("older home", "other", "damaged"))
    older.restore(tmp_path / "older", tmp_path / "older key")
    other.init()
    other.rotate_key()
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "coordinator.db").write_bytes(b"no database" * 1000)
    for there, said in ((older, 0), (other, 0), (damaged, None)):
        report = there.restore(tmp_path / "newer", tmp_path / "newer key")
        assert report
        assert (report.newer_keys, report.revoked, _signs(there)) == (said, said, signs)


def test_who_was_revoked_or_left_since_stays_so(tmp_path: Path) -> None:
    hosted = swipefl.coordinator(tmp_path / "home")
    hosted.init()
    with hosted._state() as state:
        stays, left, revoked, gone = (enrolled(state, credential=bytes([n]) * 32) for n in range(4))
        state.revoke(gone)
    hosted.backup(tmp_path / "backup", tmp_path / "key")
    with hosted._state() as state:
        state.leave(left)
        state.revoke(revoked)
        enrolled(state, credential=b"later" * 8)
    report = hosted.restore(tmp_path / "backup", tmp_path / "key")
    assert report
    assert (report.devices, report.revoked) == (1, 2)
    are = {device.id: (device.revoked, device.left) for device in hosted.devices().devices}
    assert are == {stays: (False, False), left: (True, True), revoked: (True, False), gone: (True, False)}


def test_who_is_revoked_and_what_is_rotated_while_it_restores_stays_so(tmp_path: Path) -> None:
    hosted = swipefl.coordinator(tmp_path / "home")
    hosted.init()
    with hosted._state() as state:
        stays, revoked = (enrolled(state, credential=bytes([n]) * 32) for n in range(2))
    hosted.backup(tmp_path / "backup", tmp_path / "key")
    rotated: list[str] = []

    def clock() -> float:  # which is asked once the backup has taken over what is there
        rotated.append(hosted.rotate_key().public_key)
        hosted.devices(revoke=revoked)
        return time.time()

    database, settings = tmp_path / "home" / "coordinator.db", tmp_path / "home" / "coordinator.toml"
    report = coordinator_backup.restore(tmp_path / "backup", database, settings, tmp_path / "key", clock=clock)
    assert report
    assert (report.devices, report.revoked, report.newer_keys) == (1, 1, len(rotated))
    assert {device.id: device.revoked for device in hosted.devices().devices} == {stays: False, revoked: True}
    with hosted._state() as state:
        assert bytes(state.keys.public().public_key).hex() == rotated[-1]


def test_a_file_that_is_no_backup_leaves_no_folder(made: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("none")
    with pytest.raises(DataError):
        swipefl.coordinator(tmp_path / "home").restore(tmp_path / "wrong", made / "key.pem")
    assert not (tmp_path / "home").exists()


def test_a_device_that_followed_a_newer_key_goes_on_and_the_command_says_which_key_signs(tmp_path: Path) -> None:
    home = tmp_path / "coordinator"
    with in_process(home, Policy(buffer=10**9)) as serving, Phone(tmp_path / "phone", serving) as phone:
        swipefl.coordinator(home).backup(tmp_path / "backup", tmp_path / "key")
        swipefl.coordinator(home).rotate_key()
        publish(serving, 0.9)
        assert phone.visit().pulled
    words = ("coordinator", "restore", str(tmp_path / "backup"), "--signing-key", str(tmp_path / "key"))
    done = command(home, *words)
    assert (done.code, "the newer one signs on" in done.err, "is a device again" in done.err) == (0, True, False)
    with in_process(home, Policy(buffer=10**9), create=False) as serving, Phone(tmp_path / "phone", None) as phone:
        phone.store.memberships.set(replace(phone.member, address=serving.address))
        assert phone.visit().pulled


def _signs(hosted: swipefl.Coordinator) -> bytes:
    with hosted._state() as state:
        return bytes(state.keys.public().public_key)


def test_what_was_lent_before_it_came_back_counts_once(tmp_path: Path) -> None:
    """It is known under the same name, lends nothing of before, and goes on with who was followed."""
    hosted = swipefl.coordinator(tmp_path / "home")
    hosted.init(_small(tmp_path))
    with hosted._state() as state:
        submit(state, enrolled(state), 0)
        follow(state, FOLLOWING, Offered())
        given, name = lend(state, FOLLOWING, "a", 1, 4.0), name_of(state)
    hosted.rotate_key()
    hosted.backup(tmp_path / "backup", tmp_path / "key.pem")
    made = Offered(2, {name: given.id})
    with hosted._state() as state:
        follow(state, FOLLOWING, made)
    report = hosted.restore(tmp_path / "backup", tmp_path / "key.pem")
    assert report is not None
    assert report.dropped == 1
    with hosted._state() as state:
        assert name_of(state) == name
        for offered in (Offered(), made):
            follow(state, FOLLOWING, offered)
            with pytest.raises(TooLittleData):
                lend(state, FOLLOWING, "a", offered.version, 4.0)
        assert state.versions.newest().updates == 0
        submit(state, enrolled(state), 1)
        assert marks_of(lend(state, FOLLOWING, "b", 2, 4.0).delta) == {1}


def _small(folder: Path) -> Path:
    file = folder / "small.safetensors"
    file.write_bytes(SMALL.to_bytes())
    return file
