"""Who may ask: whoever has the token, where there is one."""

import hmac
from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from swipefl.api.problems import problem_response
from swipefl.errors import Remedy, UsageError

KNOWN = "swipefl.known"  # in a scope: whether the token was shown
PAUSE = "swipefl.pause_s"  # in a scope: how long its connection is not to be heard after the answer
PAUSE_S = 0.2  # of a stranger, who so may try a few tokens a second


class TokenGuard:
    """Asks for `Authorization: Bearer TOKEN`, but for `open_paths`, which only are read."""

    def __init__(self, app: ASGIApp, token: str, open_paths: Collection[str]) -> None:
        self._app = app
        self._token = token.encode()
        self._open = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        scope[KNOWN] = self._is_shown(scope)
        if scope[KNOWN] or (scope["path"] in self._open and scope["method"] in ("GET", "HEAD")):
            return await self._app(scope, receive, send)
        scope[PAUSE] = PAUSE_S
        error = UsageError("no-token-shown", "this needs the server's token", Remedy.SHOW_TOKEN)
        await problem_response(error, 401, {"WWW-Authenticate": 'Bearer realm="swipefl"'})(scope, receive, send)

    def _is_shown(self, scope: Scope) -> bool:
        shown = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(shown) != 1:
            return False
        kind, _, token = shown[0].partition(b" ")
        return kind.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)
