"""Looking at a database without a trace: no byte of its folder changes, nothing is made, nobody is waited for long."""

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from swipefl.database.migrations import Schema, version
from swipefl.database.snapshots import newer
from swipefl.database.sql import Sql, damaged, translating
from swipefl.errors import Remedy, StoreError

TRIES = 3  # of finding out how to open it: whoever uses it may come or go meanwhile
PATIENCE_S = 1.0  # for who only opens or closes it: that takes milliseconds
SIDES = ("-wal", "-shm", "-journal")

_ALONE = "mode=ro&immutable=1"  # nobody has it open
_BESIDE = "mode=ro&readonly_shm=1"  # somebody has, or died with it: what waits in the log counts
_COPIED = "mode=ro&vfs=unix-none"  # a log without its index, which is then built in memory


def look_at(path: Path, schema: Schema, make: bool = False) -> Sql:
    """The database at `path` as it is, for reading, whatever its version; it is never made, whatever `make` says.

    Raises StoreError: no-store, no-file, damaged-database, no-access, io; StoreBusy where somebody keeps it locked.
    """
    real = Path(os.path.realpath(path))
    for left in reversed(range(TRIES)):
        _check_files(path, real, schema)
        how = _how(real)
        try:
            return Sql(path, _opened(path, real, how, schema), schema.lost)
        except StoreError as error:
            if error.code != "no-access" or not left or how == _how(real):
                raise
    raise AssertionError  # the last try returns or raises


def look_at_current(path: Path, schema: Schema, make: bool = False) -> Sql:
    """As `look_at`, of a database that has this swipefl's tables. Raises StoreError also for newer and older ones."""
    looked = look_at(path, schema, make)
    try:
        with translating(path, schema.lost):
            found, known = version(looked.db), len(schema.steps)
        if found > known:
            raise newer(path, found, schema)
        if found < known:
            what = "{path} was written by an older swipefl (schema {found}, this one needs {known}), and is sound"
            raise StoreError("older-store", what, Remedy.BRING_UP_TO_DATE, path=path, found=found, known=known)
    except BaseException:
        looked.db.close()
        raise
    return looked


def _check_files(path: Path, real: Path, schema: Schema) -> None:
    """Raises StoreError where what is there is no file that SQLite could open without waiting for somebody."""
    try:
        found = real.stat()
        for side in (real.with_name(real.name + suffix) for suffix in SIDES):
            if side.exists() and not side.is_file():
                raise StoreError("no-file", "{path} is not a file", Remedy.MOVE_ASIDE, path=side)
    except FileNotFoundError as error:
        if _has_log(real):
            raise damaged(path, f"it is gone, and {path.name}-wal of it is still there", schema.lost) from error
        raise StoreError("no-store", "{path} is not there", Remedy.SAY_HOME, path=path) from error
    except OSError as error:
        what = "{path} cannot be looked at ({why})"
        raise StoreError("no-access", what, Remedy.CHECK_OWNER, path=path, why=error.strerror) from error
    if not stat.S_ISREG(found.st_mode):
        raise StoreError("no-file", "{path} is not a file", Remedy.MOVE_ASIDE, path=path)
    if not found.st_size:
        raise damaged(path, "it is empty", schema.lost)


def _how(real: Path) -> str:
    log, index = (real.with_name(real.name + suffix) for suffix in SIDES[:2])
    if index.exists() and log.exists():
        return _BESIDE
    return _COPIED if _has_log(real) else _ALONE


def _has_log(real: Path) -> bool:
    log = real.with_name(f"{real.name}-wal")
    return log.is_file() and log.stat().st_size > 0


def _opened(path: Path, real: Path, how: str, schema: Schema) -> Database:
    with translating(path, schema.lost):
        conn = sqlite3.connect(f"{real.as_uri()}?{how}", uri=True, timeout=PATIENCE_S, isolation_level=None)
        try:
            for setting in ("temp_store = MEMORY", *(["locking_mode = EXCLUSIVE"] if how == _COPIED else ())):
                conn.execute(f"PRAGMA {setting}")
            with closing(conn.execute("PRAGMA application_id")) as cursor:
                application = cursor.fetchone()[0]
            (page_size,) = conn.execute("PRAGMA page_size").fetchone()
            conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if how == _ALONE and real.stat().st_size % page_size:
                raise damaged(path, "its end is cut off", schema.lost)
            if application != schema.application_id:
                raise damaged(path, "another program's SQLite file", schema.lost)
            return Database(conn, recursive_triggers=False, execute_plugins=False)
        except BaseException:
            conn.close()
            raise


def trace_of(path: Path) -> tuple[object, ...]:
    """What is another once somebody wrote the database meanwhile: what was seen of it may then be of two times."""
    seen: list[object] = []
    for file in (path, *(path.with_name(path.name + suffix) for suffix in SIDES[:2])):
        try:
            found = file.stat()
            seen.append((found.st_ino, found.st_size, found.st_mtime_ns))
        except OSError as error:
            seen.append(error.errno)
    return tuple(seen)
