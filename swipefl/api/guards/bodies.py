"""How much may be sent: a body is read whole before anything is done with it, so that a slow one holds up nothing."""

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swipefl.api.guards import CLOSING
from swipefl.api.problems import problem_response
from swipefl.errors import DataError, UsageError

MOST_BODY = 2 << 20  # bytes; a hundred swipes of 250 points are 1.2 MB
SIZE = "swipefl.size"  # in a scope: the bytes of the body


class BodyGuard:
    """Hands over the whole body of a request, if it has `most` bytes at most."""

    def __init__(self, app: ASGIApp, most: int = MOST_BODY) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        names = [name for name, _ in scope["headers"]]
        if b"transfer-encoding" in names and b"content-length" in names:  # a proxy might have read another request
            what = "a body has a length or an encoding, and not both"
            return await problem_response(UsageError("two-lengths", what), 400, CLOSING)(scope, receive, send)
        length = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
        try:
            body = None if length > self._most else await self._read(receive)
        except ClientDisconnect:
            return
        if body is None:
            error = DataError("too-large", "a request may have {most_mb} MB at most", most_mb=self._most >> 20)
            return await problem_response(error, 413)(scope, receive, send)
        scope[SIZE] = len(body)
        await self._app(scope, _with(body, receive), send)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body; None for one that is too large. Raises ClientDisconnect."""
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._most:
                return None
            if not message.get("more_body", False):
                return b"".join(parts)


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
