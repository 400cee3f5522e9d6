"""Places that callers share: where all are taken, the oldest of who has most gives way."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Place:
    """One that is taken; `share` says from which address, `give_up` ends what holds it."""

    share: str
    give_up: Callable[[], object]


class Places:
    """Places by key, in order of arrival."""

    def __init__(self) -> None:
        self._taken: dict[str, list[Place]] = {}

    def take(self, place: Place, key: str, most: int) -> Place | None:
        """Takes one of `most` under `key`. Gives the place that had to be given up for it, if any."""
        places = self._taken.setdefault(key, [])
        places.append(place)
        if len(places) <= most:
            return None
        ((crowd, _),) = Counter(each.share for each in places).most_common(1)
        oldest = next(each for each in places if each.share == crowd)
        self.leave(oldest, key)
        oldest.give_up()
        return oldest

    def leave(self, place: Place, key: str) -> None:
        """The place is free again; nothing where it was given up before."""
        if place in (places := self._taken.get(key, [])):
            places.remove(place)
            if not places:
                del self._taken[key]
