"""How a file's tables came to be: an append-only list of named steps, one transaction each.

`PRAGMA user_version` counts the steps that a file has had. Never edit or reorder a step that was released.

sqlite-utils 4 has migrations of its own, and these do what those do not: two processes may open one file at once (those
look what is due before they take a lock: one of two then fails), a file from a newer swipefl is refused before anything
of it is touched (those pass over names that they do not know), and the files that exist count their steps here.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from swipefl.errors import Remedy


@dataclass(frozen=True)
class Step:
    """One change of the schema: a name for people and the statements to run."""

    name: str
    statements: tuple[str, ...]


def version(db: Database) -> int:
    """How many steps the file has had."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


@dataclass(frozen=True)
class Schema:
    """What tells a kind of file from any other SQLite file, how its tables came to be, and the page size of a new one.

    `secure_delete` overwrites with zeros what is deleted; `lost` is what helps where the file is damaged or gone.
    """

    application_id: int
    steps: tuple[Step, ...]
    lost: Remedy
    page_size: int = 4096
    secure_delete: bool = True


def migrate(db: Database, steps: Sequence[Step]) -> None:
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
