"""Where a coordinator is: HOST:PORT, and whether that is this machine."""

from ipaddress import ip_address

from swipefl.errors import Remedy, UsageError

LISTEN = "127.0.0.1:8443"  # where a coordinator is, unless it is told


def is_loopback(address: str) -> bool:
    """Whether HOST:PORT never leaves this machine. Raises UsageError where it is no HOST:PORT."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise UsageError("no-address", "{address!r} is no address", Remedy.GIVE_ADDRESS, address=address)
    host = host.strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
