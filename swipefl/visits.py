"""How a device speaks to its coordinator: joins, visits and leaves it, as its settings say."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from swipefl.settings.device import Settings
from swipefl.stopping import Stop, never

if TYPE_CHECKING:  # loaded where it is needed: a device on its own waits for no grpc
    from swipefl.errors import CoordinatorUnreachable
    from swipefl.federation.device.client import Client
    from swipefl.federation.device.endpoint import Endpoint
    from swipefl.federation.device.enrolment import Enrolled
    from swipefl.federation.device.exchange import Exchange, Exchanged
    from swipefl.federation.device.leaving import Left
    from swipefl.federation.protocol.token import Token
    from swipefl.store.membership import Membership
    from swipefl.store.store import Store

OpenStore = Callable[[], "AbstractContextManager[Store]"]


class Pausing:
    """An exchange that knows of a pause before it is made, and loads what it speaks with."""

    def __init__(self, store: "Store", make: "Callable[[], Exchange]") -> None:
        self._store = store
        self._exchange = cache(make)

    def waits(self) -> "CoordinatorUnreachable | None":
        """As Exchange has it."""
        from swipefl.federation.device.breaker import waits

        member = self._store.memberships.get()
        return waits(member, time.time()) if member else None

    def run(self, pull: bool = True, push: bool = True, by_timer: bool = False) -> "Exchanged":
        """As Exchange has it."""
        return self._exchange().run(pull, push, by_timer)


class Visits:
    """What a device does with one; `alone` opens its store for one at a time, `existing` where there is one.

    The coordinator is told the id of this `run`, for its log.
    """

    def __init__(self, settings: Settings, alone: OpenStore, existing: OpenStore | None, run: str) -> None:
        self._settings = settings
        self._alone = alone
        self._existing = existing
        self._run = run

    def joining(
        self, address: str, token: str, ca: Path | None = None, insecure: bool = False
    ) -> "tuple[Endpoint, Token]":
        """What `enroll` takes; nothing is touched. Raises UsageError for what is no address, token or file.

        And where this device belongs to a federation already.
        """
        from swipefl.federation.device.enrolment import refuse_member
        from swipefl.federation.protocol.address import Address
        from swipefl.federation.protocol.pem import read_certificates
        from swipefl.federation.protocol.token import Token

        parsed, where = Token.parse(token), Address.parse(address)
        endpoint = self._endpoint(str(where), read_certificates(ca) if ca else None, insecure)
        if self._existing:
            with self._existing() as store:
                refuse_member(store)
        return endpoint, parsed

    def enroll(self, endpoint: "Endpoint", token: "Token", stop: Stop = never) -> "Enrolled":
        """Joins a federation. Raises StoreBusy, and what `enrolment.enroll` does."""
        from swipefl.federation.device.enrolment import enroll

        with self._alone() as store:
            return enroll(store, endpoint, token, lambda endpoint: self._client(endpoint, None, stop))

    def leave(self, stop: Stop = never) -> "Left":
        """Tells the coordinator, where it answers soon, and forgets it. Raises StoreError, StoreBusy."""
        from swipefl.federation.device.leaving import LEAVE_S, leave

        with self._alone() as store:
            return leave(store, lambda member: self._client_of(member, stop, LEAVE_S))

    def exchange(self, store: "Store", stop: Stop) -> Pausing | None:
        """Visits to the coordinator that the store's device belongs to, if it belongs to any."""
        if store.memberships.get() is None:
            return None
        return Pausing(store, lambda: self._exchange(store, stop))

    def _exchange(self, store: "Store", stop: Stop) -> "Exchange":
        from swipefl.federation.device.exchange import Exchange

        return Exchange(
            store,
            self._settings.home,
            lambda member: self._client_of(member, stop),
            share_scores=self._settings.share_scores,
        )

    def endpoint(self, member: "Membership") -> "Endpoint":
        """Where a membership's coordinator is, as the settings have it. Raises UsageError."""
        return self._endpoint(member.address, member.ca, member.insecure)

    def _client_of(self, member: "Membership", stop: Stop, most_s: float = math.inf) -> "Client":
        """A visit of this device, within the settings' deadline and `most_s`."""
        return self._client(self.endpoint(member), member.authorization, stop, most_s)

    def _endpoint(self, address: str, ca: bytes | None, insecure: bool) -> "Endpoint":
        """A coordinator's address, with the certificate that the settings name for this device. Raises UsageError."""
        from swipefl.federation.device.endpoint import Endpoint
        from swipefl.federation.protocol.pem import read_pair

        certificate, key = read_pair(self._settings.client_certificate, self._settings.client_key)
        return Endpoint(address, ca, insecure, certificate, key)

    def _client(
        self, endpoint: "Endpoint", authorization: str | None, stop: Stop, most_s: float = math.inf
    ) -> "Client":
        from swipefl.federation.device.client import Client

        return Client(endpoint, authorization, min(self._settings.sync_deadline_s, most_s), stop, run=self._run)
