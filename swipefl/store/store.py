"""The store: everything that swipefl keeps on this device, in one SQLite file."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Self

from swipefl.database.migrations import Schema
from swipefl.database.opening import open_database
from swipefl.database.snapshots import erase_copies
from swipefl.database.sql import Sql
from swipefl.errors import Remedy, StoreBusy, StoreError
from swipefl.gesture.language import Languages
from swipefl.stopping import Stop, never
from swipefl.store.begun import Trainings
from swipefl.store.bookmarks import Bookmarks
from swipefl.store.checkpoints import Checkpoints
from swipefl.store.gestures import Gestures
from swipefl.store.gone import Gone
from swipefl.store.keyboards import Keyboards
from swipefl.store.lexicons import Lexicons
from swipefl.store.membership import Memberships
from swipefl.store.meta import Meta
from swipefl.store.names import Names
from swipefl.store.nights import Nights
from swipefl.store.outbox import Outbox
from swipefl.store.phrases import Phrases
from swipefl.store.redaction import Redaction
from swipefl.store.rounds import Rounds
from swipefl.store.schema import STORE
from swipefl.store.words import Words


def english(meta: Meta) -> Languages:
    """The languages of a person of whom nothing is known."""
    return ("en",)


TRACES = "traces"  # what is noted while the file may still hold something of what was erased, and why:
OUTLIVED = "outlived"  # it was kept for long enough
ERASED = "owed"  # somebody asked for it
AND_COPIES = "owed, and copies"  # and the copies beside it may hold it, too
TRACELESS = "traceless"  # when it last held none (unix seconds)
REST_S = 20 * 3600.0  # between two rewritings for what is outlived alone: once a night, and not with each of 24 cycles
MOST_FREE = 16 * 1024 * 1024  # bytes of free pages that wait for that


class Store:
    """The file `path` and its tables; made (folder 0700, files 0600) and migrated on opening.

    Raises StoreError: damaged, newer than this swipefl, disk full, no permission. `clock` gives unix seconds; `person`
    says the languages of what was written on a keyboard that names none. Without `make` it has to be there already.
    `opened` is what opens the file.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.time,
        person: Callable[[Meta], Languages] = english,
        make: bool = True,
        opened: Callable[[Path, Schema, bool], Sql] = open_database,
    ) -> None:
        self.path = path
        self._clock = clock
        self.sql = opened(path, STORE, make)
        self.meta = Meta(self.sql)
        self.keyboards = Keyboards(self.sql)
        self.redaction = Redaction(self.sql)
        self.names = Names(self.sql, self.redaction)
        self.gone = Gone(self.sql)
        self.gestures = Gestures(self.sql, self.keyboards, self.names, self.redaction, self.gone, clock)
        self.bookmarks = Bookmarks(self.sql)
        self.checkpoints = Checkpoints(self.sql, clock)
        self.begun = Trainings(self.sql, clock)
        self.rounds = Rounds(self.sql)
        self.nights = Nights(self.sql, clock)
        self.outbox = Outbox(self.sql)
        self.words = Words(self.sql, person(self.meta))
        self.phrases = Phrases(self.sql)
        self.lexicons = Lexicons(self.sql, clock)
        self.memberships = Memberships(self.sql)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, and the only writer meanwhile. Raises StoreError; StoreBusy after 30 s of waiting."""
        return self.sql.transaction()

    def owe_rewriting(self, why: str = ERASED) -> None:
        """From now on the file holds traces of what was erased, until `erase_traces` is done. Raises StoreError.

        With AND_COPIES so do those that swipefl made beside it: they go then, as no sooner it is sure that the rows
        are erased here. What is OUTLIVED may wait.
        """
        owed = self.meta.get(TRACES)
        if why == AND_COPIES or owed is None or (why == ERASED and owed == OUTLIVED):
            self.meta.set(TRACES, why)

    def owes_rewriting(self) -> bool:
        """Whether an `erase_traces` did not come to its end, or may still wait. Raises StoreError."""
        return self.meta.get(TRACES) is not None

    def owes_forgetting(self) -> bool:
        """Whether that is owed for what somebody had erased, which waits for nothing. Raises StoreError."""
        return self.meta.get(TRACES) not in (None, OUTLIVED)

    def is_rewriting_due(self) -> bool:
        """Whether `erase_traces` is owed now: for what is outlived alone once a day, or once it is much.

        Deleting writes zeros, so that only the room is missed until then; a clock that went back says nothing.
        """
        if self.owes_forgetting() or not self.owes_rewriting():
            return self.owes_rewriting()
        if not 0 <= self._clock() - float(self.meta.get(TRACELESS) or 0) < REST_S:
            return True
        self._empty_log()  # else the zeros may stay in it, as long as somebody has the store open
        ((free, size),) = self.sql.rows("SELECT freelist_count, page_size FROM pragma_freelist_count, pragma_page_size")
        return bool(free * size > MOST_FREE)

    def erase_traces(self, stop: Stop = never) -> None:
        """Leave nothing of erased rows in the file or its log, and no copy that has them; not inside a transaction.

        Raises StoreError where traces may remain, and what `stop` says.
        """
        if self.meta.get(TRACES) == AND_COPIES:
            erase_copies(self.path)  # of before an upgrade, or before a backup came back
        try:
            self.sql.rewrite(stop)
        except StoreError as error:
            with suppress(StoreError):
                self._empty_log()  # so that the file has at least the zeros that deleting wrote
            raise StoreError(
                "not-rewritten",
                "what was erased is gone from {path}, but the file could not be rewritten ({why}) and its free pages "
                "may hold traces; the next night tries again",
                Remedy.RUN_AGAIN,
                path=self.path,
                why=error.__cause__ or error,
            ) from error
        if not self._empty_log():
            raise StoreBusy(
                "traces-left",
                "what was erased is in no table of {path} any more, but another program reads it: until the next "
                "night, or the same again without that one, the file and its log may hold traces",
                Remedy.RUN_AGAIN_LATER,
                path=self.path,
            )
        with self.transaction():
            self.meta.delete(TRACES)
            self.meta.set(TRACELESS, str(self._clock()))

    def _empty_log(self) -> bool:
        """Moves what is in the log into the file; says whether nobody else kept it from that."""
        busy: int = self.sql.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
        return not busy

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self.sql.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
