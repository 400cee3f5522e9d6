"""How a device joins a federation."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from swipefl.errors import CredentialRefused, Remedy, TrustError, UpdateRefused, UsageError
from swipefl.federation.device.client import Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.joined import note_joined
from swipefl.federation.device.leaving import PENDING, erase_federation
from swipefl.federation.device.node import forget_followed
from swipefl.federation.protocol.token import CREDENTIAL_BYTES, Token
from swipefl.store.membership import Membership
from swipefl.store.store import Store


@dataclass(frozen=True)
class Enrolled:
    """Where the coordinator is, and who this device is to it."""

    address: str
    device_id: str


def enroll(store: Store, endpoint: Endpoint, token: Token, connect: Callable[[Endpoint], Client]) -> Enrolled:
    """Trades `token` for a place, and pins the coordinator's key. Nothing that was made before is ever sent to it.

    Can be killed at any instant and run again.
    Raises UsageError where this device has a place already or the token buys none; TrustError where the key is not the
    token's; CoordinatorUnreachable; StoreError.
    """
    refuse_member(store)
    credential = _credential(store, token)
    with connect(endpoint) as client:
        try:
            answer = client.enroll(token.secret, credential)
        except CredentialRefused as error:
            raise UsageError(
                "token-refused",
                "the coordinator at {address} does not take this token: it is used, too old, or another coordinator's",
                Remedy.NEW_TOKEN,
                address=endpoint.address,
            ) from error
        except UpdateRefused as error:  # no update, but what is asked for: two versions that do not fit together
            misfit = "{refused}, and this device joined nothing"
            raise UsageError("enrolment-refused", misfit, Remedy.UPGRADE_EITHER, refused=error) from error
    public_key = token.pin(answer.keys)
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,64}", answer.device_id):  # it goes into the metadata of every call
        raise TrustError(
            "unusable-name",
            "the coordinator at {address} gave no usable name to this device",
            Remedy.ASK_OWNER,
            address=endpoint.address,
        )
    member = Membership(endpoint.address, answer.device_id, credential, public_key, endpoint.ca, endpoint.insecure)
    with store.transaction():
        erase_federation(store)  # what was made before this device joined is for nobody
        forget_followed(store.meta)  # who gives to a coordinator is nobody's node
        store.memberships.set(member)
        note_joined(store)
    return Enrolled(member.address, member.device_id)


def refuse_member(store: Store) -> None:
    """Raises UsageError where this device belongs to a federation already."""
    if member := store.memberships.get():
        raise UsageError(
            "member-already",
            "this device belongs to {address} already",
            Remedy.LEAVE_FIRST,
            address=member.address,
        )


def _credential(store: Store, token: Token) -> bytes:
    """A new credential, or the one that this token was offered with before: its answer may have been lost."""
    pending = (store.meta.get(PENDING) or "").partition(" ")
    if pending[0] == token.secret.hex():
        return bytes.fromhex(pending[2])
    credential = secrets.token_bytes(CREDENTIAL_BYTES)
    store.meta.set(PENDING, f"{token.secret.hex()} {credential.hex()}")
    return credential
