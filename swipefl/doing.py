"""What long work is at, as whoever does it tells whoever watches: nobody waits for a minute and sees nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar


@dataclass(frozen=True)
class Doing:
    """Work that begins, or is `done` of `total` steps; `total` is None where nobody knows how long it takes."""

    what: str
    done: int = 0
    total: int | None = None


OnDoing: TypeAlias = Callable[[Doing], None]

Item = TypeVar("Item")


def unheard(doing: Doing) -> None:
    """What nobody watches."""


def each(items: Sequence[Item], what: str, on_doing: OnDoing) -> Iterator[Item]:
    """The items one by one; `on_doing` hears how many of them are done, before each and in the end."""
    for done, item in enumerate(items):
        on_doing(Doing(what, done, len(items)))
        yield item
    on_doing(Doing(what, len(items), len(items)))
