"""A store that was copied, or came back from a backup, is one device with the other: what that sent is not sent again.

The coordinator takes one update of a device into any version, whichever copy it comes from. What is left for the device
to see to is the residual: what quantising lost of the last update goes on to the next, and each copy has it. So each
remembers which update its own residual is of, and a coordinator says which of this device it took last: where these
differ, another copy has gone on with it, and all that was made here meanwhile goes.
"""

from dataclasses import replace

from swipefl.store.store import Store

LONGEST_ID = 64  # characters; what is longer is none of ours
LAST = "update.last"  # the id of the last update of this device that was taken, as far as this store knows


def note_taken(store: Store, update_id: str) -> None:
    """The coordinator has this update of this store: what is left over here is of it. The caller's transaction."""
    store.meta.set(LAST, update_id)


def catch_up(store: Store, last: str) -> int:
    """`last` is the id of the update that the coordinator took last of this device. Where it remembers none, as older
    ones do after a while, that says nothing of other copies.

    Where another copy made it, what is left over and what waits here go; gives how many updates. Raises StoreError.
    """
    if not 0 < len(last) <= LONGEST_ID:
        return 0
    with store.transaction():
        waiting = store.outbox.waiting()
        if last == (store.meta.get(LAST) or "") or any(update.id == last for update in waiting):
            return 0
        store.meta.set(LAST, last)
        if member := store.memberships.get():
            store.memberships.set(replace(member, residual=b""))
        for update in waiting:
            store.outbox.remove(update.id)
            store.nights.settle(update.id, "stale")
        return len(waiting)
