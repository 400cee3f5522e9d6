"""The guards in their order: what costs least comes first, and nothing is read of who may not ask."""

import socket
from collections.abc import Collection

from starlette.types import ASGIApp

from swipefl.api.guards.bodies import BodyGuard
from swipefl.api.guards.headers import SecurityHeaders
from swipefl.api.guards.heads import HeadGuard
from swipefl.api.guards.hosts import HostGuard
from swipefl.api.guards.origins import Origin, OriginGuard, sharing
from swipefl.api.guards.tokens import TokenGuard
from swipefl.api.guards.turns import TurnGuard
from swipefl.api.listening import Listening


def guarded(
    app: ASGIApp, listening: Listening, origins: tuple[Origin, ...], token: str | None, open_paths: Collection[str]
) -> ASGIApp:
    """`app` behind all of them; with a `token`, what needs none are the `open_paths`."""
    names = {"localhost", listening.address.host, *(origin.named.host for origin in origins)}
    if not listening.is_loopback:
        names |= {socket.gethostname(), f"{socket.gethostname()}.local", *listening.certified()}
    app = BodyGuard(TurnGuard(app))
    if token is not None:
        app = TokenGuard(app, token, open_paths)
    app = OriginGuard(sharing(app, origins), origins)
    return SecurityHeaders(HeadGuard(HostGuard(app, names, not listening.is_loopback)))
