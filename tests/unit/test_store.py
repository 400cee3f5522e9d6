"""The store: one real SQLite file that keeps what it was given, and says so when it cannot."""

import itertools
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swipefl.database.lock import hold
from swipefl.errors import CheckpointError, StoreBusy, StoreError, UsageError
from swipefl.gesture.gesture import GOOD, SUSPECT, Example
from swipefl.gesture.keyboard import BUILT_IN, Key, Keyboard, built_in
from swipefl.store.bookmarks import Bookmark
from swipefl.store.gestures import HELD_OUT, TRAIN
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.rounds import Round
from swipefl.store.store import Store
from swipefl.store.words import PersonalWord
from tests.support.people import examples

RARE = "zyzzogeton"
OWN = Keyboard("pad", "de", 2.0, 1.0, (Key("a", 0.5, 0.5, 1.0, 1.0), Key("ü", 1.5, 0.5, 1.0, 1.0)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "swipefl.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as store:
        yield store


def put(store: Store, some: list[Example], verdict: str = GOOD) -> int:
    with store.transaction():
        return store.gestures.add([(example, verdict) for example in some])[verdict]


def renamed(example: Example, id: str) -> Example:
    return replace(example, gesture=replace(example.gesture, id=id))


def side(example: Example) -> str:
    return HELD_OUT if int.from_bytes(example.gesture.trace_hash()[:8], "big") % 5 == 0 else TRAIN


def train_uses(word: str, count: int, seed: int = 0) -> list[Example]:
    found = (e for e in examples(40 * count, seed=seed, words=(word,)) if side(e) == TRAIN)
    return list(itertools.islice(found, count))


def files(path: Path) -> list[Path]:
    return sorted(path.parent.glob("swipefl.db*"))


# Opening


def test_the_folder_and_the_files_are_private(store: Store, path: Path) -> None:
    put(store, examples(3))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [f.name for f in files(path)] == ["swipefl.db", "swipefl.db-shm", "swipefl.db-wal"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files(path)} == {0o600}


def test_opening_leaves_no_other_file(path: Path) -> None:
    Store(path).close()
    assert os.listdir(path.parent) == ["swipefl.db"]


def test_a_file_that_others_may_read_is_closed_to_them(path: Path) -> None:
    Store(path).close()
    path.chmod(0o644)
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_promises_are_switched_on(store: Store) -> None:
    settings = {
        name: store.sql.rows(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "secure_delete")
    }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    assert store.sql.rows("PRAGMA foreign_keys") == [(1,)]


def test_many_processes_can_make_the_store_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from swipefl.store.store import Store\n"
        "store = Store(Path(sys.argv[1])); store.meta.set(sys.argv[2], 'here'); store.close()"
    )
    runs = [subprocess.Popen([sys.executable, "-c", code, str(path), str(i)]) for i in range(4)]
    assert [run.wait(60) for run in runs] == [0, 0, 0, 0]
    with Store(path) as store:
        assert [store.meta.get(str(i)) for i in range(4)] == ["here"] * 4


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--home"):
        Store(tmp_path / "file" / "swipefl.db")


def test_a_folder_in_the_place_of_the_file_is_a_store_error(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="is not a file"):
        Store(path)


# Damage


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
        with pytest.raises(StoreError, match=r"Keep a copy, move .* aside, and ingest") as caught:
            Store(path)
        assert caught.value.exit_code == 5
        assert str(path) in str(caught.value)
        assert path.read_bytes() == path_bytes


def test_damage_deep_inside_is_told_when_it_is_met(path: Path) -> None:
    data = filled(path)
    pages = range(0, len(data), 4096)
    path.write_bytes(b"".join(data[at : at + 4096] if at < 5 * 4096 else b"\xaa" * 4096 for at in pages))
    with pytest.raises(StoreError, match="aside"), Store(path) as store:
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


def crash_with_log(path: Path, code: str = "pass") -> None:
    """A process writes and dies, leaving its last writes in the log."""
    program = (
        "import os, sys; from pathlib import Path; from swipefl.store.store import Store\n"
        f"store = Store(Path(sys.argv[1])); store.meta.set('last', 'word'); {code}; os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    assert path.with_name("swipefl.db-wal").stat().st_size > 0


def test_what_a_killed_process_wrote_is_there(path: Path) -> None:
    crash_with_log(path)
    with Store(path) as store:
        assert store.meta.get("last") == "word"


@pytest.mark.parametrize(
    "lose", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")], ids=["gone", "emptied"]
)
def test_a_log_without_its_file_is_kept(path: Path, lose) -> None:
    crash_with_log(path)
    log = path.with_name("swipefl.db-wal")
    before = log.read_bytes()
    lose(path)
    with pytest.raises(StoreError, match="aside"):
        Store(path)
    assert log.read_bytes() == before


# Newer


def test_a_newer_store_is_refused_and_not_a_byte_changes(path: Path) -> None:
    with Store(path) as store:
        store.sql.run("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer swipefl") as caught:
        Store(path)
    assert caught.value.exit_code == 5
    assert path.read_bytes() == before


def test_a_newer_store_with_a_log_is_not_even_tidied(path: Path) -> None:
    crash_with_log(path, "store.sql.run('PRAGMA user_version = 999')")
    log = path.with_name("swipefl.db-wal")
    before = path.read_bytes(), log.read_bytes()
    with pytest.raises(StoreError, match="newer swipefl"):
        Store(path)
    assert (path.read_bytes(), log.read_bytes()) == before


# Transactions and a full disk


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
    with pytest.raises(StoreError, match="free some space"):
        store.checkpoints.add("global", bytes(100_000), None, use=False)
    assert [e.gesture.id for e, _ in store.gestures.everything()] == [e.gesture.id for e in first]
    store.sql.run("PRAGMA max_page_count = 1000000")
    assert put(store, examples(300, seed=1)) > 0
    with Store(path) as again:
        assert again.gestures.counts() == store.gestures.counts()


# Gestures


def test_examples_come_back_as_they_went_in(store: Store) -> None:
    some = examples(50) + examples(10, seed=1, keyboard=built_in("jcuken"), words=("привет", "мир"))
    some[0] = replace(some[0], gesture=replace(some[0].gesture, user="anna", width=1080.0, height=632.5))
    assert put(store, some) == 60
    back = [example for example, _ in store.gestures.everything()]
    for given, got in zip(some, back, strict=True):
        assert np.array_equal(given.gesture.points, got.gesture.points)
        assert got.gesture.points.dtype == np.float32
        assert replace(got.gesture, points=given.gesture.points) == given.gesture
        assert got.word == given.word
    counts = store.gestures.counts()
    assert counts == {"good": 60, "suspect": 0, "train": counts["train"], "held_out": 60 - counts["train"]}


def test_duplicates_by_id_and_by_trace_are_ignored(store: Store) -> None:
    some = examples(30)
    assert put(store, some) == 30
    assert put(store, some) == 0
    assert put(store, [renamed(e, f"copy-{i}") for i, e in enumerate(some)]) == 0
    assert put(store, [renamed(e, some[0].gesture.id) for e in examples(2, seed=9)]) == 0
    twice = examples(5, seed=3)
    assert put(store, twice + twice) == 5


def test_the_split_depends_on_the_trace_alone(path: Path, tmp_path: Path) -> None:
    some = examples(200)
    with Store(path) as one, Store(tmp_path / "other" / "swipefl.db") as two:
        put(one, some)
        for start in range(0, 200, 50):
            put(two, [renamed(e, f"other-{start}-{i}") for i, e in enumerate(reversed(some[start : start + 50]))])
        for split in (TRAIN, HELD_OUT):
            traces = [{e.gesture.trace_hash() for e in store.gestures.examples(split)} for store in (one, two)]
            assert traces[0] == traces[1] == {e.gesture.trace_hash() for e in some if side(e) == split}
        assert 20 <= one.gestures.counts()["held_out"] <= 60
        assert [e.gesture.id for e in one.gestures.examples(TRAIN)] == [e.gesture.id for e in some if side(e) == TRAIN]
        assert one.gestures.fingerprint() == two.gestures.fingerprint()


def test_a_split_by_another_name_is_a_bug(store: Store) -> None:
    with pytest.raises(ValueError, match="split"):
        store.gestures.examples("test")


def test_suspects_are_kept_and_not_learned_from(store: Store) -> None:
    put(store, examples(20), SUSPECT)
    assert store.gestures.counts() == {"good": 0, "suspect": 20, "train": 0, "held_out": 0}
    assert store.gestures.examples(TRAIN) == store.gestures.examples(HELD_OUT) == []
    assert {verdict for _, verdict in store.gestures.everything()} == {SUSPECT}
    assert store.words.all() == []


def test_the_fingerprint_follows_the_good_examples(store: Store) -> None:
    seen = [store.gestures.fingerprint()]
    put(store, examples(5))
    seen.append(store.gestures.fingerprint())
    put(store, examples(5, seed=1), SUSPECT)
    put(store, examples(5))
    assert store.gestures.fingerprint() == seen[-1]
    put(store, examples(1, seed=2))
    seen.append(store.gestures.fingerprint())
    assert len(set(seen)) == 3
    store.gestures.erase()
    assert store.gestures.fingerprint() == seen[0]


def test_erase_by_time_and_by_word(path: Path) -> None:
    now = [100.0]
    with Store(path, clock=lambda: now[0]) as store:
        put(store, examples(10, words=("hello",)) + examples(10, seed=1, words=("world",)))
        now[0] = 200.0
        put(store, examples(10, seed=2, words=("hello",)))
        assert store.gestures.erase(before=100.0) == 0
        assert store.gestures.erase(before=150.0, word="Hello") == 10
        assert store.gestures.erase(before=150.0) == 10
        assert store.gestures.erase(word="world") == 0
        assert store.gestures.erase() == 10
        assert store.gestures.counts()["good"] == 0


def test_what_was_erased_leaves_no_byte_behind(store: Store, path: Path) -> None:
    put(store, examples(40) + examples(25, seed=1, words=(RARE,)))
    store.words.add(RARE, "en")
    assert any(RARE.encode() in f.read_bytes() for f in files(path))
    trace = next(e for e, _ in store.gestures.everything() if e.word == RARE).gesture.points.tobytes()
    with store.transaction():
        assert store.gestures.erase(word=RARE) == 25
        store.words.erase(RARE)
    store.erase_traces()
    assert path.with_name("swipefl.db-wal").exists()
    for file in files(path):
        assert RARE.encode() not in file.read_bytes()
        assert trace not in file.read_bytes()
    assert store.gestures.counts()["good"] == 40


def test_erasing_says_so_when_a_reader_keeps_the_log(store: Store, path: Path) -> None:
    put(store, examples(10, words=(RARE,)))
    with Store(path) as other:
        reading = other.gestures.everything()
        next(reading)
        other.sql.run("BEGIN")
        other.meta.get("a")
        store.gestures.erase()
        store.sql.run("PRAGMA busy_timeout = 50")
        with pytest.raises(StoreBusy, match="run the command again"):
            store.erase_traces()
    store.erase_traces()


def test_thousands_of_examples_go_in_one_call(store: Store) -> None:
    base = examples(200)
    many = [
        replace(e, gesture=replace(e.gesture, id=f"{i}-{n}", points=e.gesture.points + np.float32(n / 1000)))
        for n in range(10)
        for i, e in enumerate(base)
    ]
    assert put(store, many) == 2000


# Keyboards


def test_keyboards_of_the_package_come_first(store: Store) -> None:
    store.keyboards.add(OWN)
    assert store.keyboards.all() == [*map(built_in, BUILT_IN), OWN]
    assert store.keyboards.get("pad") == OWN
    assert store.keyboards.get("qwerty") == built_in("qwerty")


def test_a_name_stands_for_one_keyboard(store: Store) -> None:
    store.keyboards.add(OWN)
    store.keyboards.add(OWN)
    store.keyboards.add(built_in("qwerty"))
    for other in (replace(OWN, width=3.0), replace(OWN, name="qwerty")):
        with pytest.raises(UsageError, match="name of its own"):
            store.keyboards.add(other)
    with pytest.raises(UsageError, match="unknown keyboard"):
        store.keyboards.get("dvorak")


def test_gestures_bring_their_keyboard_along(path: Path) -> None:
    own = replace(built_in("qwerty"), name="mine", language="fr")
    with Store(path) as store:
        put(store, examples(5, keyboard=own))
    with Store(path) as store:
        assert store.keyboards.get("mine") == own
        assert {e.gesture.keyboard for e, _ in store.gestures.everything()} == {own}


# Checkpoints, rounds, outbox, bookmarks, meta


def test_one_personal_checkpoint_is_in_use(store: Store) -> None:
    assert store.checkpoints.personal() is None
    assert store.checkpoints.newest_global() is None
    first = store.checkpoints.add("personal", b"one", "base", use=True)
    second = store.checkpoints.add("personal", b"two", "base", use=True)
    store.checkpoints.add("personal", b"rejected", "base", use=False)
    store.checkpoints.add("global", b"world", None, use=True)
    in_use = store.checkpoints.personal()
    assert in_use is not None
    assert (in_use.id, in_use.blob, in_use.parent) == (second, b"two", "base")
    assert [c.in_use for c in store.checkpoints.all()] == [False, True, False, False]
    newest = store.checkpoints.newest_global()
    assert newest is not None
    assert newest.blob == b"world"
    store.checkpoints.use(first)
    in_use = store.checkpoints.personal()
    assert in_use is not None
    assert in_use.blob == b"one"
    with pytest.raises(CheckpointError, match="swipefl status"):
        store.checkpoints.use(newest.id)
    assert store.checkpoints.personal() == in_use
    store.checkpoints.use(None)
    assert store.checkpoints.personal() is None
    store.checkpoints.erase_personal()
    assert [c.kind for c in store.checkpoints.all()] == ["global"]


def test_old_personal_checkpoints_go_but_never_the_one_in_use(store: Store) -> None:
    used = store.checkpoints.add("personal", b"used", None, use=True)
    world = store.checkpoints.add("global", b"world", None, use=False)
    later = [store.checkpoints.add("personal", b"%d" % i, None, use=False) for i in range(15)]
    assert [c.id for c in store.checkpoints.all()] == [used, world, *later[-10:]]


def test_a_corrupt_checkpoint_is_told_when_it_is_read(store: Store) -> None:
    store.checkpoints.add("personal", b"weights", None, use=True)
    store.sql.run("UPDATE checkpoints SET blob = ?", (b"weighty",))
    corrupt = store.checkpoints.personal()
    assert corrupt is not None
    with pytest.raises(CheckpointError, match="reset --to base") as caught:
        _ = corrupt.blob
    assert caught.value.exit_code == 4
    store.checkpoints.erase_personal()
    with pytest.raises(CheckpointError, match="no longer"):
        _ = corrupt.blob


def test_rounds_count_from_one(store: Store) -> None:
    assert store.rounds.next_number() == 1
    one = Round(1, 10.0, 20.0, 300, 0.8, 0.82, True, "u1", "base")
    two = Round(2, 30.0, 40.0, 300, None, None, False, None, "base")
    store.rounds.add(one)
    store.rounds.add(two)
    assert store.rounds.all() == [one, two]
    assert store.rounds.next_number() == 3
    with pytest.raises(StoreError):
        store.rounds.add(one)


def test_a_newer_update_replaces_one_that_was_never_attempted(store: Store) -> None:
    def update(id: str, base: str, attempted: bool = False) -> QueuedUpdate:
        return QueuedUpdate(id, base, 1.0, 30, b"\x00\x01", attempted, "data")

    frozen, other = update("a", "g1", attempted=True), update("b", "g2")
    for queued in (frozen, other, update("c", "g1"), update("d", "g1")):
        store.outbox.queue(queued)
    assert store.outbox.waiting() == [frozen, update("d", "g1")]
    store.outbox.erase()
    assert store.outbox.waiting() == []


def test_bookmarks_and_meta_keep_the_newest_value(store: Store) -> None:
    assert store.bookmarks.get("/a") is None
    for offset in (10, 20):
        store.bookmarks.put(Bookmark("/a", offset, 30, 2, "h", "t"))
        store.meta.set("key", str(offset))
    assert store.bookmarks.get("/a") == Bookmark("/a", 20, 30, 2, "h", "t")
    assert store.meta.get("key") == "20"
    store.meta.delete("key")
    store.meta.delete("key")
    assert store.meta.get("key") is None


# Words


def test_a_word_joins_after_two_uses(store: Store) -> None:
    once, again = train_uses(RARE, 2)
    held_out = [e for e in examples(60, seed=5, words=("krakatau",)) if side(e) == HELD_OUT]
    put(store, [once, *held_out])
    assert len(held_out) >= 2
    assert store.words.all() == []
    put(store, [again])
    assert store.words.all() == [PersonalWord(RARE, "en", 2, "typed")]
    store.gestures.erase(word=RARE)
    assert store.words.all() == []


def test_uses_count_across_keyboards_of_one_language(store: Store) -> None:
    other = replace(built_in("qwerty"), name="tablet")
    one = train_uses(RARE, 1)[0]
    two = next(e for e in examples(40, seed=8, keyboard=other, words=(RARE,)) if side(e) == TRAIN)
    put(store, [one, two])
    assert store.words.all() == [PersonalWord(RARE, "en", 2, "typed")]


def test_a_removed_word_does_not_come_back(store: Store) -> None:
    uses = train_uses(RARE, 6)
    put(store, uses[:3])
    store.words.remove(RARE, "en")
    put(store, uses[3:])
    assert store.words.all() == []
    store.words.add(RARE, "en")
    assert store.words.all() == [PersonalWord(RARE, "en", 6, "added")]


def test_added_words_are_folded(store: Store) -> None:
    store.words.add("O'Brien", "en")
    store.words.add("Ёлка", "ru")
    assert store.words.all() == [PersonalWord("obrien", "en", 0, "added"), PersonalWord("елка", "ru", 0, "added")]
    store.words.remove("o’brien", "en")
    assert [word.word for word in store.words.all()] == ["елка"]
    for bad in ("", "'", "two words", "x" * 65):
        with pytest.raises(UsageError, match="letters"):
            store.words.add(bad, "en")


# The lock

HOLDER = (
    "import sys; from pathlib import Path; from swipefl.database.lock import hold\n"
    "with hold(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "home")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_lock_names_its_holder_and_ends_with_it(path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(StoreBusy, match=rf"pid {holder.pid}\b") as caught, hold(path.parent):
        pytest.fail("held twice")
    assert caught.value.exit_code == 8
    holder.kill()
    holder.wait()
    with hold(path.parent):
        assert (path.parent / "lock").read_text() == f"{os.getpid()}\n"
        assert stat.S_IMODE((path.parent / "lock").stat().st_mode) == 0o600
    with hold(path.parent):
        pass


@pytest.mark.usefixtures("holder")
def test_writing_examples_does_not_wait_for_the_lock(path: Path) -> None:
    with Store(path) as store:
        assert put(store, examples(5)) == 5


def test_a_lock_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--home"), hold(tmp_path / "file"):
        pytest.fail("held")
