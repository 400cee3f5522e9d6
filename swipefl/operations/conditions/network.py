"""Does the network count what goes over it? NetworkManager knows; the kernel knows a modem when it sees one."""

from pathlib import Path
from typing import Literal

from swipefl.operations.conditions.bus import Absent, Bus, Silent

MANAGER = "org.freedesktop.NetworkManager"
YES, NO, GUESS_YES, GUESS_NO = 1, 2, 3, 4  # as NetworkManager numbers them; 0: it does not know
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
    """Whether the first way out leads over a modem."""
    try:
        rows = [line.split() for line in (proc / "net" / "route").read_text("ascii", "replace").splitlines()]
        ways = [(int(row[6]), row[0]) for row in rows[1:] if len(row) > 6 and row[1] == "00000000"]
    except (OSError, ValueError):
        return False
    return bool(ways) and min(ways)[1].startswith(MODEMS)
