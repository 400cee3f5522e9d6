"""Opening a database: look before touching, make a new file in one piece, then set the connection up."""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from sqlite_utils import Database

from swipefl.database.files import make_folder, open_private, sync_folder
from swipefl.database.migrations import Schema, migrate
from swipefl.database.snapshots import copy_before_upgrade, newer
from swipefl.database.sql import BUSY_TIMEOUT_S, NO_SPACE, Sql, damaged, disk_full, translating
from swipefl.errors import Remedy, StoreError

WRITING, READING = "mode=rw", "mode=ro"
IN_MEMORY = "mode=memory"
ALONE = f"{READING}&immutable=1"  # for reading what nobody writes

# The file is never opened but by SQLite: closing any other descriptor of it would drop the locks of this process.


def open_database(path: Path, schema: Schema, make: bool = True, on_upgrade: Callable[[], None] = lambda: None) -> Sql:
    """The migrated database at `path`; where there is none it is made, in a private folder, unless it has to be there.

    One that may not be written is opened for reading alone, and so is one whose disk is full: then only to be read at
    once, as what others write from then on is missed. `on_upgrade` is called before the file of an older swipefl takes
    its steps, which is long work where it holds much. Raises StoreError.
    """
    try:
        if not _exists(path, schema):
            if not make:
                raise StoreError("no-store", "{path} is not there", Remedy.SAY_HOME, path=path)
            make_folder(path.parent)
            _create(path, schema)
        return _opened(path, _mode(path), schema, on_upgrade)
    except OSError as error:
        if error.errno in NO_SPACE:
            raise disk_full(path) from error
        what = "cannot open or make {path} ({why})"
        raise StoreError("no-folder", what, Remedy.CHECK_FOLDER, path=path, why=error.strerror) from error
    except StoreError as error:
        with suppress(StoreError):
            if error.code == "disk-full" and not _has_log(path):  # and no room for the index that a log is read by
                return Sql(path, _ready(path, path, ALONE, schema), schema.lost, is_full=True)
        raise


def is_nowhere(path: Path) -> bool:
    """Whether there is nothing at `path`, and no log of what was; where that cannot be told, opening it says why."""
    try:
        path.lstat()
    except FileNotFoundError:
        return not os.path.lexists(path.with_name(f"{path.name}-wal"))
    except OSError:
        return False
    return False


def open_in_memory(path: Path, schema: Schema, make: bool = True) -> Sql:
    """The database that would be made at `path`, for who only looks: not a byte of it is written anywhere."""
    return Sql(path, _ready(path, path, IN_MEMORY, schema), schema.lost)


def _opened(path: Path, mode: str, schema: Schema, on_upgrade: Callable[[], None]) -> Sql:
    is_older = _look(path, mode, schema)
    if mode == WRITING:
        with suppress(OSError):
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
        if is_older:
            on_upgrade()
            copy_before_upgrade(path, schema)
    return Sql(path, _ready(path, path, mode, schema), schema.lost)


def _mode(path: Path) -> str:
    """How SQLite is to open the file: for reading alone where it or its folder may not be written.

    A log is read by an index beside it, which then cannot be made; where there is no log, nothing is missed without.
    Raises StoreError for a log without an index: a copy of a file that was in use.
    """
    if os.access(path.parent, os.W_OK | os.X_OK) and os.access(path, os.W_OK):
        return WRITING
    log, index = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    if log.exists() and index.exists():
        return READING
    if _has_log(path):
        raise StoreError(
            "log-not-readable",
            "{path} was being written to when it was copied, and what waits in {path.name}-wal can only be read where "
            "its folder may be written",
            Remedy.COPY_HOME,
            path=path,
        )
    return ALONE


