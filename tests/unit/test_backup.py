"""A device's backup: consistent, private, whole or not there, checked when it is read, and put back at once."""

import errno
import hashlib
import io
import os
import random
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

import swipefl
from swipefl.database import restoring
from swipefl.database.files import sync_folder
from swipefl.database.lock import hold, in_turn
from swipefl.database.migrations import migrate
from swipefl.database.sealed import MAGIC
from swipefl.database.snapshots import (
    ASIDE_MOST,
    BEFORE_UPGRADE,
    drafted,
    drafts_left,
    erase_before_upgrade,
    erase_drafts,
    erase_oldest_aside,
    set_aside,
)
from swipefl.device.ownership import forget
from swipefl.errors import DataError, Interrupted, StoreBusy, StoreError, SwipeflError, UsageError
from swipefl.federation.device.leaving import HAS_LEFT
from swipefl.operations import backup as operations
from swipefl.operations.mending import mend_database
from swipefl.operations.retention import Keeping, prune
from swipefl.store.membership import Membership
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.schema import STORE
from swipefl.store.store import Store
from tests.support.people import examples
from tests.support.stores import put

HERE = Membership("here:1", "here", b"c", b"k", version=7, fingerprint="seven", residual=b"left over", contributed=7)


def words(home: Path) -> list[str]:
    with Store(home / "swipefl.db") as store:
        return [each.example.word for each in store.gestures.all()]


def fill(home: Path, count: int, seed: int = 0) -> list[str]:
    with Store(home / "swipefl.db") as store:
        put(store, examples(count, seed=seed))
    return words(home)


def backup(home: Path, file: Path) -> "swipefl.BackupReport":
    with swipefl.open(home) as device:
        return device.upkeep.backup(file)


