"""Does the network count what goes over it? NetworkManager knows; the kernel knows a modem when it sees one."""

from pathlib import Path
from typing import Literal

from swipefl.operations.conditions.bus import Absent, Bus, Silent

MANAGER = "org.freedesktop.NetworkManager"
YES, NO, GUESS_YES, GUESS_NO = 1, 2, 3, 4  # as NetworkManager numbers them; 0: it does not know
REFUSES = 0x200  # the kernel's mark of a route that leads nowhere
MODEMS = ("wwan", "rmnet", "ccmni", "ppp")  # how the kernel names interfaces of mobile networks

Metered = Literal["no", "yes", "unknown", "silent"]
"""`unknown`: nobody here knows; `silent`: who knows does not answer."""


def metered(bus: Bus, proc: Path = Path("/proc")) -> Metered:
    """Whether what goes over the network of this device is counted, or guessed to be."""
    try:
        said = bus.properties(MANAGER, "/org/freedesktop/NetworkManager", MANAGER).get("Metered")
    except Absent:
        said = None
    except Silent:
        return "silent"
    if said in (NO, GUESS_NO):
        return "no"
    return "yes" if said in (YES, GUESS_YES) or _is_over_modem(proc) else "unknown"


def _is_over_modem(proc: Path) -> bool:
    """Whether the first way out leads over a modem, by IPv4 or by IPv6: a coordinator may be reached by either."""
    return any(ways and min(ways)[1].startswith(MODEMS) for ways in (_by_ipv4(proc), _by_ipv6(proc)))


def _by_ipv4(proc: Path) -> list[tuple[int, str]]:
    """Each way out: its metric, of which the least is taken first, and its interface; none where nobody says."""
    try:
        return [(int(row[6]), row[0]) for row in _rows(proc / "net" / "route") if row[1:2] == ["00000000"]]
    except (ValueError, IndexError):
        return []


def _by_ipv6(proc: Path) -> list[tuple[int, str]]:
    """The same, of a file in hexadecimal; one that only refuses stands there where there is no way out."""
    try:
        rows = [row for row in _rows(proc / "net" / "ipv6_route") if row[:2] == ["0" * 32, "00"]]
        return [(int(row[5], 16), row[9]) for row in rows if not int(row[8], 16) & REFUSES]
    except (ValueError, IndexError):
        return []


def _rows(file: Path) -> list[list[str]]:
    try:
        return [line.split() for line in file.read_text("ascii", "replace").splitlines()]
    except OSError:
        return []
