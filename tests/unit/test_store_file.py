"""The store: one real SQLite file that keeps what it was given, and says so when it cannot."""

import os
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from swipefl.database import opening
from swipefl.database.lock import hold
from swipefl.errors import CheckpointError, Remedy, StoreBusy, StoreError
from swipefl.federation.coordinator.state import State
from swipefl.store.store import Store
from tests.support.errors import advises
from tests.support.people import examples
from tests.support.stores import files, put


def test_the_folder_and_the_files_are_private(store: Store, path: Path) -> None:
    put(store, examples(3))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [f.name for f in files(path)] == ["swipefl.db", "swipefl.db-shm", "swipefl.db-wal"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files(path)} == {0o600}


def test_opening_leaves_no_other_file(path: Path) -> None:
    Store(path).close()
    assert os.listdir(path.parent) == ["swipefl.db"]


def test_threads_that_are_all_the_first_get_the_same_sound_file(tmp_path: Path) -> None:
    for home in range(8):
        path, begin = tmp_path / str(home) / "swipefl.db", threading.Barrier(6)

        def opened(path: Path = path, begin: threading.Barrier = begin) -> int:
            begin.wait()
            with Store(path) as store:
                return store.gestures.counts()["good"]

        with ThreadPoolExecutor(6) as pool:
            assert [task.result() for task in [pool.submit(opened) for _ in range(6)]] == [0] * 6
        assert os.listdir(path.parent) == ["swipefl.db"]


def test_a_file_that_others_may_read_is_closed_to_them(path: Path) -> None:
    Store(path).close()
    path.chmod(0o644)
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("opened", [Store, State])
@pytest.mark.parametrize("mode", [opening.WRITING, f"{opening.READING}&immutable=1"])
def test_what_is_temporary_stays_in_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch, opened: type[Store | State], mode: str
) -> None:
    """Else a rewriting leaves all that there is in the system's temporary folder."""
    opened(path).close()
    monkeypatch.setattr(opening, "_mode", lambda path: mode)
    in_memory = 2
    with opened(path) as store:
        assert store.sql.rows("PRAGMA temp_store")[0][0] == in_memory


def test_the_promises_are_switched_on(store: Store) -> None:
    settings = {
        name: store.sql.rows(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "secure_delete")
    }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    assert store.sql.rows("PRAGMA foreign_keys") == [(1,)]


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, check=advises(Remedy.CHECK_FOLDER)):
        Store(tmp_path / "file" / "swipefl.db")


def test_a_folder_in_the_place_of_the_file_is_a_store_error(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="is not a file"):
        Store(path)


def filled(path: Path) -> bytes:
    with Store(path) as store:
        put(store, examples(60))
    return path.read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[:50],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1000],
        lambda data: b"my notes\n" * 2000,
        lambda data: bytes(len(data)),
        lambda data: bytes(4096) + data[4096:],
        lambda data: data[:100] + b"\xff" * 400 + data[500:],
    ],
    ids=["empty", "stub", "half", "tail", "text", "zeros", "first-page", "schema"],
)
def test_a_damaged_file_is_told_and_left_as_it_is(path: Path, spoil) -> None:
    path_bytes = spoil(filled(path))
    path.write_bytes(path_bytes)
    for _ in range(2):
        with pytest.raises(StoreError, check=advises(Remedy.INGEST_AGAIN)) as caught:
            Store(path)
        assert caught.value.exit_code == 5
        assert str(path) in str(caught.value)
        assert path.read_bytes() == path_bytes


def test_damage_deep_inside_is_told_when_it_is_met(path: Path) -> None:
    data = filled(path)
    pages = range(0, len(data), 4096)
    path.write_bytes(b"".join(data[at : at + 4096] if at < 5 * 4096 else b"\xaa" * 4096 for at in pages))
    with pytest.raises(StoreError, check=advises(Remedy.INGEST_AGAIN)), Store(path) as store:
        list(store.gestures.everything())


def test_the_file_of_another_program_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE places (url)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store(path)
    assert path.read_bytes() == before


def test_a_newer_store_is_refused_and_not_a_byte_changes(path: Path) -> None:
    with Store(path) as store:
        store.sql.run("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer swipefl") as caught:
        Store(path)
    assert caught.value.exit_code == 5
    assert path.read_bytes() == before


def test_an_exception_takes_the_whole_transaction_back(store: Store) -> None:
    def fail() -> None:
        with store.transaction():
            store.meta.set("a", "1")
            store.checkpoints.add("personal", b"blob", None, use=True)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert store.meta.get("a") is None
    assert store.checkpoints.all() == []
    store.meta.set("a", "2")
    assert store.meta.get("a") == "2"


def test_an_inner_transaction_that_fails_takes_only_itself_back(store: Store) -> None:
    with store.transaction():
        store.meta.set("outer", "1")
        with pytest.raises(CheckpointError):
            store.checkpoints.use(7)
    assert store.meta.get("outer") == "1"


def test_other_processes_see_nothing_before_the_commit(store: Store, path: Path) -> None:
    with Store(path) as other, store.transaction():
        store.meta.set("a", "1")
        assert other.meta.get("a") is None


def test_a_writer_that_never_ends_is_busy(store: Store, path: Path) -> None:
    with Store(path) as other, store.transaction():
        other.sql.run("PRAGMA busy_timeout = 50")
        with pytest.raises(StoreBusy, match="locked"):
            other.meta.set("a", "1")


def test_a_full_disk_loses_nothing_that_was_stored(store: Store, path: Path) -> None:
    first = examples(20)
    put(store, first)
    pages = store.sql.rows("PRAGMA page_count")[0][0]
    store.sql.run(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="no space left"):
        put(store, examples(300, seed=1))
    with pytest.raises(StoreError, check=advises(Remedy.FREE_SPACE)):
        store.checkpoints.add("global", bytes(100_000), None, use=False)
    assert [e.gesture.id for e, _ in store.gestures.everything()] == [e.gesture.id for e in first]
    store.sql.run("PRAGMA max_page_count = 1000000")
    assert put(store, examples(300, seed=1)) > 0
    with Store(path) as again:
        assert again.gestures.counts() == store.gestures.counts()


def test_a_lock_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, check=advises(Remedy.CHECK_FOLDER)), hold(tmp_path / "file"):
        pytest.fail("held")


def test_a_new_home_keeps_its_name_in_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is safe in a folder is gone with it where the folder's own name was not."""
    synced, really = [], os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with Store(tmp_path / "above" / "home" / "swipefl.db"):
        assert {tmp_path, tmp_path / "above", tmp_path / "above" / "home"} <= set(synced)
