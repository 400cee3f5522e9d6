"""Where a coordinator is: HOST:PORT, and whether that is this machine."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

from swipefl.errors import Remedy, UsageError

LISTEN = "127.0.0.1:8443"  # where a coordinator is, unless it is told
LAST_PORT = 65_535
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/|(unix|unix-abstract|vsock):", re.IGNORECASE)  # gRPC knows more than hosts
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_ZONE = re.compile(r"[A-Za-z0-9._~-]+")


@dataclass(frozen=True)
class Address:
    """A host (a name, an IPv4 address, or an IPv6 address without its brackets) and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, least_port: int = 1) -> "Address":
        """HOST:PORT, an IPv6 address in brackets; port 0 is for who listens. Raises UsageError, with what is wrong."""
        host, port = _split(text)
        if fault := _fault(text, least_port):
            shown = re.sub(r".*@", "***@", text)[:100]  # a password may stand there
            raise UsageError(
                "no-address", "the address {address!r} {fault}", Remedy.GIVE_ADDRESS, address=shown, fault=fault
            )
        return cls(host.strip("[]"), int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether what goes there never leaves this machine."""
        try:
            ip = ip_address(self.host)
        except ValueError:
            return self.host.lower() == "localhost"
        mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
        return (mapped or ip).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _split(text: str) -> tuple[str, str]:
    """What stands before and behind the last colon outside of brackets; "" for a port that is missing."""
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        return host + bracket, rest.removeprefix(":") if rest.startswith(":") else ""
    host, colon, port = text.rpartition(":")
    return (host, port) if colon else (text, "")


def _fault(text: str, least_port: int) -> str | None:
    """What makes it no HOST:PORT, or None."""
    host, port = _split(text)
    if not text:
        return "is empty"
    if not text.isprintable() or any(each.isspace() for each in text):
        return "has a blank or a control character in it"
    if scheme := _SCHEME.match(text):
        return f"begins with a scheme, {scheme[0].rstrip('/')}"
    if "@" in text:
        return "names a user"
    if any(each in text for each in "/?#"):
        return "has a path behind it"
    if not host.startswith("[") and (_is_ipv6(text) or _is_ipv6(host)):
        return "is an IPv6 address without brackets"
    return _fault_of_host(host) or _fault_of_port(port, least_port)


def _fault_of_host(host: str) -> str | None:
    if not host:
        return "names no host"
    if host.startswith("["):
        return None if host.endswith("]") and _is_ipv6(host[1:-1]) else "has no IPv6 address in its brackets"
    if ":" in host:
        return "has more than one colon"
    if not host.isascii():
        return "has a host that is not ASCII; such a name has another form, which begins with xn--"
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):  # no name ends so, and resolvers disagree on what 127.1 is
        return None if _is_ipv4(host) else "has a host that is no IPv4 address"
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return "has a host that is no name"
    return None


def _fault_of_port(port: str, least: int) -> str | None:
    if not port:
        return "names no port"
    if not re.fullmatch("[0-9]+", port):  # str.isdigit knows ² and digits of all alphabets
        return "has a port that is no number"
    if len(port) > 5 or int(port) > LAST_PORT:
        return f"has a port above {LAST_PORT:,}"
    return None if int(port) >= least else f"has a port below {least}"


def _is_ipv4(host: str) -> bool:
    try:
        IPv4Address(host)
    except AddressValueError:
        return False
    return True


def _is_ipv6(host: str) -> bool:
    """Whether it is one, also with the zone of a link (fe80::1%eth0)."""
    address, percent, zone = host.partition("%")
    try:
        IPv6Address(address)
    except AddressValueError:
        return False
    return not percent or _ZONE.fullmatch(zone) is not None
