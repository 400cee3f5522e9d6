"""How work learns that it is to end: it asks at each safe moment, and a signal, or whatever comes next, answers."""

from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import TypeAlias, TypeVar

from swipefl.errors import SwipeflError

Stop: TypeAlias = Callable[[], SwipeflError | None]
"""Says why work is to end now, or None: what training, judging and downloads ask."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def never() -> None:
    """The stop that never comes."""


def either(*stops: Stop) -> Stop:
    """The stop that comes as soon as one of these does."""
    return lambda: next((why for stop in stops if (why := stop()) is not None), None)


def raise_if(stop: Stop) -> None:
    """Raises what `stop` says, if it says anything."""
    if (why := stop()) is not None:
        raise why


def until(stop: Stop, items: Iterable[Item]) -> Iterator[Item]:
    """The items, as long as `stop` says nothing; it is asked before each. Raises what it says."""
    for item in items:
        raise_if(stop)
        yield item


def unbroken(step: Callable[[], Result]) -> Result:
    """What `step` gives. A signal that comes meanwhile raises nothing here: short work that asks as soon as it is done.

    A step of training that is raised out of leaves weights that are half of one step and half of the next.
    """
    return step()


def is_unbroken(frame: FrameType | None) -> bool:
    """Whether the frame that a signal came into is part of an `unbroken` step."""
    while frame is not None:
        if frame.f_code is unbroken.__code__:
            return True
        frame = frame.f_back
    return False
