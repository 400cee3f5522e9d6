"""The guards in their order: what costs least comes first, and nothing is read of who may not ask."""

import socket
from collections.abc import Collection

from fastapi import FastAPI
from starlette.types import ASGIApp

from swipefl.api.guards.bodies import BodyGuard
from swipefl.api.guards.headers import SecurityHeaders
from swipefl.api.guards.heads import HeadGuard, Heads
from swipefl.api.guards.hosts import HostGuard
from swipefl.api.guards.origins import Origin, OriginGuard, sharing
from swipefl.api.guards.tokens import TokenGuard
from swipefl.api.guards.turns import TurnGuard
from swipefl.api.listening import Listening
from swipefl.api.metrics import Counting


def guarded(
    app: FastAPI, listening: Listening, origins: tuple[Origin, ...], token: str | None, open_paths: Collection[str]
) -> ASGIApp:
    """`app` behind all of them; with a `token`, what needs none are the `open_paths`."""
    names = {"localhost", *listening.named}  # and none of the origins': who answers for that name elsewhere is not here
    if not listening.is_loopback:
        names |= {socket.gethostname(), f"{socket.gethostname()}.local", *listening.certified()}
    guarded: ASGIApp = BodyGuard(TurnGuard(Heads(app)))
    if token is not None:
        guarded = TokenGuard(guarded, token, open_paths)
    guarded = OriginGuard(sharing(guarded, origins), origins)
    guarded = HeadGuard(HostGuard(guarded, names, not listening.is_loopback))
    return SecurityHeaders(Counting(guarded, app.state.metrics, [*app.openapi()["paths"], "/metrics"]))
