"""How much one device, or one address, may ask for."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from urllib.parse import unquote

from swipefl.federation.protocol.bounds import MOST_EXAMPLES, check

MOST_KEYS = 100_000  # what is forgotten beyond them had the longest rest


@dataclass(frozen=True)
class Limits:
    """Bounds on one device: calls a minute, bytes of updates a day, seconds a stream may take, claimed examples.

    `wrong_tokens_a_minute` bounds one address, `enrolments_an_hour` one token (it enrols once; the rest are repeats for
    a device that missed the answer), `concurrent_calls` all together, of which `calls_of_a_device` may be of one, and a
    quarter of all who have no credential. What a call asks is waited for for `request_s`, and so is who takes what it
    is answered; so may `waiting_calls` of a device at once, and in each method `waiting_strangers` of all strangers.
    Raises UsageError for what is no finite number from 0 on.
    """

    calls_a_minute: int = 120
    upload_bytes_a_day: int = 64 * 1024 * 1024
    stream_s: float = 60.0
    examples: int = MOST_EXAMPLES
    wrong_tokens_a_minute: int = 10
    enrolments_an_hour: int = 10
    concurrent_calls: int = 1024
    calls_of_a_device: int = 16
    request_s: float = 5.0
    waiting_calls: int = 8
    waiting_strangers: int = 64

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            check(name, value, 0)

    @property
    def calls_of_strangers(self) -> int:
        """How many calls of who has no credential may run; the others are for devices."""
        return self.concurrent_calls // 4


class RateLimit:
    """Token buckets by key: `burst` at once, `a_second` more each second."""

    def __init__(self, burst: float, a_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._a_second = a_second
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str, cost: float = 1.0) -> bool:
        """Whether `key` has `cost` left, which then is spent."""
        now, left = self._clock(), self.left(key)
        allowed = left >= cost
        self._left.pop(key, None)
        self._left[key] = (left - cost if allowed else left, now)
        if len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return allowed

    def left(self, key: str) -> float:
        """What `key` could spend now."""
        now = self._clock()
        left, at = self._left.get(key, (self._burst, now))
        return min(self._burst, left + (now - at) * self._a_second)


def share_of(peer: str | None) -> str:
    """The address that a caller's share is counted by, of how grpc names a peer: an IPv6 one by its /64, as one has."""
    host = unquote((peer or "").partition(":")[2].rpartition(":")[0]).strip("[]")
    try:
        address = ip_address(host)
    except ValueError:  # no address, as of a socket in a file
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or IPv6Network((address, 64), strict=False))
