"""A download that survives being cut: what came stays in a file of the home until the rest is there."""

import hashlib
import os
from pathlib import Path

from swipefl.database.files import make_folder, open_private
from swipefl.decoder.encoder import MOST_PARAMETERS
from swipefl.errors import Remedy, StoreError, TrustError

FOLDER = "partial"  # of the home: there all files are ours
LARGEST_BYTES = 4 * MOST_PARAMETERS + 1024 * 1024  # float32, and what is said of them


class PartialDownload:
    """The first bytes of the blob with this SHA-256, `size` bytes in all, in a file of its own folder in `home`.

    Raises TrustError for a size that no checkpoint has, and StoreError where the file cannot be written.
    """

    def __init__(self, home: Path, sha256: bytes, size: int) -> None:
        if not 0 < size <= LARGEST_BYTES:
            raise TrustError(
                "implausible-size", "the coordinator offers a model of {size} bytes; nothing was downloaded", size=size
            )
        self._sha256, self._size = sha256, size
        self._path = home / FOLDER / f"{sha256.hex()}.part"
        for other in self._path.parent.glob("*.part"):  # of an earlier version, that nobody wants any more
            if other != self._path:
                other.unlink(missing_ok=True)

    def offset(self) -> int:
        """How many bytes are there."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, data: bytes) -> None:
        """Keep the bytes that come next."""
        if self.offset() + len(data) > self._size:
            self.drop()
            raise TrustError(
                "more-than-signed", "the coordinator sends more than the model that it signed; nothing was loaded"
            )
        try:
            make_folder(self._path.parent)
            with open(open_private(self._path, os.O_WRONLY | os.O_APPEND), "ab") as file:
                file.write(data)
        except OSError as error:
            raise StoreError(
                "unwritable",
                "cannot write {path} ({why}); what was downloaded so far is kept",
                Remedy.FREE_SPACE,
                path=self._path,
                why=error.strerror,
            ) from error

    def whole(self) -> bytes | None:
        """The blob, or None while bytes are missing or where they are not those that were signed (then all go)."""
        if self.offset() < self._size:
            return None
        blob = self._path.read_bytes()
        if hashlib.sha256(blob).digest() != self._sha256:
            self.drop()
            return None
        return blob

    def drop(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)
