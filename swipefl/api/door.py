"""How many connections are taken: where there are more, somebody who has many makes room."""

import socket
from collections import Counter
from contextlib import suppress
from typing import Any

from swipefl.api.addresses import share_of

Peer = tuple[str, int]


class Door:
    """Keeps `most` connections open, those too whose TLS has not begun; each newcomer beyond them ends one.

    That is of the address that has the most of them, and there the oldest of which nothing is being done.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[Peer, _Visitor] = {}  # the oldest first
        self._busy: set[Peer] = set()

    def opened(self, listening: socket.socket) -> socket.socket:
        """The same listening socket, whose connections are counted."""
        return _Listening(self, fileno=listening.detach())

    def enter(self, visitor: "_Visitor") -> None:
        """Takes a connection in."""
        if len(self._open) >= self._most:
            self._make_room()
        self._open[visitor.peer] = visitor

    def leave(self, visitor: "_Visitor") -> None:
        """Forgets a connection that is closed."""
        if self._open.get(visitor.peer) is visitor:  # and not the next one from there
            del self._open[visitor.peer]
            self._busy.discard(visitor.peer)

    def busy(self, peer: Peer | None, is_busy: bool) -> None:
        """Whether a request of a connection's is being answered."""
        if peer in self._open:
            (self._busy.add if is_busy else self._busy.discard)(peer)

    def _make_room(self) -> None:
        ((most, _),) = Counter(share_of(host) for host, _ in self._open).most_common(1)
        theirs = [peer for peer in self._open if share_of(peer[0]) == most]
        victim = next((peer for peer in theirs if peer not in self._busy), theirs[0])
        visitor = self._open[victim]
        self.leave(visitor)
        visitor.hang_up()


class _Listening(socket.socket):
    """A listening socket; asyncio calls `accept`."""

    def __init__(self, door: Door, **given: Any) -> None:
        super().__init__(**given)
        self._door = door

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection. Raises OSError."""
        accepted, at = super().accept()
        visitor = _Visitor(self._door, (at[0], at[1]), fileno=accepted.detach())
        self._door.enter(visitor)
        return visitor, at


class _Visitor(socket.socket):
    """A connection, which says when it is closed."""

    def __init__(self, door: Door, peer: Peer, **given: Any) -> None:
        super().__init__(**given)
        self.peer = peer
        self._door = door

    def hang_up(self) -> None:
        """Ends it: whoever reads from it finds its end, and closes it."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Closes it, and makes room."""
        super().close()
        self._door.leave(self)
