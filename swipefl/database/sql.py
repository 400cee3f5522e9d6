"""One SQLite connection: statements, transactions, and sqlite3's errors told in swipefl's words."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from swipefl.errors import StoreBusy, StoreError, SwipeflError

BUSY_TIMEOUT_S = 30.0
INGEST = "ingest your swipes again"
Row = tuple[Any, ...]
Parameters = Sequence[Any] | dict[str, Any]


class Sql:
    """Runs SQL on `path`. Outside `transaction()` every statement is its own transaction. Raises StoreError.

    `remedy` is what an error advises where the file is lost.
    """

    def __init__(self, path: Path, db: Database, remedy: str = INGEST) -> None:
        self.path = path
        self.db = db
        self._remedy = remedy

    def _told(self) -> AbstractContextManager[None]:
        return told(self.path, self._remedy)

    def rows(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """All rows that `statement` answers with."""
        with self._told():
            return self.db.execute(statement, parameters).fetchall()

    def each(self, statement: str, parameters: Parameters = ()) -> Iterator[Row]:
        """The rows one by one, for answers too large to hold."""
        with self._told():
            cursor = self.db.execute(statement, parameters)
        while True:
            with self._told():
                rows = cursor.fetchmany(64)
            if not rows:
                return
            yield from rows

    def run(self, statement: str, parameters: Parameters = ()) -> int:
        """Run a write; returns how many rows it changed."""
        with self._told():
            return self.db.execute(statement, parameters).rowcount

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run a write once a row; returns how many rows it changed."""
        with self._told():
            return self.db.conn.executemany(statement, rows).rowcount

    def insert(self, statement: str, parameters: Parameters) -> int:
        """Run an INSERT of one row; returns its number."""
        with self._told():
            return int(self.db.execute(statement, parameters).lastrowid or 0)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another is a savepoint of it."""
        if self.db.conn.in_transaction:
            with self._told(), self.db.atomic():
                yield
            return
        with self._told():
            # IMMEDIATE: a transaction that reads first and then finds another writer could not wait for it.
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.conn.execute("COMMIT")
            except BaseException:
                self.db.rollback()
                raise


@contextmanager
def told(path: Path, remedy: str = INGEST) -> Iterator[None]:
    """Turns a sqlite3.Error inside the block into StoreError or StoreBusy."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error, path, remedy) from error


def translated(error: sqlite3.Error, path: Path, remedy: str = INGEST) -> SwipeflError:
    """What `error` means for the person who owns the store at `path`."""
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusy(f"another program has kept {path} locked for {BUSY_TIMEOUT_S:.0f} s; try again later")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(path, name, remedy)
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):  # the latter: no room for the index of the log
        return StoreError(
            f"no space left for {path}: this step was not written, all that was stored before is intact; "
            "free some space and run the command again"
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreError(
            f"{path} cannot be opened for reading and writing ({name}); check that it is a file and that the file "
            "and its folder belong to you and are writable, or choose another folder with --home"
        )
    if name.startswith("SQLITE_IOERR"):
        return StoreError(f"reading or writing {path} failed ({name}); check the disk and try again")
    return StoreError(f"{path} cannot be used ({name}); keep a copy of it, move it aside and {remedy}")


def damaged(path: Path, detail: str, remedy: str = INGEST) -> StoreError:
    """The error for a file that SQLite or swipefl cannot make sense of."""
    return StoreError(
        f"{path} is damaged or no store of swipefl ({detail}); nothing in it was changed. Keep a copy, move it and "
        f"any {path.name}-wal and {path.name}-shm beside it aside, and {remedy}"
    )
