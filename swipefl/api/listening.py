"""Where the server listens: its sockets, whether others can reach it, and under what names."""

import errno
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.x509 import DNSName, ExtensionNotFound, IPAddress, SubjectAlternativeName, load_pem_x509_certificates

from swipefl.api.addresses import ip_of, is_named
from swipefl.errors import Remedy, UsageError
from swipefl.federation.protocol.address import Address
from swipefl.federation.protocol.pem import read_pair

WAITING = 2048  # connections that the system keeps until they are taken


@dataclass(frozen=True)
class Listening:
    """A host and a port, 0 for any free one; with a certificate and its key over TLS (PEM files).

    Raises UsageError for a host that is none, half of TLS, and none of it beyond this machine without `insecure`.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    certificate: Path | None = None
    key: Path | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        read_pair(self.certificate, self.key)
        if not (self.is_loopback or self.certificate or self.insecure):
            what = "{address} can be reached from elsewhere"
            raise UsageError("no-tls", what, Remedy.SAY_TLS, address=self.address)

    @cached_property
    def address(self) -> Address:
        """What was said, checked."""
        if ip_of(self.host) is None:
            return Address.parse(f"{self.host}:{self.port}", least_port=0)
        return Address.parse(str(Address(self.host.strip("[]"), self.port)), least_port=0)

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return self.address.is_loopback

    @property
    def named(self) -> list[str]:
        """The name that was said, if it was none of an address."""
        return [] if ip_of(self.address.host) else [self.address.host]

    @property
    def scheme(self) -> str:
        """Of its links."""
        return "https" if self.certificate else "http"

    def certified(self) -> list[str]:
        """The names and addresses that the certificate is for, if there is one; `*.example` is for many."""
        pem = read_pair(self.certificate, self.key)[0]
        if pem is None:
            return []
        try:
            said = load_pem_x509_certificates(pem)[0].extensions.get_extension_for_class(SubjectAlternativeName).value
        except ExtensionNotFound:
            return []
        return [*map(str.lower, said.get_values_for_type(DNSName)), *map(str, said.get_values_for_type(IPAddress))]

    def linked(self) -> str:
        """The host that a link names, which others reach: one that the certificate is for, if there is such a one."""
        host, certified = reachable(self.address.host), self.certified()
        if self.is_loopback or is_named(host.lower(), certified):
            return host
        return next((name for name in certified if "*" not in name and not Address(name, 0).is_loopback), host)

    def sockets(self) -> list[socket.socket]:
        """Bound and listening: one for each address that the host has, all on one port. Raises UsageError."""
        with ExitStack() as opened:
            port, bound = self.port, list[socket.socket]()
            for family, host in self._places():
                bound.append(opened.enter_context(self._bound(family, host, port)))
                port = bound[0].getsockname()[1]
            opened.pop_all()
            return bound

    def _places(self) -> list[tuple[socket.AddressFamily, str]]:
        try:
            found = socket.getaddrinfo(self.address.host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except OSError as error:
            raise self._cannot("there is no such host") from error
        return list(dict.fromkeys((family, str(at[0])) for family, _, _, _, at in found))

    def _bound(self, family: socket.AddressFamily, host: str, port: int) -> socket.socket:
        """`::` takes both kinds of addresses, where the system can."""
        both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        try:
            return socket.create_server((host, port), family=family, backlog=WAITING, dualstack_ipv6=both)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise self._cannot("it is taken" if taken else error.strerror or "it cannot be had") from error

    def _cannot(self, why: str) -> UsageError:
        what = "cannot listen on {address}: {why}"
        return UsageError("cannot-serve", what, Remedy.FREE_PORT, address=self.address, why=why)


def reachable(host: str) -> str:
    """The host that a link for another device names: of "every address" the one that leads out of here."""
    ip = ip_of(host)
    return _way_out() if ip and ip.is_unspecified else host


def _way_out() -> str:
    """This machine's own address on the way to others; nothing is sent to find it."""
    for family, other in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((other, 9))
            except OSError:
                continue
            return str(probe.getsockname()[0])
    return socket.gethostname()
