"""What was found out of some hundred swipes, so that it is not found out again for every look."""

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Memory(Generic[Key, Found]):
    """What was found of each key of the last look; usable from any thread, which look one after the other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._known: dict[Key, Found] = {}
        self._looking = threading.Lock()
        self._clock = clock

    def each(self, keys: Iterable[Key], find: Callable[[Key], Found], most_s: float) -> list[Found]:
        """What was or is found of these, in their order; of the last ones nothing once `most_s` seconds are over."""
        with self._looking:
            until, found = self._clock() + most_s, dict[Key, Found]()
            for key in keys:
                if key not in self._known and self._clock() >= until:
                    break
                found[key] = self._known[key] if key in self._known else find(key)
            self._known = found
        return list(found.values())
