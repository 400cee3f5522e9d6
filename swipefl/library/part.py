"""What `words`, `keyboards` and `lexicons` of a device have in common: how they come to its home."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swipefl.home import Home


class Part:
    """What a person has of one kind; `opened` gives the home to who reads, `changing` to who changes what is there."""

    def __init__(
        self,
        opened: "Callable[[], AbstractContextManager[Home]]",
        changing: "Callable[[], AbstractContextManager[Home]]",
    ) -> None:
        self._opened = opened
        self._changing = changing
