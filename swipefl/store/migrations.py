"""How the store's schema came to be: an append-only list of named steps, one transaction each.

`PRAGMA user_version` counts the steps that a file has had. Never edit or reorder a step that was released.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from swipefl.store.sql import INGEST

APPLICATION_ID = 0x73776670  # "swfp": tells a store from any other SQLite file


@dataclass(frozen=True)
class Step:
    """One change of the schema: a name for people and the statements to run."""

    name: str
    statements: tuple[str, ...]


STEPS: tuple[Step, ...] = (
    Step(
        "first tables",
        (
            f"PRAGMA application_id = {APPLICATION_ID}",
            "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
            """CREATE TABLE keyboards (
                name TEXT PRIMARY KEY,
                language TEXT NOT NULL,
                geometry TEXT NOT NULL  -- JSON, as Keyboard.to_json writes it
            )""",
            """CREATE TABLE gestures (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                id TEXT NOT NULL UNIQUE,
                trace BLOB NOT NULL UNIQUE,
                keyboard TEXT NOT NULL REFERENCES keyboards (name),
                word TEXT NOT NULL,
                verdict TEXT NOT NULL CHECK (verdict IN ('good', 'suspect')),
                held_out INTEGER NOT NULL CHECK (held_out IN (0, 1)),
                stored_at REAL NOT NULL,  -- unix seconds
                width REAL NOT NULL,
                height REAL NOT NULL,
                user TEXT,
                points BLOB NOT NULL  -- little-endian float32 (N, 3): x, y, t
            )""",
            # Covers the counts, the fingerprint and the personal words: none of them reads a page of points.
            "CREATE INDEX gestures_by_use ON gestures (verdict, held_out, keyboard, word, trace)",
            """CREATE TABLE bookmarks (
                path TEXT PRIMARY KEY,
                offset INTEGER NOT NULL,
                size INTEGER NOT NULL,
                line INTEGER NOT NULL,
                head TEXT NOT NULL,
                tail TEXT NOT NULL
            )""",
            """CREATE TABLE checkpoints (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                kind TEXT NOT NULL CHECK (kind IN ('global', 'personal')),
                fingerprint TEXT NOT NULL,  -- SHA-256 of blob, in hex
                parent TEXT,
                created_at REAL NOT NULL,
                in_use INTEGER NOT NULL CHECK (in_use IN (0, 1)),
                blob BLOB NOT NULL
            )""",
            "CREATE UNIQUE INDEX checkpoint_in_use ON checkpoints (in_use) WHERE in_use = 1",
            """CREATE TABLE rounds (
                number INTEGER PRIMARY KEY,
                started_at REAL NOT NULL,
                finished_at REAL NOT NULL,
                examples INTEGER NOT NULL,
                top1_before REAL,
                top1_after REAL,
                adopted INTEGER NOT NULL,
                update_id TEXT,
                base TEXT NOT NULL
            )""",
            """CREATE TABLE updates (
                id TEXT PRIMARY KEY,
                base TEXT NOT NULL,
                created_at REAL NOT NULL,
                examples INTEGER NOT NULL,
                blob BLOB NOT NULL,
                attempted INTEGER NOT NULL,
                data TEXT NOT NULL
            )""",
            """CREATE TABLE words (
                word TEXT NOT NULL,
                language TEXT NOT NULL,
                removed INTEGER NOT NULL,  -- 1: the person does not want it, however often it is swiped
                PRIMARY KEY (word, language)
            ) WITHOUT ROWID""",
        ),
    ),
    Step(
        "a federation",
        (
            """CREATE TABLE membership (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                address TEXT NOT NULL,
                device_id TEXT NOT NULL,
                credential BLOB NOT NULL,
                public_key BLOB NOT NULL,
                ca BLOB,
                insecure INTEGER NOT NULL,
                version INTEGER NOT NULL,
                fingerprint TEXT NOT NULL,
                plan TEXT NOT NULL,
                contributed INTEGER NOT NULL,
                residual BLOB NOT NULL,
                tried_at REAL NOT NULL,
                wait_s REAL NOT NULL,
                failures INTEGER NOT NULL
            )""",
            "ALTER TABLE updates ADD COLUMN version INTEGER",  # NULL until it was attempted
            "ALTER TABLE updates ADD COLUMN residual BLOB NOT NULL DEFAULT x''",
        ),
    ),
)


def version(db: Database) -> int:
    """How many steps the file has had."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


@dataclass(frozen=True)
class Schema:
    """What tells a kind of file from any other SQLite file, how its tables came to be, and the page size of a new one.

    `secure_delete` overwrites with zeros what is deleted; `remedy` is what to do where the file is lost.
    """

    application_id: int
    steps: tuple[Step, ...]
    page_size: int = 4096
    secure_delete: bool = True
    remedy: str = INGEST


STORE = Schema(APPLICATION_ID, STEPS)


def migrate(db: Database, steps: Sequence[Step] = STEPS) -> None:
    """Take the steps that the file lacks. Raises sqlite3.Error; then the step that failed left nothing behind."""
    while version(db) < len(steps):
        _take_next(db.conn, steps)


def _take_next(conn: sqlite3.Connection, steps: Sequence[Step]) -> None:
    conn.execute("BEGIN IMMEDIATE")
    try:
        # Read again under the lock: another process may have taken the step meanwhile.
        done = conn.execute("PRAGMA user_version").fetchone()[0]
        if done < len(steps):
            for statement in steps[done].statements:
                conn.execute(statement)
            conn.execute(f"PRAGMA user_version = {done + 1}")
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise
