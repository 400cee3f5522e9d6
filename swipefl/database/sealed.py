"""Backup files: a database, what is to be known of it, and a checksum over all of that at the end.

    the database | facts (JSON) | their length, 8 bytes | MAGIC | SHA-256 of all before it

So a file that was cut off, changed by a single bit or is something else is told from a whole one by reading it once.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from swipefl.errors import DataError, Remedy, UsageError

FORMAT = b"swipefl backup "
MAGIC = FORMAT + b"1\n"  # of all formats as long: the next ones are told by their number
DIGEST_BYTES = 32
END_BYTES = 8 + len(MAGIC) + DIGEST_BYTES
MOST_FACTS = 4 * 1024 * 1024
CHUNK = 1 << 20
LATEST = 253_402_128_000.0  # unix seconds: two days before the calendar ends
SQLITE = b"SQLite format 3\x00"
KIND = slice(68, 72)  # of a database's first bytes: its application id


def seal(draft: Path, facts: Mapping[str, Any]) -> int:
    """Make a backup of the database `draft`; gives its size in bytes. Raises OSError."""
    told = json.dumps(facts).encode()
    end = told + len(told).to_bytes(8, "big") + MAGIC
    with draft.open("r+b") as file:
        digest = hashlib.sha256()
        while chunk := file.read(CHUNK):
            digest.update(chunk)
        digest.update(end)
        file.write(end + digest.digest())
        return file.tell()


def unseal(source: BinaryIO, draft: Path, shown: str) -> dict[str, Any]:
    """Write the database of a backup into the empty file `draft`; gives the facts. `shown` is what errors call it.

    Raises DataError for what cannot be read, is no backup or no whole one; OSError where it cannot be written.
    """
    with draft.open("r+b") as file:
        digest = hashlib.sha256()
        held = _read(source, shown)
        if not held:
            raise DataError("empty-backup", "{file} is empty", Remedy.OTHER_BACKUP, file=shown)
        if not held.startswith(SQLITE):
            raise DataError("no-backup", "{file} is no backup of swipefl", Remedy.OTHER_BACKUP, file=shown)
        while chunk := _read(source, shown):  # the last bytes, which may come one by one, are the checksum
            held += chunk
            digest.update(held[:-DIGEST_BYTES])
            file.write(held[:-DIGEST_BYTES])
            held = held[-DIGEST_BYTES:]
        digest.update(held[:-DIGEST_BYTES])
        file.write(held[:-DIGEST_BYTES])
        if digest.digest() != held[-DIGEST_BYTES:]:
            what = "{file} is damaged, cut off, or no backup of swipefl: its checksum does not fit"
            raise DataError("damaged-backup", what, Remedy.OTHER_BACKUP, file=shown)
        at, facts = _facts(file, file.tell(), shown)
        file.truncate(at)
    return facts


def _read(source: BinaryIO, shown: str) -> bytes:
    try:
        return source.read(CHUNK)
    except OSError as error:
        what = "{file} cannot be read to its end ({why})"
        raise DataError("unread-backup", what, Remedy.OTHER_BACKUP, file=shown, why=error.strerror) from error


def _facts(file: BinaryIO, end: int, shown: str) -> tuple[int, dict[str, Any]]:
    """Where the facts begin that end at `end`, and what they say. Raises DataError for what `seal` has not written."""
    file.seek(max(0, end - len(MAGIC) - 8))
    tail = file.read(8 + len(MAGIC))
    length, magic = int.from_bytes(tail[:8], "big"), tail[8:]
    if magic != MAGIC and magic.startswith(FORMAT):
        newer = "{file} was written by a newer swipefl (backup format {found}, this one reads 1)"
        found = magic[len(FORMAT) :].decode("ascii", "replace").strip()
        raise DataError("newer-backup", newer, Remedy.INSTALL_NEWER, file=shown, found=found)
    at = end - len(MAGIC) - 8 - length
    facts: Any = None
    if magic == MAGIC and length <= MOST_FACTS and at >= len(SQLITE):
        file.seek(at)
        with suppress(ValueError, RecursionError):
            facts = json.loads(file.read(length))
    if not isinstance(facts, dict) or not _is_time(facts.get("made_at")):
        raise DataError("no-backup", "{file} is no backup of swipefl", Remedy.OTHER_BACKUP, file=shown)
    return at, facts


def _is_time(value: object) -> bool:
    """Whether a fact is a time that a calendar has."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LATEST


def check_target(file: Path, application_id: int) -> None:
    """Raises UsageError for what no backup is written over: all but a backup of the same kind, or an empty file."""
    if not file.parent.is_dir():
        raise UsageError("not-in-a-folder", "{folder} is no folder", Remedy.CHOOSE_FILE, folder=file.parent)
    try:
        found = file.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        what = "{file} is no file (a folder, a link or a device)"
        raise UsageError("not-to-write-over", what, Remedy.CHOOSE_FILE, file=file)
    if found.st_size and not _is_backup(file, application_id):
        what = "{file} is there already, and is no such backup: it was left as it is"
        raise UsageError("another-file", what, Remedy.CHOOSE_FILE, file=file)


def _is_backup(file: Path, application_id: int) -> bool:
    with file.open("rb") as opened:
        head = opened.read(KIND.stop)
    return is_sealed(file) and int.from_bytes(head[KIND], "big") == application_id


def is_sealed(file: Path) -> bool:
    """Whether a file ends as a backup does. Raises OSError."""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - DIGEST_BYTES - len(MAGIC)))
        return opened.read(len(MAGIC)) == MAGIC


@contextmanager
def opened_backup(file: Path) -> Iterator[BinaryIO]:
    """A file that is read; whatever it leads to, but no pipe and no device. Raises DataError."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        what = "{file} cannot be read ({why})"
        raise DataError("unreadable", what, Remedy.CHECK_PERMISSIONS, file=file, why=error.strerror) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DataError("no-backup-file", "{file} is no file; `-` reads a backup from standard input", file=file)
    with os.fdopen(descriptor, "rb") as opened:
        yield opened
