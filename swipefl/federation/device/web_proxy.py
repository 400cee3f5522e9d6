"""The proxy that stands between: which one gRPC takes, told from the environment as gRPC tells it, and the way through.

Source: gRPC's http_proxy_mapper.cc. Only names in lower case count, only http:// proxies, and a variable that is set
but empty means none.
"""

import base64
import re
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote

from swipefl.federation.protocol.address import LAST_PORT, Address

_PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")  # the first one that is set counts
_DIRECT = ("no_grpc_proxy", "no_proxy")
_DEFAULT_PORT = 443  # gRPC's, whatever the scheme
_MOST_BYTES = 16 * 1024  # of an answer's head


@dataclass(frozen=True)
class Proxy:
    """An HTTP proxy; `user` is its user:password, if any."""

    host: str
    port: int
    user: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return str(Address(self.host, self.port))

    def connected(self, address: Address, timeout_s: float) -> tuple[socket.socket, int]:
        """A connection through it to `address`, and its answer's status, 0 for no HTTP. Raises OSError."""
        there = socket.create_connection((self.host, self.port), timeout_s)
        try:
            there.sendall(self._request(address))
            return there, _status(there)
        except OSError:
            there.close()
            raise

    def _request(self, address: Address) -> bytes:
        lines = [f"CONNECT {address} HTTP/1.1", f"Host: {address}"]
        if self.user is not None:
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(self.user.encode()).decode()}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def proxy_for(address: Address, environment: Mapping[str, str]) -> Proxy | None:
    """The proxy that gRPC takes on its way to `address`, if it takes any."""
    url = _first(_PROXIES, environment)
    direct = [entry.strip() for entry in _first(_DIRECT, environment).split(",")]
    if not url.startswith("http://") or any(_means(entry, address.host) for entry in direct if entry):
        return None
    user, at, where = url.removeprefix("http://").partition("/")[0].rpartition("@")
    host, colon, port = (where, "", "") if where.endswith("]") else where.rpartition(":")
    host, port = (host, port) if colon else (where, str(_DEFAULT_PORT))
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > LAST_PORT:
        return None
    return Proxy(host.strip("[]"), int(port), unquote(user) if at else None)


def _first(names: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """The first variable that is set, be it to nothing."""
    return next((environment[name] for name in names if name in environment), "")


def _means(entry: str, host: str) -> bool:
    """Whether an entry of no_proxy is the host, a domain that it is in, or a network."""
    with suppress(ValueError):
        network, slash, bits = entry.partition("/")
        if slash and ip_address(host) in ip_network(f"{ip_address(network)}/{int(bits)}", strict=False):
            return True
    domain = entry.lower().removeprefix(".")
    return host.lower() == domain or host.lower().endswith(f".{domain}")


def _status(there: socket.socket) -> int:
    """Reads the head of an HTTP answer, and nothing behind it."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) < _MOST_BYTES:
        if not (byte := there.recv(1)):
            break
        head += byte
    version, _, rest = head.partition(b" ")
    return int(rest[:3]) if version.startswith(b"HTTP/") and rest[:3].isdigit() else 0
