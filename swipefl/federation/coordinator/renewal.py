"""Certificates while a coordinator serves: what a renewal puts in their files is served without a restart."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import grpc
import structlog

from swipefl.errors import StoreError, UsageError
from swipefl.federation.coordinator.certificates import CertificateFiles, Identity
from swipefl.federation.coordinator.metrics import Metrics

LOOK_S = 2.0  # how often the files are looked at
DAY_S = 86_400.0  # how often it is said that one expires
SOON_S = 30 * DAY_S


class Renewal:
    """Serves what `files` held last that could be served. Raises UsageError where they hold nothing such yet."""

    def __init__(self, files: CertificateFiles, metrics: Metrics, clock: Callable[[], float] = time.time) -> None:
        self._files = files
        self._metrics = metrics
        self._clock = clock
        self._bytes = files.raw()
        self._found = files.read()
        self._served = self._handed_over = self._found
        self._fault = ""
        self._warned_at = -DAY_S
        self._show()

    def credentials(self) -> grpc.ServerCredentials:
        """TLS with what is served now, and from each next handshake on with what is served then."""
        return grpc.dynamic_ssl_server_credentials(
            _configuration(self._served),
            self._fetch,  # type: ignore[arg-type]  # None means nothing new, which the stub does not know
            require_client_authentication=self._files.client_ca is not None,
        )

    def look(self) -> None:
        """Serves what the files hold now; what cannot be, as a pair half written, is passed over, and said once."""
        try:
            found, fault = self._read(), ""
        except UsageError as error:
            found, fault = self._served, str(error)
        if found != self._served and found.begins_at > self._clock():  # then it is looked at again
            found, fault = self._served, f"it is not valid before {_day(found.begins_at)}"
        if fault not in ("", self._fault):
            structlog.get_logger().warning("certificate not renewed", reason=fault)
        self._fault = fault
        if found != self._served:
            self._served = found
            self._warned_at = -DAY_S
            structlog.get_logger().info("certificate renewed", expires_at=_day(found.expires_at))
        self._show()

    def _read(self) -> Identity:
        """What the files hold, checked where they changed: of an RSA key of 4,096 bits that takes 250 ms."""
        now = self._files.raw()
        if now != self._bytes:
            self._found, self._bytes = self._files.read(), now
        return self._found

    async def run(self, note: Callable[[float], Awaitable[object]]) -> None:
        """Looks again and again, until cancelled; `note` hears when what is served expires, until it takes that."""
        noted = None
        while True:
            if (expires_at := self._served.expires_at) != noted:
                with suppress(StoreError):
                    await note(expires_at)
                    noted = expires_at
            await asyncio.sleep(LOOK_S)
            self.look()

    def _fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """What is new since the last handshake; called in grpc's threads, one at a time, and beside `look`."""
        served = self._served
        if served is self._handed_over:
            return None
        self._handed_over = served
        return _configuration(served)

    def _show(self) -> None:
        """Counts when they expire, and warns of it once a day."""
        expiring = {"server": self._served.expires_at, "client-ca": self._served.ca_expires_at}
        known = {name: at for name, at in expiring.items() if at is not None}
        for name, at in known.items():
            self._metrics.show_certificate(name, at)
        now = self._clock()
        if now - self._warned_at < DAY_S:
            return
        if self._served.begins_at > now:
            begins_at = _day(self._served.begins_at)
            structlog.get_logger().warning("certificate is not valid yet", certificate="server", begins_at=begins_at)
            self._warned_at = now
        for name, at in known.items():
            if at < now + SOON_S:
                event = "certificate has expired" if at <= now else "certificate expires soon"
                structlog.get_logger().warning(event, certificate=name, expires_at=_day(at))
                self._warned_at = now


def _configuration(identity: Identity) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(identity.key, identity.certificate)], identity.client_ca)


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
