"""What of earlier or other runs is in the way: a lock that is held, files that a killed run left, a full disk."""

import errno
import fcntl
import os
import re
import shlex
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from swipefl.database.files import nearest
from swipefl.database.snapshots import drafts_left, erase_drafts
from swipefl.operations.findings import Finding, counted

LOCK, LEFTOVERS, DISK = "lock", "leftovers", "disk"
NEW = re.compile(r"\.new-(\d+)-\d+(-wal|-shm|-journal)?")  # behind the name of a database that was to be made
NAMED = 3  # files that a sentence names
LARGEST_PART = 64 * 1024**2
OLD_S = 14 * 86_400.0  # an unfinished download that nobody went on with
ROOM = 32 * 1024**2  # bytes that a night needs beside as much as the store has


def lock(home: Path, name: str = "lock") -> Iterator[Finding]:
    """Whether another run is at work just now; nobody is waited for, nor kept waiting. Raises OSError."""
    path = home / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        yield Finding(LOCK, "wrong", f"{path} is a link, and nothing can be learned", "remove it")
        return
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            yield Finding(LOCK, "wrong", f"{path} is no file, and nothing can be learned", "move it aside")
        elif pid := _holder(descriptor):
            yield Finding(
                LOCK, "note", f"another run ({pid}) is at work just now", "what it changes is seen afterwards"
            )
        else:
            yield Finding(LOCK, "ok", "no other run is at work")
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str | None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
        return f"pid {pid}" if pid.isdigit() else "of which nothing is known"
    return None


def leftovers(home: Path, files: Sequence[Path], now: float) -> Iterator[Finding]:
    """What killed runs left, of `files` that were to be made or replaced, and of downloads. Raises OSError."""
    drafts, parts = [*_new(files[0]), *(draft for file in files for draft in drafts_left(file))], _parts(home, now)
    if drafts:
        size = megabytes(sum(path.stat().st_size for path in drafts))
        says = f"{counted(len(drafts), 'file')} ({size}) of runs that were killed, and that nobody needs"
        names = " ".join(shlex.quote(str(path)) for path in drafts[:NAMED])
        more = f" and {len(drafts) - NAMED} more beside them" if len(drafts) > NAMED else ""
        yield Finding(LEFTOVERS, "note", says, f"remove {names}{more}", can_fix=True)
    if parts:
        says = f"{counted(len(parts), 'unfinished download')} of a model: damaged, or nothing went on with it"
        yield Finding(LEFTOVERS, "note", says, f"remove {home}/partial", can_fix=True)
    if not drafts and not parts:
        yield Finding(LEFTOVERS, "ok", "no run left anything behind")


def clear(home: Path, files: Sequence[Path], now: float) -> Iterator[str]:
    """Removes that: nothing of it is needed, and a download begins anew. Raises OSError."""
    gone = [*_new(files[0]), *_parts(home, now)]
    for path in gone:
        path.unlink(missing_ok=True)
    gone += [draft for file in files for draft in erase_drafts(file)]
    if gone:
        yield f"removed {', '.join(path.name for path in gone)}"


def _new(database: Path) -> list[Path]:
    """What was to become a database; nobody locks it, as closing it once more would end SQLite's own locks."""
    there = [path for path in sorted(database.parent.iterdir()) if path.name.startswith(f".{database.name}.new-")]
    found = [(path, NEW.fullmatch(path.name.removeprefix(f".{database.name}"))) for path in there]
    return [path for path, new in found if new and path.is_file() and not _is_running(int(new[1]))]


def _parts(home: Path, now: float) -> list[Path]:
    folder = home / "partial"
    if folder.is_symlink() or not folder.is_dir():
        return []
    files = [path for path in sorted(folder.glob("*.part")) if not path.is_symlink() and path.is_file()]
    return [path for path in files if _is_lost(path.stat(), now)]


def _is_lost(part: os.stat_result, now: float) -> bool:
    return part.st_size == 0 or part.st_size > LARGEST_PART or now - part.st_mtime > OLD_S


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True


def disk(home: Path, stored: Path, least_mb: float = 0) -> Iterator[Finding]:
    """Whether there is room for a night, which waits below `least_mb`. Raises OSError."""
    folder = nearest(home)
    found = os.statvfs(folder)
    if not found.f_blocks:
        yield Finding(DISK, "unknown", f"the disk of {folder} does not say how much room it has")
        return
    free = found.f_bavail * found.f_frsize
    needed = ROOM + (stored.stat().st_size if stored.is_file() else 0)
    says = f"{megabytes(free)} are free, and a night may need {megabytes(needed)}"
    if found.f_files and not found.f_favail:
        yield Finding(
            DISK, "wrong", f"the disk of {folder} can hold no further file", "remove files that you do not need"
        )
    elif free < needed:
        yield Finding(DISK, "wrong", says, "free some space")
    elif free < least_mb * 1e6:
        waits = f"{megabytes(free)} are free, and nights wait for {megabytes(int(least_mb * 1e6))}"
        yield Finding(DISK, "note", waits, "free some space; the setting least_disk_mb decides")
    else:
        yield Finding(DISK, "ok", says)


def megabytes(count: int) -> str:
    """A number of bytes as people read it."""
    return f"{count / 1e6:,.1f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB"
