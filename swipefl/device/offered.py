"""From which swipes on a device has given nothing to its federation yet; what a night learns for its owner is apart."""

from swipefl.store.store import Store

OFFERED = "offered to"  # a device's id, and the number of the newest gesture when its last contribution was made


def note_offered(store: Store, newest: int) -> None:
    """A contribution was made when gesture `newest` was the newest that was learned. The caller's transaction."""
    if member := store.memberships.get():
        store.meta.set(OFFERED, f"{member.device_id} {newest}")


def to_offer(store: Store) -> int:
    """How many good gestures came since the last contribution was made for the federation that it belongs to now."""
    member = store.memberships.get()
    device_id, _, newest = (store.meta.get(OFFERED) or "").rpartition(" ")
    since = int(newest) if member and device_id == member.device_id else 0
    return store.gestures.good_between(since, store.gestures.newest_number())
