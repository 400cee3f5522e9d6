"""Waiting beside a browser, whose requests need the loop of the test to go on."""

import asyncio
import time
from collections.abc import Callable

from tests.support.waiting import LONG_S


async def eventually(true: Callable[[], object]) -> None:
    """Looks again and again until it is true; fails where it does not become so."""
    until = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < until, f"not within {LONG_S:.0f} s: {true}"
        await asyncio.sleep(0.02)
