"""How a device leaves a federation: it says so where it can, and forgets in any case."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swipefl.errors import CredentialRefused, Interrupted, SwipeflError
from swipefl.federation.device.copied import LAST
from swipefl.federation.device.node import forget_followed
from swipefl.federation.device.versions import SEEN
from swipefl.store.begun import CONTRIBUTION
from swipefl.store.membership import Membership
from swipefl.store.store import Store

if TYPE_CHECKING:
    from swipefl.federation.device.client import Client  # loads grpc, which a device on its own never needs

PENDING = "enrolment.pending"  # the credential of an enrolment whose answer has not come yet
TOLD = "scores.told"  # the number of the global model of which was told last how it was judged
HAS_LEFT = "federation.left"  # a backup from before that does not make a member of this device again
LEAVE_S = 5.0  # for the coordinator to answer; it is left all the same
UNKNOWN = "unknown-device"


@dataclass(frozen=True)
class Left:
    """The address of the coordinator that was left, None where there was none, and whether it was told.

    `why` is the code of the error where it was not: UNKNOWN where it did not know this device, or no longer. `was_node`
    says that this device was a node of Flower itself, whose versions it follows no more.
    """

    left: str | None
    told: bool = False
    why: str | None = None
    was_node: bool = False


def leave(store: Store, connect: "Callable[[Membership], Client]") -> Left:
    """Tells the coordinator, and forgets the federation whatever that came to; models stay.

    Whose versions this device followed as a node itself, it forgets too. Can be killed at any instant and run again.
    Raises StoreError, and what a stop says.
    """
    member = store.memberships.get()
    why = _untold(member, connect) if member else None
    with store.transaction():
        left = member.device_id if member else store.meta.get(HAS_LEFT)
        erase_federation(store)
        was_node = forget_followed(store.meta)
        if left:
            store.meta.set(HAS_LEFT, left)
    return Left(member.address, why is None, why, was_node) if member else Left(None, was_node=was_node)


def erase_federation(store: Store) -> None:
    """Membership and residual, what waits to be sent and what was told, an enrolment or a contribution that was begun.

    The caller holds the transaction.
    """
    store.memberships.delete()
    store.meta.delete(PENDING)
    store.meta.delete(TOLD)
    store.meta.delete(HAS_LEFT)
    store.meta.delete(LAST)
    store.meta.delete(SEEN)
    store.outbox.erase()
    store.begun.erase(CONTRIBUTION)


def _untold(member: Membership, connect: "Callable[[Membership], Client]") -> str | None:
    """Tells the coordinator that this device leaves; why that failed, None where it did not."""
    try:
        with connect(member) as client:
            client.leave()
    except Interrupted:
        raise
    except CredentialRefused:
        return UNKNOWN
    except SwipeflError as error:  # also settings that no longer fit: none of them keeps anybody in
        return error.code
    return None
