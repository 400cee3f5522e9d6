"""How long a request's head may be, that it asks for something here, and answers to who wants no more than a head."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swipefl.api.guards import CLOSING
from swipefl.api.problems import problem_response
from swipefl.errors import UsageError

MOST_HEAD = 16 << 10  # bytes; browsers send one


class HeadGuard:
    """Refuses long heads, and an address that is a proxy's to look for."""

    def __init__(self, app: ASGIApp, most: int = MOST_HEAD) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._fault(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _fault(self, scope: Scope) -> ASGIApp | None:
        size = len(scope["raw_path"]) + len(scope["query_string"])
        if size + sum(len(name) + len(value) for name, value in scope["headers"]) > self._most:
            what = "the head of a request may have {most_kb} KB at most"
            return problem_response(UsageError("long-head", what, most_kb=self._most >> 10), 431, CLOSING)
        if scope["http_version"] not in ("1.0", "1.1"):
            return problem_response(UsageError("other-http", "this speaks HTTP/1.1"), 505, CLOSING)
        if not scope["raw_path"].startswith(b"/"):
            return problem_response(UsageError("no-path", "an address begins with a slash"), 400, CLOSING)
        return None


class Heads:
    """Answers HEAD as GET, and leaves out the body, also one that would have no end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self._app(scope, receive, send)

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})  # then `receive` says that whoever asked is gone

        await self._app({**scope, "method": "GET"}, receive, send_head)
