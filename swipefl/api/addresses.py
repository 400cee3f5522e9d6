"""Addresses of machines, as sockets and browsers name them."""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address


def ip_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a text is, one of IPv4 also where it is written as one of IPv6; None for a name."""
    try:
        ip = ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip


def is_named(host: str, names: Collection[str]) -> bool:
    """Whether a name or an address, in lower case, is among `names`, of which `*.example` has all of one label more."""
    label, _, rest = host.partition(".")
    return host in names or (label != "" and f"*.{rest}" in names)


def share_of(host: str) -> str:
    """The address that a share is counted by: of an IPv6 one its /64, as one household has."""
    ip = ip_of(host)
    if ip is None:
        return host
    return str(IPv6Network((ip, 64), strict=False) if isinstance(ip, IPv6Address) else ip)
