"""Files of certificates and keys, which either end may have."""

from pathlib import Path

from swipefl.errors import Remedy, UsageError


def read_pem(path: Path) -> bytes:
    """The bytes of a certificate's or a key's file. Raises UsageError."""
    try:
        return path.read_bytes()
    except OSError as error:
        unreadable = "cannot read {path}: {why}"
        raise UsageError("no-pem", unreadable, Remedy.GIVE_CERTIFICATE, path=path, why=error.strerror) from error
