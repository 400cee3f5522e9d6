"""What of all that ever left this device went to the federation that it is of now."""

from swipefl.store.store import Store

JOINED = "departures.before"  # the number of what left last before this device joined


def note_joined(store: Store) -> None:
    """What left up to now went to others. The caller holds the transaction. Raises StoreError."""
    if last := store.nights.last_departure():
        store.meta.set(JOINED, str(last))


def left_before(store: Store) -> int:
    """How many of all that left did so before this device joined. Raises StoreError."""
    return store.nights.departures(int(store.meta.get(JOINED) or 0))
