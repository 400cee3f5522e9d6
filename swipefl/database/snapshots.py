"""Copies of a database in one file: private from their first byte on, and either whole or not there at all."""

import fcntl
import glob
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from swipefl.database.files import open_private, sync_folder
from swipefl.database.migrations import Schema
from swipefl.database.sealed import KIND, SQLITE
from swipefl.database.sql import BUSY_TIMEOUT_S, NO_SPACE, disk_full, ending
from swipefl.errors import Remedy, StoreError, SwipeflError
from swipefl.stopping import Stop, never

BEFORE_UPGRADE = ".before-upgrade"  # behind the name of a database: what it was before its steps were taken
BEFORE_RESTORE = ".before-restore-"  # and what was there before a backup came back; a time follows
ASIDE_S = 30 * 24 * 3600.0  # that it stays: so long one may notice that it was the wrong backup
ASIDE_MOST = 3  # that stay beside the oldest, which no backup may have: a script that restores each day fills no disk
_BESIDE = ("", "-wal", "-shm", "-journal")
_DRAFT = re.compile(r"\..+\.draft-\d+-\d+", re.DOTALL)
_SIDE = re.compile("-(wal|shm|journal)$")


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """An empty private file beside `path`, for this block alone; what a killed run left of its own goes first.

    Raises StoreError where it cannot be made.
    """
    erase_drafts(path)
    draft = path.with_name(f".{path.name}.draft-{os.getpid()}-{threading.get_ident()}")
    with translating_os(path):
        descriptor = _locked(draft)
    try:
        yield draft
    finally:
        for suffix in _BESIDE:
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)
        os.close(descriptor)


def _locked(draft: Path) -> int:
    """A private file that is known to be in use, as long as its descriptor is open."""
    while True:
        descriptor = open_private(draft, os.O_RDWR)
        with suppress(OSError):  # a file system without locks: nobody takes it for left behind there, either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):  # one that cleared up may have come in between
            if draft.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)


def erase_drafts(path: Path) -> list[Path]:
    """Erase drafts of `path` and its copies that killed runs left, and say which; those of runs that go on stay."""
    return [draft for draft in _drafts(path) if _is_left(draft, Path.unlink)]


def drafts_left(path: Path) -> list[Path]:
    """What `erase_drafts` would erase."""
    return [draft for draft in _drafts(path) if _is_left(draft)]


def erase_drafts_of_others(folder: Path, application_id: int) -> list[Path]:
    """Erase what killed runs left of drafts of databases of this kind, whatever they were to be called; says which."""
    found = sorted(draft for draft in folder.glob(".*.draft-*") if _DRAFT.fullmatch(draft.name))
    return [draft for draft in found if _is_of(draft, application_id) and _is_left(draft, Path.unlink)]


def _is_of(draft: Path, application_id: int) -> bool:
    """Whether a file is a database of this kind, or one with a backup's end. Nothing is waited for."""
    with suppress(OSError):
        descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            head = file.read(KIND.stop) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
            return head.startswith(SQLITE) and int.from_bytes(head[KIND], "big") == application_id
    return False


def _drafts(path: Path) -> list[Path]:
    """No file of another name that begins alike."""
    ours = re.compile(rf"\.{re.escape(path.name)}(\.before-[^.]*)?\.draft-\d+-\d+(-wal|-shm|-journal)?")
    some = path.parent.glob(f".{glob.escape(path.name)}*.draft-*")
    return sorted(draft for draft in some if ours.fullmatch(draft.name))


