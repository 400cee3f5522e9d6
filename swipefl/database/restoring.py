"""Putting another content into the place of a database, whoever else has it open: all at once, or not at all."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from swipefl.database.files import sync_folder
from swipefl.database.migrations import Schema
from swipefl.database.opening import open_database
from swipefl.database.snapshots import (
    BEFORE_RESTORE,
    copy_into,
    drafted,
    put_in_place,
    sync_file,
    translating_os,
)
from swipefl.database.sql import BUSY_TIMEOUT_S, Sql, translating
from swipefl.errors import Remedy, StoreBusy, StoreError

NO_STORE = ("no-store", "damaged-database", "newer")  # what is there is nothing that anything could be taken from
MOST_BUSY = 3  # times that the whole patience with whoever has it locked was in vain


def opened_before(path: Path, schema: Schema) -> Sql | None:
    """What is there, None where it is nothing that can be read. Raises StoreError."""
    try:
        return open_database(path, schema, make=False)
    except StoreError as error:
        if error.code in NO_STORE:
            return None
        raise


def overwrite(there: Sql, source: Sql, keep: Callable[[], object]) -> None:
    """All that is in `there` becomes what is in `source`, in one transaction; `keep` runs once nobody else may write.

    Whoever reads it goes on with what was there until it asks again. Raises StoreError, StoreBusy and what `keep`
    does; then nothing was changed.
    """
    tries = 0
    is_kept = False

    def step(status: int, left: int, pages: int) -> None:
        nonlocal tries, is_kept
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            tries += 1
            if tries >= MOST_BUSY:
                locked = "another program has kept {path} locked for {waited_s:.0f} s"
                raise StoreBusy(
                    "locked", locked, Remedy.TRY_LATER, path=there.path, waited_s=MOST_BUSY * BUSY_TIMEOUT_S
                )
        elif not is_kept:  # the first page is written, and the file is ours alone until the last one is
            keep()
            is_kept = True

    _fit_pages(source, there)
    with translating(there.path, Remedy.TRY_LATER):
        source.db.conn.backup(there.db.conn, pages=1, progress=step)
    with suppress(sqlite3.Error):  # it is there; whoever closes the file last moves it out of the log
        there.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def keep_copy(path: Path, aside: Path) -> None:
    """A copy of a database under another name beside it, also while its content is replaced. Raises StoreError."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with (
        translating(path, Remedy.TRY_LATER),
        drafted(aside) as draft,
        closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as conn,
    ):
        conn.execute("PRAGMA temp_store = MEMORY")
        copy_into(conn, draft)
        with translating_os(aside):
            put_in_place(draft, aside)


def _fit_pages(source: Sql, there: Sql) -> None:
    """One page is copied for one: a file of another page size, as of an older swipefl, is written anew first."""
    ((wanted,),) = there.rows("PRAGMA page_size")
    if source.rows("PRAGMA page_size") != [(wanted,)]:
        source.run("PRAGMA journal_mode = DELETE")
        source.run(f"PRAGMA page_size = {int(wanted)}")
        source.run("VACUUM")


def put_new(draft: Path, path: Path) -> bool:
    """The draft where nothing is; says whether it is there now. Not where another one made a file meanwhile.

    Raises StoreError.
    """
    with translating_os(path):
        sync_file(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            if path.exists():
                return False
            os.rename(draft, path)
        sync_folder(path.parent)
    return True


def put_instead(draft: Path, path: Path) -> Path | None:
    """The draft in the place of a file that nobody else is to have open; gives where that is set aside, if any was.

    What waits in its log goes into it first: then there is one file, and one moment at which another takes its name.
    Where that cannot be, the log goes along, as it would be played into the draft; and the file goes first: one whose
    log is gone looks whole. Raises StoreError; then all is as it was.
    """
    with translating_os(path):
        log = path.with_name(f"{path.name}-wal")
        aside, moves = None, list[tuple[Path, Path]]()
        if not is_there(path):
            log.unlink(missing_ok=True)
        elif _settled(path, log):
            aside = aside_of(path)
            log.unlink(missing_ok=True)  # nothing is in it
            _link_or_copy(path, aside)
        else:
            aside = aside_of(path)
            moves = [(path, aside), (log, aside.with_name(f"{aside.name}-wal"))]
        _exchange(draft, path, [move for move in moves if move[0].exists()], aside)
    return aside


def is_there(path: Path) -> bool:
    """Whether anything is under the name of a database, or only in its log."""
    return os.path.lexists(path) or has_log(path.with_name(f"{path.name}-wal"))


def _settled(path: Path, log: Path) -> bool:
    """Whether all that was committed is in the file alone, and nothing in a log."""
    if not path.exists():
        return False
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_S)) as conn,
    ):
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return not has_log(log)


def _link_or_copy(path: Path, aside: Path) -> None:
    try:
        os.link(path, aside)
    except OSError:  # a file system without hard links
        with drafted(aside) as copy:
            shutil.copyfile(path, copy)
            put_in_place(copy, aside)
    sync_folder(path.parent)


def _exchange(draft: Path, path: Path, moves: list[tuple[Path, Path]], aside: Path | None) -> None:
    """The moves, and then the draft in its place; or nothing of it, and nothing set aside. Raises OSError."""
    try:
        for there, beside in moves:
            os.replace(there, beside)
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
        sync_folder(path.parent)
        put_in_place(draft, path)
    except BaseException:
        if not draft.exists():  # it has happened
            raise
        for there, beside in reversed(moves):
            if beside.exists():
                os.replace(beside, there)
        if aside and not moves:
            aside.unlink(missing_ok=True)
        raise


def has_log(log: Path) -> bool:
    """Whether anything waits in a log."""
    return log.exists() and log.stat().st_size > 0


def aside_of(path: Path) -> Path:
    """A name beside `path` that nothing has yet, with the time of now."""
    name = f"{path.name}{BEFORE_RESTORE}{time.strftime('%Y%m%dT%H%M%S')}"
    taken, number = path.with_name(name), 1
    while taken.exists() or taken.with_name(f"{taken.name}-wal").exists():
        number += 1
        taken = path.with_name(f"{name}-{number}")
    return taken
