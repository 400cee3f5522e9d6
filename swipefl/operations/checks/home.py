"""The folder of the store and its files: whether they are there, whose they are, and who else may get at them."""

import errno
import os
import pwd
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from swipefl.operations.findings import Finding

HOME, PERMISSIONS = "home", "permissions"
OURS = re.compile(r"\.?(swipefl|coordinator)\..*|config\.toml|lock|partial|serve\.html|token|.*\.part")
SETTINGS = ("config.toml", "coordinator.toml")  # files that people write
NAMED = 3  # files that a sentence names
_WHY = {
    errno.ELOOP: ("leads in a circle of links", "remove the link, or say --home with another folder"),
    errno.ENOTDIR: ("lies below a file", "say --home with another folder"),
    errno.EACCES: ("may not be looked into by you", "run this as the user that it belongs to"),
    errno.ENAMETOOLONG: ("has too long a name", "say --home with another folder"),
}


@dataclass(frozen=True)
class Entry:
    """A file or folder of a home, not followed where it is a link."""

    path: Path
    mode: int
    uid: int
    inode: tuple[int, int]  # and its disk

    @property
    def is_ours(self) -> bool:
        """Whether swipefl made it, by its name."""
        return OURS.fullmatch(self.path.name) is not None

    @property
    def is_link(self) -> bool:
        """Whether it leads to another place."""
        return stat.S_ISLNK(self.mode)

    @property
    def needed(self) -> int:
        """What its owner has to be allowed."""
        return 0o700 if stat.S_ISDIR(self.mode) else 0o600


def entry_of(path: Path, follow: bool = False) -> Entry:
    """Raises OSError."""
    found = path.stat() if follow else path.lstat()
    return Entry(path, found.st_mode, found.st_uid, (found.st_dev, found.st_ino))


def entries(home: Path) -> list[Entry]:
    """The home itself and what is in it and in its folder of downloads. Raises OSError."""
    found = [entry_of(home, follow=True)]
    for folder in (home, home / "partial"):
        if folder == home or (folder.is_dir() and not folder.is_symlink()):
            found += [entry_of(path) for path in sorted(folder.iterdir())]
    return found


def is_there(home: Path) -> bool:
    """Whether there is a folder that can be looked into."""
    try:
        os.listdir(home)
    except OSError:
        return False
    return True


def home_folder(home: Path, uid: int) -> Iterator[Finding]:
    """Whether there is one, whose it is, and whether it can be written. `uid` is who asks."""
    try:
        whose = entry_of(home, follow=True)
        os.listdir(home)
    except FileNotFoundError:
        yield _missing(home)
        return
    except OSError as error:
        what, remedy = _WHY.get(error.errno or 0, (f"cannot be looked into ({error.strerror})", "check it"))
        if isinstance(error, NotADirectoryError) and home.is_file():
            what = "is a file, and no folder"
        yield Finding(HOME, "wrong", f"{home} {what}", remedy)
        return
    if uid not in (whose.uid, 0):
        says = f"{home} belongs to {user(whose.uid)}, and you are {user(uid)}"
        yield Finding(HOME, "wrong", says, f"run this as {user(whose.uid)}, or say --home with a folder of yours")
    elif not os.access(home, os.W_OK | os.X_OK):
        yield _unwritable(home)
    else:
        yield Finding(HOME, "ok", f"{home}, of {user(whose.uid)}")


def _missing(home: Path) -> Finding:
    if home.is_symlink():
        return Finding(
            HOME, "wrong", f"{home} is a link to what is not there", "mount or make that, or remove the link"
        )
    return Finding(HOME, "note", f"there is no {home} yet, and nothing is stored", "`swipefl ingest FILE` begins")


def _unwritable(home: Path) -> Finding:
    if os.statvfs(home).f_flag & os.ST_RDONLY:
        says = f"{home} is on a disk that may only be read: what is there is used, and nothing new is stored or learned"
        return Finding(HOME, "wrong", says, "mount it for writing, or say --home with another folder")
    says = f"{home} may not be written by you: what is there is used, and nothing new is stored or learned"
    return Finding(HOME, "wrong", says, f"`chmod u+rwx {home}`", can_fix=True)


def permissions(home: Path, uid: int) -> Iterator[Finding]:
    """Who may get at a home and its files. Raises OSError."""
    every = entries(home)
    problems = [*_links(every), *_strangers(every, uid), *_shut(every), *_open(every, uid), *_above(home)]
    yield from problems or [Finding(PERMISSIONS, "ok", "the home and its files are for their owner alone")]


