"""The steps of the schema: each whole or not at all, from a blank file and from every earlier version."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from swipefl.database.migrations import Schema, Step, migrate, version
from swipefl.federation.coordinator.schema import COORDINATOR
from swipefl.federation.coordinator.state import State
from swipefl.store.schema import STORE
from swipefl.store.store import Store
from tests.support.older import OLD, old_store
from tests.support.people import examples
from tests.support.stores import put

KINDS: dict[Callable[[Path], Store | State], Schema] = {Store: STORE, State: COORDINATOR}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    conn = sqlite3.connect(tmp_path / "blank.db", isolation_level=None)
    yield Database(conn, recursive_triggers=False, execute_plugins=False)
    conn.close()


def schema(db: Database) -> list[tuple[str, ...]]:
    return db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


@pytest.mark.parametrize(
    ("kind", "known", "done"),
    [(kind, known, done) for kind, known in KINDS.items() for done in range(len(known.steps) + 1)],
    ids=lambda value: "" if isinstance(value, Schema) else getattr(value, "__name__", str(value)),
)
def test_every_version_ends_at_the_same_schema(
    db: Database, tmp_path: Path, kind: Callable[[Path], Store | State], known: Schema, done: int
) -> None:
    migrate(db, known.steps[:done])
    assert version(db) == done
    migrate(db, known.steps)
    assert version(db) == len(known.steps)
    with kind(tmp_path / "home" / "a.db") as opened:
        assert schema(db) == schema(opened.sql.db)
    assert db.execute("PRAGMA application_id").fetchone() == (known.application_id,)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_coordinators_file_from_before_tells_which_version_a_device_came_with(tmp_path: Path) -> None:
    """By its times; and how many of its updates are known."""
    path = tmp_path / "home" / "coordinator.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrate(Database(conn, recursive_triggers=False, execute_plugins=False), COORDINATOR.steps[:1])
        for number in (1, 2, 3):
            conn.execute(
                "INSERT INTO versions VALUES (?, 'published', ?, 0, 'a', 'f', x'', NULL, x'')", (number, 10 * number)
            )
        for device, came in (("a", 5), ("b", 10), ("c", 29), ("d", 31)):
            conn.execute("INSERT INTO devices VALUES (?, x'00', ?, ?, 0)", (device, came, came))
        for device, number in (("b", 1), ("b", 2), ("b", 3), ("c", 3)):
            facts = (f"{number}", device, number)
            conn.execute(
                "INSERT INTO updates (id, device, version, examples, received_at, blob) VALUES (?, ?, ?, 1, 1, x'')",
                facts,
            )
        conn.execute("INSERT INTO tokens VALUES (x'00', 1, NULL)")
    with State(path) as state:
        assert [(d.id, d.enrolled_with, d.taken) for d in state.devices.page(100).devices] == [
            ("a", 0, 0),
            ("b", 1, 3),
            ("c", 2, 1),
            ("d", 3, 0),
        ]
        assert {(d.name, d.refused, d.stale, d.left) for d in state.devices.page(100).devices} == {("", 0, 0, False)}
        assert (state.updates.backlog()[0], len(state.updates.waiting())) == (2, 2)
        assert (state.devices.by_state(), state.devices.count()) == ({"silent": 4}, 4)
        assert [version.candidate_top1 for version in state.versions.all()] == [None] * 3


def test_migrating_again_does_nothing(db: Database) -> None:
    migrate(db, STORE.steps)
    before = schema(db)
    migrate(db, STORE.steps)
    assert schema(db) == before


def test_a_step_that_fails_leaves_nothing_behind(db: Database) -> None:
    migrate(db, STORE.steps)
    before = schema(db)
    good = Step("good", ("CREATE TABLE kept (a)",))
    bad = Step("bad", ("CREATE TABLE half (a)", "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(db, (*STORE.steps, good, bad))
    assert version(db) == len(STORE.steps) + 1
    assert {row[1] for row in schema(db)} - {row[1] for row in before} == {"kept"}
    assert not db.conn.in_transaction


def test_a_step_that_another_process_took_is_not_taken_twice(db: Database, tmp_path: Path) -> None:
    other = Database(sqlite3.connect(tmp_path / "blank.db", isolation_level=None), recursive_triggers=False)
    migrate(other, STORE.steps)
    migrate(db, STORE.steps)
    other.close()
    assert version(db) == len(STORE.steps)


@pytest.mark.parametrize("known", KINDS.values(), ids=["store", "coordinator"])
def test_steps_have_names_of_their_own(known: Schema) -> None:
    assert len({step.name for step in known.steps}) == len(known.steps)
    assert all(step.statements for step in known.steps)


def test_rows_survive_a_later_step(tmp_path: Path) -> None:
    path = tmp_path / "home" / "swipefl.db"
    with Store(path) as store:
        store.meta.set("a", "1")
        migrate(store.sql.db, (*STORE.steps, Step("later", ("ALTER TABLE meta ADD COLUMN note TEXT",))))
        assert store.meta.get("a") == "1"


@pytest.mark.parametrize("done", range(1, 5))
def test_gestures_of_every_earlier_version_are_kept_as_they_were_stored(tmp_path: Path, done: int) -> None:
    path = tmp_path / "home" / "swipefl.db"
    rows, last = old_store(path, done)
    with Store(path) as store:
        assert store.sql.rows(f"SELECT number, {OLD} FROM gestures ORDER BY number") == rows
        assert store.sql.rows("SELECT DISTINCT languages, by_hand FROM gestures") == [(None, 0)]
        assert [(e.example.word, e.verdict) for e in store.gestures.all()] == [(row[4], row[5]) for row in rows]
        some = examples(1)
        put(store, some)
        assert next(e.number for e in store.gestures.all() if e.example.word == some[0].word) == last + 1
        assert store.sql.rows("PRAGMA foreign_key_check") == []
        assert store.owes_rewriting()
        store.erase_traces()
        assert store.sql.rows("PRAGMA freelist_count") == [(0,)]


def test_gestures_are_all_there_if_their_step_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "home" / "swipefl.db"
    rows, _ = old_store(path, 4)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        before = list(conn.iterdump())
        db = Database(conn, recursive_triggers=False, execute_plugins=False)
        for statement in range(len(STORE.steps[4].statements)):
            broken = Step("broken", (*STORE.steps[4].statements[: statement + 1], "INSERT INTO nowhere VALUES (1)"))
            with pytest.raises(sqlite3.OperationalError, match="nowhere"):
                migrate(db, (*STORE.steps[:4], broken))
            assert list(conn.iterdump()) == before
            assert version(db) == 4
    with Store(path) as store:
        assert store.sql.rows(f"SELECT number, {OLD} FROM gestures ORDER BY number") == rows