def restore(home: Path, file: Path, **facts: bool) -> "swipefl.RestoreReport":
    with swipefl.open(home) as device:
        report = device.upkeep.restore(file, **facts)  # type: ignore[arg-type]
    assert report
    return report


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a backup of three gestures."""
    folder = tmp_path_factory.mktemp("sealed")
    fill(folder / "home", 3)
    backup(folder / "home", folder / "file")
    return (folder / "file").read_bytes()


def test_what_was_backed_up_comes_back_and_what_was_there_is_set_aside(home: Path, tmp_path: Path) -> None:
    before, file = fill(home, 6), tmp_path / "file"
    report = backup(home, file)
    assert (report.gestures, report.bytes, report.file) == (6, file.stat().st_size, str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    after = fill(home, 4, seed=1)
    back = restore(home, file)
    assert words(home) == before
    (aside,) = set_aside(home / "swipefl.db")
    assert back.aside == str(aside)
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    restore(home, aside)  # the way back
    assert words(home) == after
    assert len(set_aside(home / "swipefl.db")) == 2


def test_it_comes_back_where_nothing_was_with_its_settings(home: Path, tmp_path: Path) -> None:
    before, file = fill(home, 3), tmp_path / "file"
    (home / "config.toml").write_text('keyboard = "qwerty"\n')
    assert backup(home, file).settings
    report = restore(tmp_path / "other", file)
    assert (report.aside, report.settings) == (None, True)
    assert words(tmp_path / "other") == before
    assert (tmp_path / "other" / "config.toml").read_text() == 'keyboard = "qwerty"\n'
    assert stat.S_IMODE((tmp_path / "other" / "config.toml").stat().st_mode) == 0o600
    (home / "config.toml").write_text("seed = 3\n")
    assert not restore(home, file).settings
    assert (home / "config.toml").read_text() == "seed = 3\n"


def test_settings_are_settings_again(home: Path, tmp_path: Path) -> None:
    fill(home, 1)
    (home / "config.toml").write_text("seed = 5\n")
    backup(home, tmp_path / "file")
    (home / "config.toml").unlink()
    assert restore(home, tmp_path / "file").settings


@pytest.mark.parametrize("wreck", ["cut", "garbage", "empty", "gone", "log left", "newer", "deep"])
def test_a_store_that_is_lost_is_set_aside_and_replaced(home: Path, tmp_path: Path, wreck: str) -> None:
    before, file, store = fill(home, 40), tmp_path / "file", home / "swipefl.db"
    backup(home, file)
    match wreck:
        case "cut":
            os.truncate(store, store.stat().st_size // 2 + 7)
        case "garbage":
            store.write_bytes(random.Random(1).randbytes(20_000))
        case "empty":
            store.write_bytes(b"")
        case "gone":
            store.unlink()
        case "log left":
            store.unlink()
            (home / "swipefl.db-wal").write_bytes(b"log" * 1000)
        case "newer":
            with closing(sqlite3.connect(store)) as conn:
                conn.execute("PRAGMA user_version = 999")
        case _:
            data = bytearray(store.read_bytes())
            for page in range(20, len(data) // 4096):
                data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
            store.write_bytes(data)
    report = restore(home, file)
    assert words(home) == before
    assert (report.aside is None) == (wreck == "gone")
    with Store(store) as opened:
        assert opened.sql.rows("PRAGMA integrity_check") == [("ok",)]


def check_refused(home: Path, content: bytes, error: type[SwipeflError] = DataError) -> None:
    file, before = home.parent / "bad", {path.name: path.read_bytes() for path in home.glob("swipefl.db*")}
    file.write_bytes(content)
    with swipefl.open(home) as device, pytest.raises(error):
        device.upkeep.restore(file)
    with swipefl.open(home) as device, pytest.raises(error):
        device.upkeep.restore(io.BytesIO(content))
    assert {path.name: path.read_bytes() for path in home.glob("*swipefl.db*")} == before


def test_what_is_no_whole_backup_changes_nothing(home: Path, sealed: bytes) -> None:
    fill(home, 2)
    other = (home / "swipefl.db").read_bytes()
    for bad in (
        b"",
        b"x",
        b"SQLite format 3\x00",
        other,
        sealed[1:],
        sealed + b"\0",
        sealed * 2,
        sealed[:-1],
        b"\0" * 9,
    ):
        check_refused(home, bad)
    with closing(sqlite3.connect(home.parent / "another")) as conn:
        conn.execute("CREATE TABLE a (b)")
    check_refused(home, (home.parent / "another").read_bytes())


NO_TIMES = "NaN", "1e999", "-1", "1e300", "-1e18", "1" + 400 * "0", "true", "null", '"2026"', "[]", "253402300800"
NO_FACTS = [f'{{"made_at": {time}, "settings": null}}' for time in NO_TIMES]
NO_FACTS += [f'{{"made_at": 1, "settings": {text}}}' for text in (r'"\ud800"', "5", "[]", "true", "{}")]


@pytest.mark.parametrize("facts", NO_FACTS, ids=lambda facts: facts[:40])
def test_a_backup_that_says_nonsense_of_itself_changes_nothing(home: Path, sealed: bytes, facts: str) -> None:
    """Though its checksum is right."""
    fill(home, 2)
    body, length = sealed[: -32 - len(MAGIC) - 8], int.from_bytes(sealed[-32 - len(MAGIC) - 8 :][:8], "big")
    told = body[:-length] + facts.encode() + len(facts.encode()).to_bytes(8, "big") + MAGIC
    check_refused(home, told + hashlib.sha256(told).digest())


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_every_flipped_bit_and_every_cut_is_found(
    tmp_path_factory: pytest.TempPathFactory, sealed: bytes, at: float, bit: int, cut: bool
) -> None:
    home, place = tmp_path_factory.mktemp("flipped") / "home", int(at * len(sealed))
    changed = sealed[:place] if cut else sealed[:place] + bytes([sealed[place] ^ 1 << bit]) + sealed[place + 1 :]
    with swipefl.open(home) as device, pytest.raises(DataError):
        device.upkeep.restore(io.BytesIO(changed))
    assert not home.exists()
    shutil.rmtree(home.parent)


OURS = [f"home/{name}" for name in ("swipefl.db-wal", "swipefl.db.before-upgrade", "config.toml", "lock", "serve.html")]


def test_what_is_no_backup_is_never_written_over(home: Path, tmp_path: Path) -> None:
    fill(home, 2)
    (tmp_path / "letter").write_text("dear")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "letter")
    (tmp_path / "hanging").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    for name in (
        "letter",
        "folder",
        "link",
        "hanging",
        "pipe",
        "home/swipefl.db",
        "missing/file",
        "letter/file",
        *OURS,
    ):
        with pytest.raises(UsageError):
            backup(home, tmp_path / name)
    assert (tmp_path / "letter").read_text() == "dear"
    for name in ("folder", "pipe", "nowhere"):
        with pytest.raises((DataError, StoreError)):
            restore(home, tmp_path / name)
    (tmp_path / "new").touch(0o644)  # as mktemp makes it
    backup(home, tmp_path / "new")
    backup(home, tmp_path / "new")  # one of before
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    (tmp_path / "latest").symlink_to(tmp_path / "new")
    assert restore(home, tmp_path / "latest").gestures == 2  # read through a link
    assert not list(tmp_path.glob(".*"))


def test_a_backup_that_fails_leaves_the_one_of_before(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, 2)
    backup(home, tmp_path / "file")
    before = (tmp_path / "file").read_bytes()

    def full(*ignored: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("swipefl.operations.copies.seal", full)
    with pytest.raises(StoreError, match="no space"):
        backup(home, tmp_path / "file")
    with pytest.raises(StoreError, match="no space"):  # what is here cannot be kept: then it stays
        restore(home, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == before
    assert words(home) == words(home)
    assert [path.name for path in home.glob("*swipefl.db.*")] == []
    assert not list(tmp_path.glob(".*"))


def test_drafts_that_a_killed_run_left_go_with_the_next_one(home: Path, tmp_path: Path) -> None:
    fill(home, 1)
    left = tmp_path / ".file.draft-1-1"
    left.write_text("words")
    others = [tmp_path / name for name in (".filed.draft-1-1", ".file.draft-mine", ".file.txt.draft-2-2")]
    for other in others:
        other.write_text("of somebody else")
    backup(home, tmp_path / "file")
    assert not left.exists()
    assert all(other.exists() for other in others)


class Failing(io.BytesIO):
    """A stick that was pulled out."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(errno.EIO, "Input/output error")
        return super().read(1000)


