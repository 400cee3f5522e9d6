"""The steps of the schema: each whole or not at all, from a blank file and from every earlier version."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from swipefl.database.migrations import Step, migrate, version
from swipefl.store.schema import STORE
from swipefl.store.store import Store


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    conn = sqlite3.connect(tmp_path / "blank.db", isolation_level=None)
    yield Database(conn, recursive_triggers=False, execute_plugins=False)
    conn.close()


def schema(db: Database) -> list[tuple[str, ...]]:
    return db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


@pytest.mark.parametrize("done", range(len(STORE.steps) + 1))
def test_every_version_ends_at_the_same_schema(db: Database, tmp_path: Path, done: int) -> None:
    migrate(db, STORE.steps[:done])
    assert version(db) == done
    migrate(db, STORE.steps)
    assert version(db) == len(STORE.steps)
    with Store(tmp_path / "home" / "swipefl.db") as store:
        assert schema(db) == schema(store.sql.db)
    assert db.execute("PRAGMA application_id").fetchone() == (STORE.application_id,)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


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


def test_steps_have_names_of_their_own() -> None:
    assert len({step.name for step in STORE.steps}) == len(STORE.steps)
    assert all(step.statements for step in STORE.steps)


def test_rows_survive_a_later_step(tmp_path: Path) -> None:
    path = tmp_path / "home" / "swipefl.db"
    with Store(path) as store:
        store.meta.set("a", "1")
        migrate(store.sql.db, (*STORE.steps, Step("later", ("ALTER TABLE meta ADD COLUMN note TEXT",))))
        assert store.meta.get("a") == "1"
