"""What of a store can be mended without any loss: what is derived from the rest, and traces of what was erased."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from swipefl.errors import Remedy, StoreError
from swipefl.stopping import Stop
from swipefl.store.store import Store

SOON_MS = 1_000  # nobody is waited for any longer


def mend_database(alone: Callable[[], AbstractContextManager[Store]], stop: Stop) -> Iterator[str]:
    """Makes indexes anew where that makes the file sound, and rewrites it without what was erased.

    Raises StoreError, StoreBusy where another run is at work, and what `stop` says.
    """
    with alone() as store:
        store.sql.run(f"PRAGMA busy_timeout = {SOON_MS}")
        if store.sql.faults(1, stop):
            with store.transaction():
                store.sql.run("REINDEX")
                if store.sql.faults(1, stop):  # all stays as it was
                    what = "more than the indexes of {path} is damaged, and nothing was changed"
                    raise StoreError("not-mended", what, Remedy.INGEST_AGAIN, path=store.path)
            yield "the indexes were made anew from the rows"
        if store.is_rewriting_due():
            store.erase_traces(stop)
            yield "the file was rewritten without what was erased"
