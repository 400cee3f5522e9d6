"""What the commands that speak to a coordinator share: how to reach it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from swipefl.errors import UsageError

if TYPE_CHECKING:
    from swipefl.federation.device.client import Client, Endpoint
    from swipefl.federation.device.exchange import Exchange
    from swipefl.settings import Settings
    from swipefl.store.membership import Membership
    from swipefl.store.store import Store


def endpoint_of(settings: "Settings", address: str, ca: bytes | None, insecure: bool) -> "Endpoint":
    """A coordinator's address, with the certificate that the settings name for this device, if any."""
    from swipefl.federation.device.client import Endpoint

    certificate, key = (read_pem(path) if path else None for path in (settings.client_certificate, settings.client_key))
    return Endpoint(address, ca, insecure, certificate, key)


def read_pem(path: Path) -> bytes:
    """The bytes of a certificate's or a key's file. Raises UsageError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; give the PEM file of a certificate or key") from error


def exchange_of(settings: "Settings", store: "Store", stopped: Callable[[], int | None]) -> "Exchange | None":
    """Visits to the coordinator that the store's device belongs to, if it belongs to any."""
    if store.memberships.get() is None:
        return None
    from swipefl.federation.device.client import Client
    from swipefl.federation.device.exchange import Exchange

    def connect(member: "Membership") -> "Client":
        endpoint = endpoint_of(settings, member.address, member.ca, member.insecure)
        return Client(endpoint, member.authorization, settings.sync_deadline_s, stopped)

    return Exchange(store, settings.home, connect)
