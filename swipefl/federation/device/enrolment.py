"""How a device joins a federation, and how it leaves one."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from swipefl.errors import CredentialRefused, Remedy, TrustError, UsageError
from swipefl.federation.device.client import Client, Endpoint
from swipefl.federation.protocol.token import CREDENTIAL_BYTES, Token
from swipefl.store.membership import Membership
from swipefl.store.store import Store

_PENDING = "enrolment.pending"  # the credential of an enrolment whose answer has not come yet


@dataclass(frozen=True)
class Enrolled:
    """Where the coordinator is, and who this device is to it."""

    address: str
    device_id: str


@dataclass(frozen=True)
class Left:
    """The address of the coordinator that was left, None where there was none."""

    left: str | None


def enroll(store: Store, endpoint: Endpoint, token: Token, connect: Callable[[Endpoint], Client]) -> Enrolled:
    """Trades `token` for a place, and pins the coordinator's key. Can be killed at any instant and run again.

    Raises UsageError where this device has a place already or the token buys none; TrustError where the key is not the
    token's; CoordinatorUnreachable; StoreError.
    """
    if member := store.memberships.get():
        raise UsageError(
            "member-already",
            "this device belongs to {address} already",
            Remedy.LEAVE_FIRST,
            address=member.address,
        )
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
        store.memberships.set(member)
        store.meta.delete(_PENDING)
    return Enrolled(member.address, member.device_id)


def _credential(store: Store, token: Token) -> bytes:
    """A new credential, or the one that this token was offered with before: its answer may have been lost."""
    pending = (store.meta.get(_PENDING) or "").partition(" ")
    if pending[0] == token.secret.hex():
        return bytes.fromhex(pending[2])
    credential = secrets.token_bytes(CREDENTIAL_BYTES)
    store.meta.set(_PENDING, f"{token.secret.hex()} {credential.hex()}")
    return credential


def leave(store: Store) -> Left:
    """Forgets the federation and all that waits for it; models stay. Raises StoreError."""
    with store.transaction():
        member = store.memberships.get()
        store.memberships.delete()
        store.meta.delete(_PENDING)
        store.outbox.erase()
    return Left(member.address if member else None)