def close(home: Path, uid: int) -> Iterator[str]:
    """Gives what is ours to the home's owner and to nobody else, as far as this user may. Raises OSError."""
    every = entries(home)
    owner = every[0].uid
    theirs = [each for each in every[1:] if each.uid != owner and each.is_ours and uid == 0]
    if given := [each for each in theirs if _changed(each, every[0], uid, lambda file: os.chown(file, owner, -1))]:
        yield f"{_named(given)} now belong to {user(owner)}"
    closed = [each for each in every if _may_close(each, every, uid) and _closed(each) != stat.S_IMODE(each.mode)]
    if closed := [each for each in closed if _changed(each, every[0], uid, partial(_chmod, _closed(each)))]:
        yield f"{_named(closed)} are now for their owner alone, who may read and write them"


def _chmod(mode: int, path: str) -> None:
    os.chmod(path, mode)


def _changed(each: Entry, home: Entry, uid: int, change: Callable[[str], None]) -> bool:
    """Changes what was looked at and nothing else, and says whether that is still there.

    Somebody else may own the folder: below the home no link is followed, and as root no file changed that has another
    name elsewhere. Raises OSError.
    """
    with ExitStack() as opened:
        held = _held(os.path.realpath(home.path), None, opened)
        if _inode(held) != home.inode:
            return False
        try:
            for part in each.path.relative_to(home.path).parts:
                held = _held(part, held, opened)
        except (FileNotFoundError, NotADirectoryError):
            return False
        now = os.fstat(held)
        is_file = stat.S_ISREG(now.st_mode)
        if _inode(held) != each.inode or not (is_file or stat.S_ISDIR(now.st_mode)):
            return False
        if is_file and now.st_nlink > 1 and uid == 0:
            return False
        change(f"/proc/self/fd/{held}")  # by which also what may not be read is changed
        return True


def _held(path: str, folder: int | None, opened: ExitStack) -> int:
    held = os.open(path, os.O_PATH | os.O_NOFOLLOW, dir_fd=folder)
    opened.callback(os.close, held)
    return held


def _inode(held: int) -> tuple[int, int]:
    now = os.fstat(held)
    return now.st_dev, now.st_ino


def _closed(each: Entry) -> int:
    return (stat.S_IMODE(each.mode) | each.needed) & 0o700


def _may_close(each: Entry, every: list[Entry], uid: int) -> bool:
    if each is every[0]:
        return uid in (each.uid, 0) and all(other.is_ours for other in every[1:])
    return each.is_ours and not each.is_link and uid in (each.uid, 0)


def _links(every: list[Entry]) -> Iterator[Finding]:
    for each in every[1:]:
        if each.is_link and each.is_ours and each.path.name != "lock":  # which is looked at by itself
            yield Finding(PERMISSIONS, "note", f"{each.path} is a link to {os.path.realpath(each.path)}")


def _strangers(every: list[Entry], uid: int) -> Iterator[Finding]:
    owner = every[0].uid
    if theirs := [each for each in every[1:] if each.uid != owner and each.is_ours]:
        says = f"{_named(theirs)} belong to {user(theirs[0].uid)}, and the home to {user(owner)}"
        yield Finding(PERMISSIONS, "wrong", says, f"`sudo chown -R {owner} {every[0].path}`", can_fix=uid == 0)


def _shut(every: list[Entry]) -> Iterator[Finding]:
    shut = [each for each in every if (each.is_ours or each is every[0]) and not each.is_link]
    if shut := [each for each in shut if each.mode & each.needed != each.needed]:
        says = f"{_named(shut)} may not be read and written by their owner"
        yield Finding(PERMISSIONS, "wrong", says, f"`chmod -R u+rwX {every[0].path}`", can_fix=True)


def _open(every: list[Entry], uid: int) -> Iterator[Finding]:
    others = [each for each in every if not each.is_link and stat.S_IMODE(each.mode) & 0o077]
    if every[0] not in others:  # nobody gets to what a person's editor made in there, and no secret is in it
        others = [each for each in others if each.path.name not in SETTINGS]
    if ours := [each for each in others if _may_close(each, every, uid)]:
        remedy = f"`chmod -R go-rwx {every[0].path}`"
        yield Finding(PERMISSIONS, "wrong", f"others may get at {_named(ours)}", remedy, can_fix=True)
    elif every[0] in others and every[0].mode & 0o022:
        yield Finding(
            PERMISSIONS,
            "wrong",
            f"others may write in {every[0].path}, which has other files than swipefl's",
            "move it",
        )


def _above(home: Path) -> Iterator[Finding]:
    for folder in Path(os.path.realpath(home)).parents:
        mode = folder.stat().st_mode
        if mode & 0o002 and not mode & stat.S_ISVTX:
            says = f"everybody may rename what lies in {folder}, and so put another home in the place of this one"
            yield Finding(PERMISSIONS, "wrong", says, f"`chmod o-w {folder}`")


def _named(some: Iterable[Entry]) -> str:
    names = [each.path.name or str(each.path) for each in some]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def user(uid: int) -> str:
    """What a user is called, as far as that is known here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
