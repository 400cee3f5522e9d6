"""Putting another content into the place of a database, whoever else has it open: all at once, or not at all."""

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from swipefl.database.snapshots import BEFORE_RESTORE, put_in_place, sync_folder, translating_os
from swipefl.database.sql import BUSY_TIMEOUT_S, Sql, translating
from swipefl.errors import Remedy, StoreBusy

MOST_BUSY = 3  # times that the whole patience with whoever has it locked was in vain


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
        there.db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _fit_pages(source: Sql, there: Sql) -> None:
    """One page is copied for one: a file of another page size, as of an older swipefl, is written anew first."""
    ((wanted,),) = there.rows("PRAGMA page_size")
    if source.rows("PRAGMA page_size") != [(wanted,)]:
        source.run("PRAGMA journal_mode = DELETE")
        source.run(f"PRAGMA page_size = {int(wanted)}")
        source.run("VACUUM")


def put_instead(draft: Path, path: Path) -> Path | None:
    """The draft in the place of a file that cannot be made sense of, which is set aside; gives where. None for none.

    What waits in its log goes along: it would be played into the draft. Raises StoreError.
    """
    with translating_os(path):
        aside = None
        log, index = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
        if path.exists() or has_log(log):
            aside = aside_of(path)
            if path.exists():
                os.link(path, aside)
            if has_log(log):
                os.replace(log, aside.with_name(f"{aside.name}-wal"))
        log.unlink(missing_ok=True)
        index.unlink(missing_ok=True)
        sync_folder(path.parent)
        put_in_place(draft, path)
    return aside


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
