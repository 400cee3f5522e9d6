"""Whom a request is counted to, and how much of something each of them has at a time."""

from collections import Counter

from starlette.types import Scope

from swipefl.api.addresses import share_of
from swipefl.api.guards.tokens import KNOWN


def client_of(scope: Scope) -> str:
    """Whom a request is counted to: an address, and on it the page apart from programs, and strangers from both."""
    address = share_of(scope["client"][0]) if scope.get("client") else ""
    if not scope.get(KNOWN, True):
        return f"stranger {address}"
    is_page = (b"sec-fetch-site", b"same-origin") in scope["headers"]
    return f"page {address}" if is_page else f"program {address}"


class Shares:
    """Of something that there are `most` of, each client has `of_one` at most."""

    def __init__(self, most: int, of_one: int) -> None:
        self._most = most
        self._of_one = of_one
        self._taken: Counter[str] = Counter()

    def take(self, client: str, count: int = 1) -> bool:
        """Whether a client may have that many more, which then are taken."""
        if self._taken[client] + count > self._of_one or self._taken.total() + count > self._most:
            return False
        self._taken[client] += count
        return True

    def give_back(self, client: str, count: int = 1) -> None:
        """They are free again."""
        self._taken[client] -= count
        if not self._taken[client]:
            del self._taken[client]
