"""The token that others than this machine need: made once, and kept where nobody else can read it."""

import os
import re
import secrets
import stat
from pathlib import Path

from swipefl.database.files import make_folder, open_private
from swipefl.errors import Remedy, UsageError

NAME = "serve.token"  # in the home
BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{20,500}")  # what needs no quoting, in a header or behind a `#`


def token_in(path: Path) -> str:
    """The token of a file, which is made with a new one where it is missing.

    Raises UsageError for a file that cannot be made or read, that others may read, or that holds no token.
    """
    try:
        if not path.exists():
            make_folder(path.parent)
            _make(path)
        _check_folder(path)
        return _read(path)
    except OSError as error:
        what = "cannot keep a token in {path}: {why}"
        raise UsageError("no-token-file", what, Remedy.CHECK_PERMISSIONS, path=path, why=error.strerror) from error


def _make(path: Path) -> None:
    with os.fdopen(open_private(path, os.O_WRONLY), "w") as file:
        file.write(secrets.token_urlsafe(BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _check_folder(path: Path) -> None:
    """Raises UsageError where anybody may put another file in its place."""
    mode = path.parent.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        what = "others can put another token in the place of {path}"
        raise UsageError("open-token-folder", what, Remedy.CHECK_PERMISSIONS, path=path)


def _read(path: Path) -> str:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), encoding="ascii", errors="replace") as file:  # a pipe
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise UsageError("no-serve-token", "{path} is no file", Remedy.NEW_TOKEN_FILE, path=path)
        if stat.S_IMODE(mode) & 0o077:
            what = "others can read the token in {path}, and may have"
            raise UsageError("open-token", what, Remedy.NEW_TOKEN_FILE, path=path)
        text = file.read(1024).strip()
    if not _TOKEN.fullmatch(text):
        what = "{path} holds no token: that is 20 letters or more, digits, and . _ ~ -"
        raise UsageError("no-serve-token", what, Remedy.NEW_TOKEN_FILE, path=path)
    return text
