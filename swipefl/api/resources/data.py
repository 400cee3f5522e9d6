"""`/api/v1/export` and `/forget`: what is the person's, to have and to erase."""

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from swipefl.api.bodies import JsonRoute
from swipefl.api.guards.clients import Shares, client_of
from swipefl.api.problems import Busy
from swipefl.api.schemas.requests import Everything, OneSwipe, SomeSwipes
from swipefl.device.ownership import ForgetReport
from swipefl.errors import Remedy, UsageError
from swipefl.jsonline import json_line
from swipefl.library.device import Device

LINES = "application/x-ndjson"
BLOCK = 1 << 16  # characters
AT_ONCE, OF_ONE = 16, 2  # exports, and of one client's: each holds the store as it was when it began
EXPORT = {
    "description": "Keyboards, swipes and words, a line each, as `swipefl ingest` takes them back.",
    "content": {
        LINES: {
            "schema": {"type": "string"},
            "examples": {"1": {"value": '{"word": "Wendy", "language": "en", "personal": "added"}\n'}},
        }
    },
}


def routes(device: Device) -> APIRouter:
    """What a person may always have."""
    router = APIRouter(route_class=JsonRoute, tags=["data"])
    exports = Shares(AT_ONCE, OF_ONE)

    @router.get("/export", response_class=StreamingResponse, responses={200: EXPORT})
    async def export(request: Request) -> StreamingResponse:
        """All that is the person's: keyboards, swipes and words, as it is read."""
        client = client_of(request.scope)
        if not exports.take(client):
            raise Busy("too-busy", "too many exports are being read")
        read = _Read(_blocks(device), partial(exports.give_back, client))
        try:
            first = await read.next()  # now, so that what fails is answered as a problem
        except BaseException:
            read.close()
            raise
        return _Exported(read, first)

    @router.post("/forget", response_model=ForgetReport, responses={404: {}, 409: {}})
    def forget(what: Everything | OneSwipe | SomeSwipes) -> ForgetReport:
        """Erases swipes for good, with all that came of them; with `dry_run` says what would be."""
        return _forget(device, what)

    return router


def _forget(device: Device, what: Everything | OneSwipe | SomeSwipes) -> ForgetReport:
    """Raises UsageError where it is not said what."""
    erase: Callable[..., ForgetReport] = partial(device.forget, dry_run=what.dry_run)
    if isinstance(what, Everything):
        return erase(everything=True)
    if isinstance(what, OneSwipe):
        return erase(gesture_id=what.gesture_id)
    return erase(word=what.word, before=_day(what.before))


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError("no-such-day", "before is a day such as 2026-01-31", Remedy.SAY_SCOPE) from None


def _blocks(device: Device) -> Generator[str]:
    """The lines of an export, many at a time."""
    block: list[str] = []
    size = 0
    with closing(device.export()) as lines:
        for line in lines:
            block.append(json_line(line))
            size += len(block[-1])
            if size >= BLOCK:
                yield "\n".join(block) + "\n"
                block, size = [], 0
    if block:
        yield "\n".join(block) + "\n"


class _Read:
    """An export, all of it read and closed in one thread."""

    def __init__(self, blocks: Generator[str], on_close: Callable[[], None]) -> None:
        self._blocks = blocks
        self._on_close = on_close
        self._thread = ThreadPoolExecutor(1, "swipefl export")

    async def next(self) -> str:
        """The next block, empty at the end. Raises StoreError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, next, self._blocks, "")

    def close(self) -> None:
        """Lets go of the store, also where not all was read; waits for nothing."""
        self._thread.submit(self._blocks.close)
        self._thread.shutdown(wait=False)
        self._on_close()


class _Exported(StreamingResponse):
    """The answer, which ends the reading however it ends itself."""

    def __init__(self, read: _Read, first: str) -> None:
        headers = {"Content-Disposition": 'attachment; filename="swipes.jsonl"', "Cache-Control": "no-store"}
        super().__init__(_going_on(read, first), media_type=LINES, headers=headers)
        self._read = read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._read.close()


async def _going_on(read: _Read, block: str) -> AsyncIterator[str]:
    while block:
        yield block
        block = await read.next()