@pytest.mark.parametrize("name", ["2026-11-25.backup", "a b", ".hidden", "ä\nö", "swipefl.db"])
def test_what_a_killed_backup_left_goes_with_the_next_one_of_any_name(home: Path, tmp_path: Path, name: str) -> None:
    """Nightly ones have a date in theirs; one at work, and what is of somebody else, stays."""
    fill(home, 1)
    (folder := tmp_path / "bk").mkdir()
    left = folder / f".{name}.draft-1-1"
    others = [folder / other for other in (f".{name}.draft-mine", ".b.draft-3-3", name)]
    shutil.copy(home / "swipefl.db", left)
    for other in others:
        other.write_text("of somebody else")
    os.mkfifo(folder / ".pipe.draft-4-4")
    (folder / ".link.draft-5-5").symlink_to(home / "swipefl.db")
    with drafted(folder / f"{name} at work") as draft:
        shutil.copyfile(left, draft)
        backup(home, folder / "2026-11-26.backup")
        assert (left.exists(), draft.exists()) == (False, True)
    assert all(other.exists() for other in others)
    assert (home / "swipefl.db").exists()
    assert (folder / ".link.draft-5-5").is_symlink()


def test_a_backup_that_cannot_be_read_is_told_by_its_own_name(home: Path, sealed: bytes) -> None:
    with swipefl.open(home) as device, pytest.raises(DataError, match=r"^standard input cannot be read.*Input/output"):
        device.upkeep.restore(Failing(sealed))
    assert not home.exists()


