"""How fast one may ask, and whose turn it is: nobody who asks a lot keeps another one waiting."""

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swipefl.api.guards.bodies import SIZE
from swipefl.api.guards.clients import client_of
from swipefl.api.guards.tokens import PAUSE
from swipefl.api.problems import Busy, problem_response
from swipefl.federation.coordinator.limits import RateLimit

UNCOUNTED = "/health/live"


@dataclass(frozen=True)
class Pace:
    """What one client may ask a second, what at once before that counts, and how much of it may wait.

    Each `bytes_of_one` more of a body count as one more request: a large one is as much work as many small ones.
    `at_once` requests are worked on together, `predictions_at_once` beside them: two cores do not do more, and what
    waits for the disk keeps no prediction waiting.
    """

    a_second: float = 50.0
    burst: float = 300.0
    bytes_of_one: int = 1 << 15
    waiting: int = 64
    at_once: int = 8
    predictions_at_once: int = 2


class TurnGuard:
    """Answers 429 to who asks faster than `pace`; of all others, clients have their turns one after the other."""

    def __init__(self, app: ASGIApp, pace: Pace = Pace()) -> None:
        self._app = app
        self._pace = pace
        self._rate = RateLimit(pace.burst, pace.a_second)
        self._others = Turns(pace.at_once, pace.waiting)
        self._predictions = Turns(pace.predictions_at_once, pace.waiting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == UNCOUNTED:
            return await self._app(scope, receive, send)
        client = client_of(scope)
        cost = 1 + scope.get(SIZE, 0) // self._pace.bytes_of_one
        if not self._rate.allows(client, cost):
            wait_s = (cost - self._rate.left(client)) / self._pace.a_second
            scope[PAUSE] = wait_s
            return await _slower(wait_s)(scope, receive, send)
        turns = self._predictions if scope["path"].endswith("/predict") else self._others
        try:
            async with turns.of(client) as end:
                await self._app(scope, receive, _ending(send, end))
        except _TooMany:
            await _slower(1)(scope, receive, send)


def _slower(wait_s: float) -> ASGIApp:
    error = Busy("too-fast", "this is more than one may ask for; ask again in a moment")
    return problem_response(error, 429, {"Retry-After": str(math.ceil(wait_s))})


def _ending(send: Send, end: Callable[[], None]) -> Send:
    """A turn ends when its answer begins: what may stream for long is no work."""

    async def send_and_end(message: Message) -> None:
        if message["type"] == "http.response.start":
            end()
        await send(message)

    return send_and_end


class _TooMany(Exception):
    """A client has too much waiting already."""


class Turns:
    """`at_once` may work; who waits does so behind their own, and clients take turns."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = at_once
        self._most = waiting
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order of whose turn it is

    @asynccontextmanager
    async def of(self, client: str) -> AsyncIterator[Callable[[], None]]:
        """A turn of a client's, which ends with the block or by a call of what this gives. Raises _TooMany."""
        await self._take(client)
        has_ended = False

        def end() -> None:
            nonlocal has_ended
            if not has_ended:
                has_ended = True
                self._pass_on()

        try:
            yield end
        finally:
            end()

    async def _take(self, client: str) -> None:
        if self._free:
            self._free -= 1
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        behind = self._waiting.setdefault(client, deque())
        if len(behind) >= self._most:
            raise _TooMany
        behind.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # it had come just then
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Gives a turn that ended to the client whose last one is the longest ago."""
        while self._waiting:
            client = next(iter(self._waiting))
            behind = self._waiting.pop(client)
            next_one = behind.popleft()
            if behind:
                self._waiting[client] = behind  # and to the end of the line
            if not next_one.done():
                next_one.set_result(None)
                return
        self._free += 1