def _is_left(draft: Path, then: Callable[[Path], object] = lambda draft: None) -> bool:
    """Whether nobody has it locked, or what it lies beside; and what is done to it `then`, before anybody can."""
    whole = draft.with_name(_SIDE.sub("", draft.name))
    with suppress(OSError):
        descriptor = os.open(whole if whole.exists() else draft, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            then(draft)
            return True
        finally:
            os.close(descriptor)
    return False


def copy_into(conn: sqlite3.Connection, draft: Path, stop: Stop = never) -> None:
    """Copy what is committed, as of one moment, without what was erased; writers go on. Raises sqlite3.Error.

    And what `stop` says. No transaction may be open.
    """
    with ending(conn, stop):
        conn.execute("VACUUM INTO ?", (str(draft.absolute()),))


def put_in_place(draft: Path, path: Path) -> None:
    """The draft is `path` from now on, also after a power cut. Raises OSError."""
    sync_file(draft)
    os.replace(draft, path)
    sync_folder(path.parent)


def sync_file(file: Path) -> None:
    """What is in `file` is there also after a power cut. Raises OSError."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_before_upgrade(path: Path, schema: Schema) -> None:
    """Keep the database as it is beside it, before it takes steps of the schema: a way back to the older swipefl.

    Where there is no room, or the folder takes no file, the upgrade goes on without: each step is all or nothing, so
    that nothing can be lost by it, and a device that nobody watches has to go on.
    """
    with suppress(StoreError, OSError, sqlite3.Error), drafted(path) as draft:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_S)) as conn:
            before = _version(conn)
            conn.execute("PRAGMA temp_store = MEMORY")
            if not 0 < before < len(schema.steps):  # another process was first
                return
            copy_into(conn, draft)
        with closing(sqlite3.connect(draft)) as copy:
            if _version(copy) != before:  # or is at it: it has made the copy
                return
        put_in_place(draft, path.with_name(path.name + BEFORE_UPGRADE))


def _version(conn: sqlite3.Connection) -> int:
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def set_aside(path: Path) -> list[Path]:
    """What was there before backups came back, oldest first; each with what lay beside it."""
    return sorted(path.parent.glob(f"{glob.escape(path.name)}{BEFORE_RESTORE}*"))


def erase_oldest_aside(path: Path) -> None:
    """Erase what backups replaced, but for the oldest and the newest. What cannot be erased is not told of."""
    copies: dict[str, list[Path]] = {}
    for file in set_aside(path):
        copies.setdefault(_SIDE.sub("", file.name), []).append(file)
    with suppress(OSError):
        newest_last = sorted(copies.values(), key=lambda files: (max(file.stat().st_ctime for file in files), files))
        for file in (each for files in newest_last[1:-ASIDE_MOST] for each in files):
            file.unlink()


def erase_before_upgrade(path: Path) -> None:
    """After a good night nobody goes back to the older swipefl any more. What fails the next night tries again."""
    with suppress(OSError):
        path.with_name(path.name + BEFORE_UPGRADE).unlink(missing_ok=True)


def copies_beside(path: Path) -> list[Path]:
    """What restores and an upgrade have set aside."""
    return [copy for copy, _ in put_aside(path)]


def put_aside(path: Path) -> list[tuple[Path, float]]:
    """Copies of the database that swipefl keeps beside it for a month, and when each was put there (unix seconds)."""
    found = []
    for copy in (*set_aside(path), path.with_name(path.name + BEFORE_UPGRADE)):
        with suppress(OSError):
            found.append((copy, copy.lstat().st_ctime))
    return found


def erase_outlived(path: Path, now: float) -> None:
    """Erase what killed runs left, and copies that are a month old by `now`. What fails the next night tries again."""
    erase_drafts(path)
    for copy, since in put_aside(path):
        if since < now - ASIDE_S:
            with suppress(OSError):
                copy.unlink()


def erase_copies(path: Path) -> int:
    """Erase every copy of the database that swipefl made beside it; says how many. Raises StoreError."""
    erase_drafts(path)
    there = copies_beside(path)
    with translating_os(path):
        for copy in there:
            copy.unlink(missing_ok=True)
    return len(there)


def checked(draft: Path, shown: Path, schema: Schema, fault: Callable[[str], SwipeflError]) -> None:
    """Raises what `fault` makes of the reason why a draft is no sound database of the kind.

    And StoreError for one from a newer swipefl, which names `shown`.
    """
    with closing(sqlite3.connect(draft, timeout=BUSY_TIMEOUT_S)) as conn:
        try:
            if conn.execute("PRAGMA application_id").fetchone()[0] != schema.application_id:
                raise fault("it is of another kind")
            if (found := _version(conn)) > len(schema.steps):
                raise newer(shown, found, schema)
            (said,) = conn.execute("PRAGMA integrity_check(1)").fetchone()
            if said != "ok" or conn.execute("PRAGMA foreign_key_check").fetchone():
                raise fault("what is in it does not fit together")
        except sqlite3.DatabaseError as error:
            raise fault(type(error).__name__) from error


def newer(path: Path, found: int, schema: Schema) -> StoreError:
    """The error for what a newer swipefl has written."""
    return StoreError(
        "newer",
        "{path} was written by a newer swipefl (schema {found}, this one knows {known}); nothing in it was changed",
        Remedy.INSTALL_NEWER,
        path=path,
        found=found,
        known=len(schema.steps),
    )


@contextmanager
def translating_os(path: Path) -> Iterator[None]:
    """Turns an OSError inside the block into the StoreError for `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise disk_full(path) from error
        what = "cannot write {path} ({why})"
        raise StoreError("not-written", what, Remedy.CHECK_FOLDER, path=path, why=error.strerror) from error
