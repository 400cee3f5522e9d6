"""How many connections a server may take: fewer than there are descriptors, so that its own work never lacks one."""

import resource
from contextlib import suppress

MOST_DESCRIPTORS = 65_536  # that are asked for, where a process may have more
OWN = 128  # kept for the database, certificates, /metrics and the log; thirty are in use
MOST_CONNECTIONS = 4_096  # 260 MB over TLS: `make scale` measures what one takes


def raise_limit() -> int:
    """Asks for as many descriptors as this process may have, up to `MOST_DESCRIPTORS`; how many it has then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _least(hard, MOST_DESCRIPTORS)
    if _least(soft, wanted) < wanted:
        with suppress(OSError, ValueError):  # some systems bound it elsewhere, too
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return _least(resource.getrlimit(resource.RLIMIT_NOFILE)[0], MOST_DESCRIPTORS)


def connections(descriptors: int) -> int:
    """How many connections leave enough of so many descriptors."""
    return min(MOST_CONNECTIONS, max(descriptors - OWN, descriptors // 2))


def _least(limit: int, most: int) -> int:
    return most if limit == resource.RLIM_INFINITY else min(limit, most)
