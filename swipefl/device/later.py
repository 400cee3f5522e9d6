"""What is made when it is first asked for: a night in which nothing is to be done makes, and loads, none of it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

Part = TypeVar("Part")


class Later(Generic[Part]):
    """Stands for what `make` gives."""

    def __init__(self, make: Callable[[], Part]) -> None:
        self._make = make
        self._made: list[Part] = []

    def __getattr__(self, name: str) -> Any:
        if not self._made:
            self._made.append(self._make())
        return getattr(self._made[0], name)


def later(make: Callable[[], Part]) -> Part:
    """What `make` gives, made once and not before something of it is asked for."""
    return cast(Part, Later(make))
