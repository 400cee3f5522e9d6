"""One SQLite connection: statements, transactions, and sqlite3's errors as swipefl's own."""

import errno
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from swipefl.errors import Remedy, StoreBusy, StoreError, UsageError
from swipefl.stopping import Stop, raise_if

BUSY_TIMEOUT_S = 30.0
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
STEPS_TO_ASK = 1_000  # of SQLite's machine: some hundred rows
Row = tuple[Any, ...]
Parameters = Sequence[Any] | dict[str, Any]


@contextmanager
def ending(conn: sqlite3.Connection, stop: Stop) -> Iterator[None]:
    """What SQLite does inside the block ends soon after `stop` says something, which is raised then."""
    conn.set_progress_handler(lambda: stop() is not None, STEPS_TO_ASK)
    try:
        yield
    except (StoreError, sqlite3.Error):
        raise_if(stop)
        raise
    finally:
        conn.set_progress_handler(None, 0)


class Sql:
    """Runs SQL on `path`. Outside `transaction()` every statement is its own transaction. Raises StoreError.

    `lost` is what helps where the file cannot be made sense of. With `is_full` nothing is written for want of space.
    """

    def __init__(self, path: Path, db: Database, lost: Remedy, is_full: bool = False) -> None:
        self.path = path
        self.db = db
        self.is_full = is_full
        self._lost = lost

    def damaged(self, detail: str) -> StoreError:
        """The error for what is in the file and makes no sense."""
        return damaged(self.path, detail, self._lost)

    def _translating(self) -> AbstractContextManager[None]:
        return translating(self.path, self._lost, self.is_full)

    def rows(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """All rows that `statement` answers with."""
        with self._translating():
            return self.db.execute(statement, parameters).fetchall()

    def each(self, statement: str, parameters: Parameters = ()) -> Iterator[Row]:
        """The rows one by one, for answers too large to hold."""
        with self._translating():
            cursor = self.db.execute(statement, parameters)
        while True:
            with self._translating():
                rows = cursor.fetchmany(64)
            if not rows:
                return
            yield from rows

    def run(self, statement: str, parameters: Parameters = ()) -> int:
        """Run a write; returns how many rows it changed."""
        with self._translating():
            return self.db.execute(statement, parameters).rowcount

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run a write once a row; returns how many rows it changed."""
        with self._translating():
            return self.db.conn.executemany(statement, rows).rowcount

    def insert(self, statement: str, parameters: Parameters) -> int:
        """Run an INSERT of one row; returns its number."""
        with self._translating():
            return int(self.db.execute(statement, parameters).lastrowid or 0)

    def rewrite(self, stop: Stop) -> None:
        """Write the whole file anew without what was deleted; not inside a transaction. Raises what `stop` says."""
        with ending(self.db.conn, stop):
            self.run("VACUUM")

    def faults(self, most: int, stop: Stop) -> list[str]:
        """What is damaged, `most` of it, as SQLite says it. Raises what `stop` says."""
        with ending(self.db.conn, stop):
            return [text for (text,) in self.rows(f"PRAGMA integrity_check({most})") if text != "ok"]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another is a savepoint of it."""
        if self.db.conn.in_transaction:
            with self._translating(), self.db.atomic():
                yield
            return
        with self._translating():
            # IMMEDIATE: a transaction that reads first and then finds another writer could not wait for it.
            self.db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.conn.execute("COMMIT")
            except BaseException:
                self.db.rollback()
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside is of one moment; no writer waits for it. Inside a transaction it is of that one."""
        if self.db.conn.in_transaction:
            yield
            return
        with self._translating():
            self.db.conn.execute("BEGIN")
            try:
                yield
            finally:
                self.db.rollback()


@contextmanager
def translating(path: Path, lost: Remedy, is_full: bool = False) -> Iterator[None]:
    """Turns a sqlite3.Error inside the block into StoreError or StoreBusy, and what no database holds into UsageError.

    That is a number beyond 64 bits, and text with halves of characters, as file names have that are not UTF-8.
    """
    try:
        yield
    except sqlite3.Error as error:
        fault = translated(error, path, lost)
        raise (disk_full(path) if is_full and fault.code == "no-access" else fault) from error
    except OverflowError as error:
        raise UsageError("number-too-large", "a number is larger than any that can be stored") from error
    except UnicodeEncodeError as error:
        raise UsageError("no-text", "a name or a word is no Unicode text") from error


def translated(error: sqlite3.Error, path: Path, lost: Remedy) -> StoreError:
    """What `error` means for whoever owns the database at `path`."""
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        locked = "another program has kept {path} locked for {waited_s:.0f} s"
        return StoreBusy("locked", locked, Remedy.TRY_LATER, path=path, waited_s=BUSY_TIMEOUT_S)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(path, name, lost)
    if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")):  # the latter: no room for the index of the log
        return disk_full(path)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        closed = "{path} cannot be opened for reading and writing ({why})"
        return StoreError("no-access", closed, Remedy.CHECK_OWNER, path=path, why=name)
    if name.startswith("SQLITE_IOERR"):
        return StoreError("io", "reading or writing {path} failed ({why})", Remedy.CHECK_DISK, path=path, why=name)
    return StoreError("unusable", "{path} cannot be used ({why})", lost, path=path, why=name)


def disk_full(path: Path) -> StoreError:
    """The error for what finds no room on its disk."""
    what = "no space left for {path}: this step was not written, all that was stored before is intact"
    return StoreError("disk-full", what, Remedy.FREE_SPACE, path=path)


def damaged(path: Path, detail: str, lost: Remedy) -> StoreError:
    """The error for a file that SQLite or swipefl cannot make sense of."""
    what = "{path} is damaged or no database of swipefl ({detail}); nothing in it was changed"
    return StoreError("damaged-database", what, lost, path=path, detail=detail)
