"""The store: everything that swipefl keeps on this device, in one SQLite file."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from swipefl.database.opening import open_database
from swipefl.errors import Remedy, StoreBusy
from swipefl.store.bookmarks import Bookmarks
from swipefl.store.checkpoints import Checkpoints
from swipefl.store.gestures import Gestures
from swipefl.store.keyboards import Keyboards
from swipefl.store.membership import Memberships
from swipefl.store.meta import Meta
from swipefl.store.outbox import Outbox
from swipefl.store.rounds import Rounds
from swipefl.store.schema import STORE
from swipefl.store.words import Words


class Store:
    """The file `path` and its tables; made (folder 0700, files 0600) and migrated on opening.

    Raises StoreError: damaged, newer than this swipefl, disk full, no permission. `clock` gives unix seconds.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.sql = open_database(path, STORE)
        self.meta = Meta(self.sql)
        self.keyboards = Keyboards(self.sql)
        self.gestures = Gestures(self.sql, self.keyboards, clock)
        self.bookmarks = Bookmarks(self.sql)
        self.checkpoints = Checkpoints(self.sql, clock)
        self.rounds = Rounds(self.sql)
        self.outbox = Outbox(self.sql)
        self.words = Words(self.sql)
        self.memberships = Memberships(self.sql)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and the only writer meanwhile. Raises StoreError; StoreBusy after 30 s of waiting."""
        return self.sql.transaction()

    def erase_traces(self) -> None:
        """Leave nothing of erased rows in the file or its log; not inside a transaction. Raises StoreError."""
        self.sql.run("VACUUM")
        busy = self.sql.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
        if busy:
            raise StoreBusy(
                "traces-left",
                "what was erased is gone from {path}, but another program still reads {path.name}-wal, which may hold "
                "traces",
                Remedy.RUN_AGAIN_LATER,
                path=self.path,
            )

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self.sql.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