@pytest.fixture(params=[errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS])
def poor_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links, whose folders cannot be synchronised."""
    fsync = os.fsync

    def refuses(*named: object) -> None:
        raise OSError(request.param, "Operation not supported")

    monkeypatch.setattr(os, "link", refuses)
    monkeypatch.setattr(os, "fsync", lambda held: (refuses if stat.S_ISDIR(os.fstat(held).st_mode) else fsync)(held))


@pytest.mark.usefixtures("poor_disk")
@pytest.mark.parametrize("there", ["nothing", "a store", "a wreck"])
def test_a_file_system_without_hard_links_and_promises_does_as_well(home: Path, tmp_path: Path, there: str) -> None:
    before = fill(tmp_path / "other", 3)
    backup(tmp_path / "other", tmp_path / "file")
    if there != "nothing":
        fill(home, 2, seed=7)
    if there == "a wreck":
        (home / "swipefl.db").write_bytes(b"no database")
    report = restore(home, tmp_path / "file")
    assert (words(home), report.aside is None) == (before, there == "nothing")


def test_a_folder_that_cannot_be_synchronised_though_its_disk_could_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        sync_folder(tmp_path)


def test_who_mends_a_damaged_store_is_heard(home: Path) -> None:
    fill(home, 800)
    with pytest.raises(Interrupted):
        list(mend_database(lambda: Store(home / "swipefl.db"), lambda: Interrupted(15)))
    with Store(home / "swipefl.db") as store:
        assert store.sql.faults(1, lambda: None) == []


def test_drafts_of_a_run_that_goes_on_stay_with_all_that_lies_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with drafted(path) as draft:
        beside = [draft.with_name(draft.name + side) for side in ("-wal", "-shm", "-journal")]
        for side in beside:
            side.touch()
        assert (drafts_left(path), erase_drafts(path)) == ([], [])
        assert all(each.exists() for each in (draft, *beside))
        killed = path.with_name(f".{path.name}.before-restore-x.draft-1-1-wal")
        killed.touch()
        assert (drafts_left(path), erase_drafts(path), killed.exists()) == ([killed], [killed], False)
    assert list(tmp_path.iterdir()) == []


LEFT = [".swipefl.db.new-4194304-1", ".swipefl.db.draft-1-1", ".swipefl.db.draft-1-1-wal", ".config.toml.draft-1-1"]
LEFT += [".swipefl.db.before-restore-20260101T000000.draft-1-1"]


def test_doctor_knows_what_killed_runs_left_and_nothing_else(home: Path) -> None:
    fill(home, 1)
    others = [".swipefl.db.draft-mine", ".swipefl.dbx.draft-1-1", ".other.toml.draft-1-1"]
    others += [f".swipefl.db.new-{os.getpid()}-1"]
    for name in (*LEFT, *others):
        (home / name).write_text("words")
    with swipefl.open(home) as device, drafted(home / "swipefl.db") as going:
        for name in LEFT:  # a new draft clears up
            (home / name).write_text("words")
        (found,) = [each for each in device.upkeep.doctor().findings if each.name == "leftovers"]
        assert (found.state, found.says.split()[0]) == ("note", str(len(LEFT)))
        (after,) = [each for each in device.upkeep.doctor(fix=True).findings if each.name == "leftovers"]
        assert after.state == "ok"
        assert going.exists()
    assert not any((home / name).exists() for name in LEFT)
    assert all((home / name).exists() for name in others)


def test_a_run_that_holds_the_store_is_waited_for_by_nobody(home: Path, tmp_path: Path) -> None:
    fill(home, 1)
    backup(home, tmp_path / "file")
    with hold(home), pytest.raises(StoreBusy):
        restore(home, tmp_path / "file")
    with hold(home):  # a backup disturbs none
        backup(home, tmp_path / "file")


def test_who_has_the_store_open_sees_what_came_back_and_what_it_writes_stays(home: Path, tmp_path: Path) -> None:
    before, file = fill(home, 3), tmp_path / "file"
    backup(home, file)
    fill(home, 5, seed=1)
    with Store(home / "swipefl.db") as serving:
        assert serving.gestures.counts()["good"] == 8
        restore(home, file)
        assert [each.example.word for each in serving.gestures.all()] == before
        put(serving, examples(1, seed=9))
    assert len(words(home)) == 4


def test_backups_are_of_one_moment_while_others_write(home: Path, tmp_path: Path) -> None:
    """Each transaction stores two: no backup has an odd number."""
    some = examples(12)
    with Store(home / "swipefl.db") as writer:
        for pair in zip(some[::2], some[1::2], strict=True):
            with writer.transaction():
                put(writer, [pair[0]])
                found = backup(home, tmp_path / "file").gestures
                put(writer, [pair[1]])
            assert found % 2 == 0
            assert restore(tmp_path / f"copy {found}", tmp_path / "file").gestures == found


def member_of(home: Path) -> Membership | None:
    with Store(home / "swipefl.db") as store:
        return store.memberships.get()


def joins(home: Path, member: Membership) -> None:
    with Store(home / "swipefl.db") as store:
        store.memberships.set(member)
        store.outbox.erase()
        store.outbox.queue(QueuedUpdate("u", "seven", 1.0, 3, b"blob", attempted=True, data="d", residual=b"r"))


def leaves(home: Path) -> None:
    with Store(home / "swipefl.db") as store:
        store.memberships.delete()
        store.meta.set(HAS_LEFT, "here")


def nothing(home: Path) -> None:
    """Nothing has changed since."""


@pytest.mark.parametrize(
    ("since", "is_member"),
    [
        (nothing, "here"),
        (lambda home: joins(home, Membership("b:1", "again", b"c", b"k", version=9)), "again"),
        (leaves, None),
        (lambda home: (home / "swipefl.db").unlink(), "here"),
    ],
)
def test_who_it_is_stays_and_what_it_had_left_to_send_is_gone(
    home: Path, tmp_path: Path, since: Callable[[Path], None], is_member: str | None
) -> None:
    fill(home, 2)
    joins(home, HERE)
    backup(home, tmp_path / "file")
    since(home)
    assert restore(home, tmp_path / "file").member == (is_member is not None)
    member = member_of(home)
    assert (member.device_id if member else None) == is_member
    assert member is None or member.residual == b""
    with Store(home / "swipefl.db") as store:
        assert store.outbox.waiting() == []


def test_what_was_forgotten_since_comes_back_only_where_that_is_said(home: Path, tmp_path: Path) -> None:
    before = fill(home, 4)
    backup(home, tmp_path / "file")
    with swipefl.open(home) as device:
        device.forget(everything=True)
    with pytest.raises(UsageError, match="forgotten"):
        restore(home, tmp_path / "file")
    assert words(home) == []
    assert restore(home, tmp_path / "file", anyway=True).forgotten_at
    assert words(home) == before
    with pytest.raises(UsageError, match="forgotten"):  # it still knows
        restore(home, tmp_path / "file")
    with swipefl.open(home) as device:
        device.forget(everything=True)
    assert set_aside(home / "swipefl.db") == []  # they held it too
    backup(home, tmp_path / "file")
    restore(home, tmp_path / "file")


def old(path: Path, done: int) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        migrate(Database(conn, recursive_triggers=False, execute_plugins=False), STORE.steps[:done])
        conn.execute("INSERT INTO meta VALUES ('mark', 'old')")


@pytest.mark.parametrize("done", range(1, len(STORE.steps)))
def test_a_copy_is_kept_before_each_upgrade_until_a_good_night_or_forget(home: Path, done: int) -> None:
    path = home / "swipefl.db"
    old(path, done)
    with Store(path) as store:
        assert store.meta.get("mark") == "old"
    copy = home / f"swipefl.db{BEFORE_UPGRADE}"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (done,)
        assert conn.execute("SELECT value FROM meta").fetchall() == [("old",)]
    assert sorted(each.name for each in home.iterdir()) == ["swipefl.db", copy.name]
    if done % 2:
        erase_before_upgrade(path)
    else:
        with swipefl.open(home) as device:
            device.forget(everything=True)
    assert not copy.exists()


def test_no_room_for_the_copy_is_no_reason_not_to_upgrade(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*ignored: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("swipefl.database.snapshots.copy_into", full)
    old(home / "swipefl.db", 3)
    with Store(home / "swipefl.db") as store:
        assert store.meta.get("mark") == "old"
    assert [each.name for each in home.iterdir()] == ["swipefl.db"]


def test_a_downgrade_is_refused_and_touches_nothing(home: Path, tmp_path: Path) -> None:
    fill(home, 1)
    with closing(sqlite3.connect(home / "swipefl.db", isolation_level=None)) as conn:
        conn.execute(f"PRAGMA user_version = {len(STORE.steps) + 1}")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = (home / "swipefl.db").read_bytes()
    with pytest.raises(StoreError, match="newer"):
        Store(home / "swipefl.db")
    with pytest.raises(StoreError, match="newer"):
        backup(home, tmp_path / "file")
    assert (home / "swipefl.db").read_bytes() == before
    assert not list(home.glob(f"*{BEFORE_UPGRADE}"))


@pytest.mark.parametrize("done", range(1, len(STORE.steps)))
def test_a_backup_of_an_older_swipefl_is_brought_up_to_date_and_one_of_a_newer_refused(
    home: Path, tmp_path: Path, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    old(tmp_path / "old" / "swipefl.db", done)
    with monkeypatch.context() as patched:  # as it is written where its disk can only be read
        patched.setattr(operations, "may_be_written", lambda database: False)
        patched.setattr("swipefl.operations.copies.may_be_written", lambda database: False)
        assert backup(tmp_path / "old", tmp_path / "file").gestures == 0
    with closing(sqlite3.connect(tmp_path / "old" / "swipefl.db")) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (done,)
    restore(home, tmp_path / "file")
    with Store(home / "swipefl.db") as store:
        assert store.meta.get("mark") == "old"
    with closing(sqlite3.connect(home / "swipefl.db", isolation_level=None)) as conn:
        conn.execute("PRAGMA user_version = 999")
    with monkeypatch.context() as patched:
        patched.setattr("swipefl.operations.copies.checked", lambda *ignored: None)
        patched.setattr(operations, "open_database", lambda path, schema, make: closing_of(path))
        backup(home, tmp_path / "newer")
    with pytest.raises(StoreError, match="newer"):
        restore(tmp_path / "fresh", tmp_path / "newer")


def closing_of(path: Path) -> "Store":
    class Opened:
        db = sqlite3.connect(path)

    return Opened  # type: ignore[return-value]


def test_what_a_backup_replaced_stays_for_a_month_and_no_longer_whatever_nights_do(home: Path, tmp_path: Path) -> None:
    fill(home, 1)
    backup(home, tmp_path / "file")
    restore(home, tmp_path / "file")
    (home / f"swipefl.db{BEFORE_UPGRADE}").write_bytes((tmp_path / "file").read_bytes())
    (aside,) = set_aside(home / "swipefl.db")
    aside_since = aside.stat().st_ctime
    for days, there in ((29.9, True), (10_000, True), (31, False)):  # a clock that is years ahead is not believed
        with Store(home / "swipefl.db") as store:
            prune(store, Keeping(days=0), lambda days=days: aside_since + days * 86_400)
        assert aside.exists() is there
        assert (home / f"swipefl.db{BEFORE_UPGRADE}").exists() is there


def test_of_what_backups_replaced_the_first_and_the_newest_stay_with_all_that_lay_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "swipefl.db"
    for number in range(ASIDE_MOST + 3):
        for beside in ("", "-wal")[: 1 + number % 2]:
            (tmp_path / f"swipefl.db.before-restore-20260101T00000{number}{beside}").touch()
    erase_oldest_aside(path)
    kept = {file.name.removesuffix("-wal")[-1] for file in set_aside(path)}
    assert kept == {"0", *(str(number) for number in range(3, ASIDE_MOST + 3))}
    assert len(set_aside(path)) == 6


def test_a_store_that_came_while_a_person_was_asked_keeps_what_is_stored_into_it(home: Path, tmp_path: Path) -> None:
    before, here = fill(tmp_path / "other", 3), []
    backup(tmp_path / "other", tmp_path / "file")

    def thinks(planned: "swipefl.Planned") -> bool:
        if not here:
            here.append(Store(home / "swipefl.db"))  # an ingest, which has it open and waits for its turn
        return True

    with swipefl.open(home) as device:
        assert device.upkeep.restore(tmp_path / "file", agree=thinks)
    with here[0] as store:
        put(store, examples(2, seed=7))
    assert len(words(home)) == len(before) + 2


class Stalling(io.BytesIO):
    """A pipe that takes its time: whoever wants the store may have it meanwhile."""

    def __init__(self, content: bytes, home: Path) -> None:
        super().__init__(content)
        self._home = home

    def read(self, size: int | None = -1) -> bytes:
        is_free(self._home)
        return super().read(size)


def is_free(home: Path) -> None:
    with hold(home), in_turn(home, lambda: Interrupted(15), most_s=0):
        pass


@pytest.mark.parametrize("count", [0, 2])
def test_nobody_is_kept_from_the_store_while_a_pipe_stalls_or_a_person_thinks(
    home: Path, sealed: bytes, count: int
) -> None:
    asked: list[swipefl.Planned] = []
    if count:
        fill(home, count)

    def thinks(planned: "swipefl.Planned") -> bool:
        is_free(home)
        asked.append(planned)
        if len(asked) < 4:
            fill(home, 1, seed=len(asked))
        if len(asked) == 4:
            with Store(home / "swipefl.db") as store:
                forget(store)
        return True

    with swipefl.open(home) as device:
        assert device.upkeep.restore(Stalling(sealed, home), anyway=True, agree=thinks)
    assert [planned.gestures_here for planned in asked] == [count or None, count + 1, count + 2, count + 3, 0]
    assert (asked[3].forgotten_at, asked[4].forgotten_at is None) == (None, False)
    assert len(words(home)) == 3


def test_who_is_asked_again_may_say_no(home: Path, sealed: bytes) -> None:
    asked: list[object] = []

    def thinks(planned: "swipefl.Planned") -> bool:
        asked.append(planned)
        if len(asked) == 1:
            fill(home, 1)
        return len(asked) == 1

    with swipefl.open(home) as device:
        assert device.upkeep.restore(io.BytesIO(sealed), agree=thinks) is None
    assert (len(words(home)), set_aside(home / "swipefl.db")) == (1, [])


def test_a_file_that_came_at_the_last_moment_is_not_replaced(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "other", 3)
    backup(tmp_path / "other", tmp_path / "file")
    there = operations.is_there

    def came(store: Path) -> bool:
        was = there(store)
        if not was:
            fill(home, 2, seed=7)
        return was

    monkeypatch.setattr(operations, "is_there", came)
    report = restore(home, tmp_path / "file")
    assert report.aside
    restore(home, Path(report.aside))
    assert len(words(home)) == 2


def test_a_restore_that_fails_leaves_no_copy_and_changes_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, 2)
    backup(home, tmp_path / "file")
    before = fill(home, 2, seed=7)

    def kept_and_full(here: object, back: object, keep: Callable[[], object]) -> None:
        keep()
        raise StoreError("disk-full", "no space left")

    monkeypatch.setattr(operations, "overwrite", kept_and_full)
    for _ in range(2):
        with pytest.raises(StoreError, match="no space"):
            restore(home, tmp_path / "file")
    assert set_aside(home / "swipefl.db") == []
    assert words(home) == before


@pytest.mark.parametrize("is_sound", [True, False])
def test_what_cannot_take_its_place_leaves_all_that_was_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_sound: bool
) -> None:
    path, draft = tmp_path / "a.db", tmp_path / "draft"
    draft.write_bytes(b"x")
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE a (b)")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        conn.execute("INSERT INTO a VALUES (1)")
        killed = {each.name: each.read_bytes() for each in tmp_path.glob("a.db*")}
    for name, content in killed.items():
        (tmp_path / name).write_bytes(content)
    if not is_sound:
        monkeypatch.setattr(restoring, "_settled", lambda path, log: False)

    def cut_off(draft: Path, path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restoring, "put_in_place", cut_off)
    with pytest.raises(KeyboardInterrupt):
        restoring.put_instead(draft, path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM a").fetchone() == (1,)
    assert set_aside(path) == []


def test_copies_stay_where_forgetting_was_not_committed_and_go_with_the_next_night_where_it_was(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, 3)
    backup(home, tmp_path / "file")
    restore(home, tmp_path / "file")

    def fails(*ignored: object) -> None:
        raise StoreError("io", "cannot write")

    with Store(home / "swipefl.db") as store:

        @contextmanager
        def uncommitted() -> Iterator[None]:
            with store.sql.transaction():
                yield
                fails()

        with monkeypatch.context() as patched:
            patched.setattr(store, "transaction", uncommitted)
            with pytest.raises(StoreError, match="cannot write"):
                forget(store)
        assert store.gestures.counts()["good"] == 3
        assert len(set_aside(home / "swipefl.db")) == 1
        with monkeypatch.context() as patched:
            patched.setattr(store, "erase_traces", fails)  # killed behind its commit
            with pytest.raises(StoreError, match="cannot write"):
                forget(store)
        assert len(set_aside(home / "swipefl.db")) == 1
        store.owe_rewriting()  # as of what is too old
        store.erase_traces()
    assert set_aside(home / "swipefl.db") == []


def resealed(sealed: bytes, facts: bytes, magic: bytes = MAGIC, length: int | None = None) -> bytes:
    """Another backup whose checksum fits."""
    end = len(sealed) - 32 - len(MAGIC) - 8
    at = end - int.from_bytes(sealed[end : end + 8], "big")
    content = sealed[:at] + facts + (len(facts) if length is None else length).to_bytes(8, "big") + magic
    return content + hashlib.sha256(content).digest()


@pytest.mark.parametrize(
    ("facts", "magic", "length"),
    [
        (b'{"made_at": 1, "settings": null}', b"another tail 123\n", None),
        (b'{"made_at": 1, "settings": null}', MAGIC, 1 << 60),
        (b'{"settings": null}', MAGIC, None),
        (b'{"made_at": "soon"}', MAGIC, None),
        (b'{"made_at": 1, "settings": 7}', MAGIC, None),
        (b"[1]", MAGIC, None),
        (b"{", MAGIC, None),
    ],
)
def test_what_says_nothing_known_of_itself_is_no_backup(
    home: Path, sealed: bytes, facts: bytes, magic: bytes, length: int | None
) -> None:
    fill(home, 2)
    check_refused(home, resealed(sealed, facts, magic, length))


def test_a_backup_of_a_later_format_is_told_from_a_damaged_one(home: Path, sealed: bytes) -> None:
    later = resealed(sealed, b'{"made_at": 1, "settings": null}', b"swipefl backup 2\n")
    with swipefl.open(home) as device, pytest.raises(DataError, match="newer swipefl") as error:
        device.upkeep.restore(io.BytesIO(later))
    assert error.value.code == "newer-backup"
    assert resealed(sealed, b'{"made_at": 1}') != sealed


def test_a_backup_of_a_damaged_store_names_the_store(home: Path, tmp_path: Path) -> None:
    fill(home, 40)
    store = home / "swipefl.db"
    with closing(sqlite3.connect(store)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(store.read_bytes())
    for page in range(20, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    store.write_bytes(data)
    with pytest.raises(StoreError) as error:
        backup(home, tmp_path / "b9")
    assert (error.value.code, error.value.facts["path"]) == ("damaged-database", store)
