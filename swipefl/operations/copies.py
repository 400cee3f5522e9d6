"""What a device's backup and a coordinator's have in common: one file, private and checked, of all that there is."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from swipefl.database.files import make_folder
from swipefl.database.looking import look_at
from swipefl.database.migrations import Schema
from swipefl.database.sealed import check_target, opened_backup, seal, unseal
from swipefl.database.snapshots import checked, copy_into, drafted, erase_drafts_of_others, put_in_place, translating_os
from swipefl.database.sql import BUSY_TIMEOUT_S, damaged, disk_full, translating
from swipefl.errors import DataError, Remedy, StoreError, SwipeflError
from swipefl.stopping import Stop, never

MEMORY = Path("/dev/shm")  # a folder that no disk holds, where there is one
BEFORE_CHANGE = ".before-change"  # behind the name of what a backup is made beside: all of it, as it was found
MOST_SETTINGS = 1024 * 1024  # bytes of a settings file that go along
Change = Callable[[sqlite3.Connection], None]


def unchanged(copy: sqlite3.Connection) -> None:
    """What is copied as it is."""


def write_backup(
    database: Path,
    schema: Schema,
    target: "Path | BinaryIO",
    facts: Mapping[str, Any],
    change: Change = unchanged,
    stop: Stop = never,
    before: Callable[[], None] = lambda: None,
) -> int:
    """Write a backup of a database as it is at one moment, while others go on writing; gives its size in bytes.

    A file is there whole or not at all, and replaces a backup of before; what killed backups left in its folder goes,
    whatever they were to be called. `change` is made to the copy first, which may
    add to the facts, and `before` is called once the copy is good.
    Raises UsageError for a file that is none or something else, StoreError, OSError of a stream, what `stop` says.
    """
    if isinstance(target, Path):
        check_target(target, schema.application_id)
        erase_drafts_of_others(target.parent, schema.application_id)
    shown = target if isinstance(target, Path) else database
    with _room(database, target) as beside, drafted(beside) as draft:
        _copy(database, schema, beside, draft, shown, change, stop)
        before()
        with translating_os(shown):
            size = seal(draft, facts)
            if isinstance(target, Path):
                put_in_place(draft, target)
                return size
        with draft.open("rb") as file:
            shutil.copyfileobj(file, target)
            target.flush()
    return size


@contextmanager
def _room(database: Path, target: "Path | BinaryIO") -> Iterator[Path]:
    """What a draft may lie beside: the target; of a stream the database, or in a private folder, if it can in memory.

    A home that can only be read is the one that a backup is wanted of most.
    """
    if isinstance(target, Path):
        yield target
    elif os.access(database.parent, os.W_OK):
        yield database
    else:
        in_memory = str(MEMORY) if os.access(MEMORY, os.W_OK) else None
        with TemporaryDirectory(prefix="swipefl-", dir=in_memory) as folder:
            yield Path(folder) / database.name


def may_be_written(database: Path) -> bool:
    """Whether a database and its folder take what is written: not on a disk that was mounted for reading alone."""
    return all(os.access(path, os.W_OK) for path in (database, database.parent) if path.exists())


@contextmanager
def _opened(database: Path, schema: Schema) -> Iterator[sqlite3.Connection]:
    """What a copy is made from; where nothing can be written, what waits in a log is read all the same."""
    if not may_be_written(database):
        with closing(look_at(database, schema).db) as looked:
            yield looked.conn
        return
    uri = f"{database.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)) as conn:
        conn.execute("PRAGMA temp_store = MEMORY")
        yield conn


def _copy(database: Path, schema: Schema, beside: Path, draft: Path, shown: Path, change: Change, stop: Stop) -> None:
    """A sound copy of the database in `draft`. Raises StoreError, which tells a full disk from a damaged database."""
    if change is unchanged:
        with _telling_apart(database, shown, schema), _opened(database, schema) as conn:
            copy_into(conn, draft, stop)
    else:
        with drafted(beside.with_name(f"{beside.name}{BEFORE_CHANGE}")) as whole:
            with _telling_apart(database, shown, schema), _opened(database, schema) as conn:
                copy_into(conn, whole, stop)
            with translating(shown, schema.lost), closing(sqlite3.connect(whole, isolation_level=None)) as copy:
                copy.execute("PRAGMA temp_store = MEMORY")
                copy.execute("PRAGMA journal_mode = OFF")  # nobody else has it, and it is thrown away
                change(copy)
                copy_into(copy, draft, stop)  # no page of which has what was taken out; VACUUM would make it in memory
    checked(draft, database, schema, lambda why: damaged(database, why, schema.lost))


@contextmanager
def _telling_apart(database: Path, shown: Path, schema: Schema) -> Iterator[None]:
    """Turns a sqlite3.Error into the StoreError of what is read, or of `shown` where that has no room."""
    try:
        with translating(database, schema.lost):
            yield
    except StoreError as error:
        raise (disk_full(shown) if error.code == "disk-full" else error) from error.__cause__


@contextmanager
def unpacked(source: "Path | BinaryIO", database: Path, schema: Schema) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The database of a backup in a draft beside `database`, checked, and the facts of it.

    Raises DataError for what is no whole backup of this kind, StoreError for one from a newer swipefl.
    """
    shown = source if isinstance(source, Path) else Path("standard input")

    def fault(why: str) -> SwipeflError:
        what = "{file} cannot be restored here: {why}"
        return DataError("unfit-backup", what, Remedy.OTHER_BACKUP, file=shown, why=why)

    opened = opened_backup(source) if isinstance(source, Path) else nullcontext(source)
    with _folder_of(database), opened as stream, drafted(database) as draft:
        with translating_os(database):
            facts = unseal(stream, draft, str(shown))
            if not _is_text(facts.get("settings")):
                raise fault("what it says of itself makes no sense")
        checked(draft, shown, schema, fault)
        yield draft, facts


@contextmanager
def _folder_of(database: Path) -> Iterator[None]:
    """Its folder is there; one that was made for nothing is not left."""
    was_there = database.parent.is_dir()
    with translating_os(database):
        make_folder(database.parent)
    try:
        yield
    except BaseException:
        with suppress(OSError):  # something is in it
            if not was_there:
                database.parent.rmdir()
        raise


def _is_text(settings: object) -> bool:
    """Whether a fact is none, or a text that a file can hold."""
    try:
        return settings is None or (isinstance(settings, str) and settings.encode() is not None)
    except UnicodeEncodeError:
        return False


def settings_text(file: Path) -> str | None:
    """What a settings file says, None where there is none that can be kept."""
    with suppress(OSError, UnicodeDecodeError):
        if file.is_file() and file.stat().st_size <= MOST_SETTINGS:
            return file.read_text("utf-8")
    return None


def put_settings(file: Path, text: str | None) -> bool:
    """Write a settings file where there is none; says whether. Raises StoreError."""
    if text is None or file.exists() or file.is_symlink():
        return False
    with drafted(file) as draft, translating_os(file):
        draft.write_text(text, "utf-8")
        put_in_place(draft, file)
    return True


def write_private(file: Path, content: bytes) -> None:
    """A private file of this content, whole or not at all. Raises StoreError."""
    with drafted(file) as draft, translating_os(file):
        draft.write_bytes(content)
        put_in_place(draft, file)