def _exists(path: Path, schema: Schema) -> bool:
    """Whether there is a database. Raises StoreError for a file without content: ours are never empty."""
    # The log is looked at first: where it has content, a sound file has had some before.
    unwritten = _has_log(path)
    if path.exists():
        if not path.is_file():
            raise StoreError("no-file", "{path} is not a file", Remedy.MOVE_ASIDE, path=path)
        if path.stat().st_size == 0:
            raise damaged(path, "it is empty", schema.lost)
        return True
    if unwritten:
        # SQLite would replay the log of the lost file into a new one.
        raise damaged(path, f"it is gone, and {path.name}-wal of it is still there", schema.lost)
    return False


def _has_log(path: Path) -> bool:
    """Whether writes of `path` wait in its log, as they do while it is in use and after a crash."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False


def _create(path: Path, schema: Schema) -> None:
    """Make the file under another name first, so that a crash leaves either none or a whole one.

    The name is nobody else's: a server's threads may all be the first at once.
    """
    draft = path.with_name(f".{path.name}.new-{os.getpid()}-{threading.get_ident()}")
    draft.unlink(missing_ok=True)
    try:
        os.close(open_private(draft, os.O_RDWR))
        _ready(draft, path, WRITING, schema).close()
        _publish(draft, path)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def _publish(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
        draft.unlink()
    except FileExistsError:
        return  # another process was first
    except OSError:  # a file system without hard links
        if not path.exists():
            draft.rename(path)
    sync_folder(path.parent)


def _look(path: Path, mode: str, schema: Schema) -> bool:
    """A cheap check that changes no byte of the file: is it ours, whole at first sight, and not newer than we are?

    Gives whether it is older, and lacks steps.
    """
    with translating(path, schema.lost):
        try:
            looking = READING if mode == WRITING else mode
            with closing(sqlite3.connect(_uri(path, looking), uri=True, timeout=BUSY_TIMEOUT_S)) as conn:
                application = conn.execute("PRAGMA application_id").fetchone()[0]
                found = conn.execute("PRAGMA user_version").fetchone()[0]
                conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
                page_size = conn.execute("PRAGMA page_size").fetchone()[0]
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "").startswith("SQLITE_READONLY"):
                return False  # an interrupted write that only a writing connection may finish
            raise
    # SQLite misses a cut inside the last page and would read zeros there; with a log, the page is in the log.
    if path.stat().st_size % page_size and not _has_log(path):
        raise damaged(path, "its end is cut off", schema.lost)
    if application != schema.application_id:
        raise damaged(path, "another program's SQLite file", schema.lost)
    if found > len(schema.steps):
        raise newer(path, found, schema)
    if found < len(schema.steps) and mode != WRITING:
        raise StoreError(
            "older",
            "{path} was written by an older swipefl (schema {found}, this one needs {known}), and cannot be brought up "
            "to date where it may not be written",
            Remedy.COPY_HOME,
            path=path,
            found=found,
            known=len(schema.steps),
        )
    return bool(found < len(schema.steps))


def opened_draft(draft: Path, schema: Schema) -> Sql:
    """The migrated database in a file of one's own that is to take another's place. Raises StoreError."""
    return Sql(draft, _ready(draft, draft, WRITING, schema), schema.lost)


def _ready(path: Path, shown: Path, mode: str, schema: Schema) -> Database:
    """A migrated connection to the existing file `path`; errors name `shown`."""
    with translating(shown, schema.lost):
        # isolation_level None: no transaction begins unasked. Threads that share one take turns.
        conn = sqlite3.connect(
            _uri(path, mode), uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            for setting in _settings(mode, schema):
                conn.execute(f"PRAGMA {setting}")
            db = Database(conn, recursive_triggers=False, execute_plugins=False)
            migrate(db, schema.steps)
        except BaseException:
            conn.close()
            raise
    return db


def _settings(mode: str, schema: Schema) -> tuple[str, ...]:
    private = "temp_store = MEMORY"  # else VACUUM writes all that there is into the system's temporary folder
    if mode != WRITING:
        return (private,)
    return (
        private,
        f"page_size = {schema.page_size}",  # before the log: with one, a new file has its page size already
        "foreign_keys = ON",
        f"secure_delete = {schema.secure_delete}",
        "journal_mode = WAL",
        "synchronous = FULL",
    )


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?{mode}"
