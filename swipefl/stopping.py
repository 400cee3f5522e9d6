"""How work learns that it is to end: it asks at each safe moment, and a signal, or whatever comes next, answers."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar

from swipefl.errors import SwipeflError

Stop: TypeAlias = Callable[[], SwipeflError | None]
"""Says why work is to end now, or None: what training, judging and downloads ask."""

Item = TypeVar("Item")


def never() -> None:
    """The stop that never comes."""


def raise_if(stop: Stop) -> None:
    """Raises what `stop` says, if it says anything."""
    if (why := stop()) is not None:
        raise why


def until(stop: Stop, items: Iterable[Item]) -> Iterator[Item]:
    """The items, as long as `stop` says nothing; it is asked before each. Raises what it says."""
    for item in items:
        raise_if(stop)
        yield item
