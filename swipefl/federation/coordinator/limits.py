"""How much one device, or one address, may ask for."""

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KEYS = 100_000  # what is forgotten beyond them had the longest rest


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
