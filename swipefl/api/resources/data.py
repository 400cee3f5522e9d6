"""`/api/v1/export` and `/forget`: what is the person's, to have and to erase."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from swipefl.api.bodies import JsonRoute
from swipefl.api.schemas.requests import Everything, OneSwipe, SomeSwipes
from swipefl.device.ownership import ForgetReport
from swipefl.errors import Remedy, UsageError
from swipefl.jsonline import json_line
from swipefl.library.device import Device

LINES = "application/x-ndjson"
BLOCK = 1 << 16  # characters
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

    @router.get("/export", response_class=StreamingResponse, responses={200: EXPORT})
    async def export() -> StreamingResponse:
        """All that is the person's: keyboards, swipes and words, as it is read."""
        headers = {"Content-Disposition": 'attachment; filename="swipes.jsonl"', "Cache-Control": "no-store"}
        return StreamingResponse(await _begun(_blocks(device)), media_type=LINES, headers=headers)

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
        raise UsageError("no-day", "before is a day such as 2026-01-31", Remedy.SAY_SCOPE) from None


def _blocks(device: Device) -> Iterator[str]:
    """The lines of an export, many at a time."""
    block: list[str] = []
    size = 0
    for line in device.export():
        block.append(json_line(line))
        size += len(block[-1])
        if size >= BLOCK:
            yield "\n".join(block) + "\n"
            block, size = [], 0
    if block:
        yield "\n".join(block) + "\n"


async def _begun(blocks: Iterator[str]) -> AsyncIterator[str]:
    """The blocks, all read in one thread; the first is read now, so that what fails is answered as a problem."""
    thread = ThreadPoolExecutor(1, "swipefl export")
    read = partial(asyncio.get_running_loop().run_in_executor, thread, next, blocks, "")
    return _going_on(await read(), read, thread)


async def _going_on(block: str, read: Callable[[], Awaitable[str]], thread: ThreadPoolExecutor) -> AsyncIterator[str]:
    try:
        while block:
            yield block
            block = await read()
    finally:
        thread.shutdown(wait=False)
