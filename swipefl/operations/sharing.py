"""What the store knows of sharing: what the coordinator asked for, what is new, and when something left."""

from swipefl.device.offered import to_offer
from swipefl.errors import UsageError
from swipefl.federation.protocol.conditions import Conditions
from swipefl.operations.eligibility import Shared
from swipefl.store.store import Store


def asked_of(store: Store) -> Conditions:
    """What the coordinator that the device belongs to asked for at the last visit; nothing where there is none.

    Raises StoreError, also where what is kept of that is damaged.
    """
    member = store.memberships.get()
    try:
        return Conditions.from_json(member.conditions) if member else Conditions()
    except (ValueError, TypeError, RecursionError, UsageError) as error:
        raise store.sql.damaged("what it keeps of its coordinator's conditions makes no sense") from error


def shared_by(store: Store) -> Shared:
    """How many swipes are new since a contribution was made, and when a contribution last left. Raises StoreError."""
    sent = [each.sent_at for each in store.nights.left() if each.outcome == "sent"]
    return Shared(to_offer(store), sent[-1] if sent else None)
