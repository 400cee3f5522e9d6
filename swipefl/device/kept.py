"""A store that stays open between two looks at it, as long as that file is in its place."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a home without a store needs none
    from swipefl.store.store import Store


class Kept:
    """The store at `path`, opened when it is first asked for; for one thread at a time.

    It is opened anew where another file has come into its place, in a forked process, and each time while its disk is
    full: then it does not hear of what others change.
    """

    def __init__(self, open_store: "Callable[[], Store]", path: Path) -> None:
        self._open = open_store
        self._path = path
        self._store: Store | None = None
        self._place: tuple[int, int, int] | None = None  # what tells that file from another one, and whose it is

    def store(self) -> "Store | None":
        """The store that is there now; None where there is none. Raises StoreError, OSError."""
        place = self._seen()
        if place != self._place or (self._store and self._store.sql.is_full):
            self.close()
        if place is not None and self._store is None:
            self._store, self._place = self._open(), place
        return self._store

    def close(self) -> None:
        """Closes it; the next one that asks opens it again."""
        if self._store is not None and self._place and self._place[0] == os.getpid():
            self._store.close()
        self._store = self._place = None

    def _seen(self) -> tuple[int, int, int] | None:
        try:
            seen = self._path.stat()
        except FileNotFoundError:
            return None
        return os.getpid(), seen.st_dev, seen.st_ino
