"""Files of a home: private, the owner's also where root makes them, and never another's by way of a link."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from swipefl.errors import Remedy, UsageError

DATABASES = ("swipefl.db", "coordinator.db")
BESIDE = ("config.toml", "coordinator.toml", "coordinator.lock", "lock", "partial", "serve.html")
_NO_PROMISE = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES)


def check_not_ours(file: Path) -> None:
    """Raises UsageError for a file that a person wants written, and that is, or would be, one of a home's own."""
    if str(file) == "-":
        raise UsageError("not-a-name", "- stands for no file here", Remedy.CHOOSE_FILE)
    where = Path(os.path.realpath(file))
    begins = [name for name in DATABASES if os.path.lexists(where.parent / name)]
    if begins and (where.name in BESIDE or where.name.startswith(tuple(begins))):
        what = "{file} is a name that swipefl has a use for in this folder"
        raise UsageError("name-of-ours", what, Remedy.CHOOSE_FILE, file=file)


def nearest(folder: Path) -> Path:
    """The folder, or the one that is there of those that it is to be made in. Raises OSError."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def make_folder(path: Path) -> None:
    """Make the folder `path`, 0700, and those above it, where they are missing. Raises OSError."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        _make_above(path.parent)
    _made(path, 0o700)


def sync_folder(folder: Path) -> None:
    """The names in `folder` are as they are now, also after a power cut, where its file system can promise it.

    Raises OSError; of one that promises nothing, or a folder that may not be read, nothing is told: it has happened.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_PROMISE:
            raise


def open_private(path: Path, flags: int) -> int:
    """A descriptor of the file `path`, made 0600 where there is none.

    Raises OSError, also where the name leads to another place: what is written or emptied must be this file.
    """
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _known(path, flags)
    _give(descriptor, path.parent)
    return descriptor


def _known(path: Path, flags: int) -> int:
    if path.is_symlink():
        raise OSError(errno.ELOOP, "it is a symbolic link")
    descriptor = os.open(path, flags | os.O_NOFOLLOW)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EMLINK, "it has another name elsewhere" if stat.S_ISREG(found.st_mode) else "it is no file")


def _make_above(path: Path) -> None:
    if not path.parent.is_dir():
        _make_above(path.parent)
    _made(path, 0o755)  # whoever could write there could put another home into its place


def _made(path: Path, mode: int) -> None:
    try:
        path.mkdir(mode)
    except FileExistsError:  # another process was first, or it is no folder
        if not path.is_dir():
            raise
        return
    sync_folder(path.parent)  # else what is written into it, however certain, may be gone with its name
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _give(descriptor, path.parent)
    finally:
        os.close(descriptor)


def _give(descriptor: int, folder: Path) -> None:
    """What one run with root's rights made belongs to whom its folder belongs to, or the next run without is shut out.

    SQLite does so with its own files.
    """
    if os.geteuid() == 0:
        owner = folder.stat()
        with suppress(OSError):  # a file system without owners
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
