"""Where a coordinator is: HOST:PORT, and whether that is this machine."""

from ipaddress import ip_address

from swipefl.errors import UsageError


def is_loopback(address: str) -> bool:
    """Whether HOST:PORT never leaves this machine. Raises UsageError where it is no HOST:PORT."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise UsageError(f"{address!r} is no address; give HOST:PORT, such as swipes.example.org:8443")
    host = host.strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
