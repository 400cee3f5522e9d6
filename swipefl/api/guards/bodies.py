"""How much may be sent: a body is read whole before anything is done with it, so that a slow one holds up nothing."""

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swipefl.api.guards import CLOSING
from swipefl.api.guards.clients import Shares, client_of
from swipefl.api.problems import Busy, problem_response
from swipefl.errors import DataError, UsageError

MOST_BODY = 2 << 20  # bytes; a hundred swipes of 250 points are 1.2 MB
MOST_HELD, HELD_OF_ONE = 128 << 20, 16 << 20  # bytes of all bodies that are not answered yet, and of one client's
SIZE = "swipefl.size"  # in a scope: the bytes of the body


class BodyGuard:
    """Hands over the whole body of a request, if it has `most` bytes at most."""

    def __init__(self, app: ASGIApp, most: int = MOST_BODY) -> None:
        self._app = app
        self._most = most
        self._held = Shares(MOST_HELD, HELD_OF_ONE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        names = [name for name, _ in scope["headers"]]
        if b"transfer-encoding" in names and b"content-length" in names:  # a proxy might have read another request
            what = "a body has a length or an encoding, and not both"
            return await problem_response(UsageError("two-lengths", what), 400, CLOSING)(scope, receive, send)
        length = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
        taken = _Taken(self._held, client_of(scope))
        try:
            body = None if length > self._most else await self._read(receive, taken)
            if body is None:
                error = DataError("too-large", "a request may have {most_mb} MB at most", most_mb=self._most >> 20)
                return await problem_response(error, 413)(scope, receive, send)
            scope[SIZE] = len(body)
            await self._app(scope, _with(body, receive), send)
        except ClientDisconnect:
            return
        except Busy as error:
            await problem_response(error, headers=CLOSING)(scope, receive, send)
        finally:
            taken.give_back()

    async def _read(self, receive: Receive, taken: "_Taken") -> bytes | None:
        """The body; None for one that is too large. Raises ClientDisconnect, Busy."""
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._most:
                return None
            taken.take(len(parts[-1]))
            if not message.get("more_body", False):
                return b"".join(parts)


class _Taken:
    """The bytes that are held of one request."""

    def __init__(self, held: Shares, client: str) -> None:
        self._held, self._client, self._count = held, client, 0

    def take(self, count: int) -> None:
        """Holds so many more. Raises Busy where that is too much of one client's, or of all."""
        if not self._held.take(self._client, count):
            raise Busy("too-busy", "too much is being sent at once")
        self._count += count

    def give_back(self) -> None:
        """Holds none any more."""
        self._held.give_back(self._client, self._count)


def _with(body: bytes, receive: Receive) -> Receive:
    """Gives the body once, then what comes after it: that who asked hung up."""
    given = False

    async def receive_whole() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_whole
