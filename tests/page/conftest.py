"""The browser, the server, and somebody who opens the page."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.page.chromium import chromium
from tests.page.visitor import LAPTOP, Size, Visitor, visitor
from tests.support.command import SHORT, swipefl
from tests.support.serving import Serving, serving
from tests.support.swipes import EXAMPLE

Visit = Callable[..., Awaitable[Visitor]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
async def browser(anyio_backend: str) -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest.fixture
def served(tmp_path: Path, browser: Browser) -> Iterator[Serving]:
    """The real process on a home of its own."""
    with serving(tmp_path / "home") as process:
        yield process


@pytest.fixture
def learned(served: Serving) -> Serving:
    """The same, after the example's swipes and a night."""
    assert swipefl(served.home, "ingest", str(EXAMPLE)).code == 0
    assert swipefl(served.home, "cycle", "--rounds", "2", **SHORT).code == 0
    return served


@pytest.fixture
async def visit(browser: Browser, served: Serving) -> AsyncIterator[Visit]:
    """Opens the page; at the end nothing may have gone wrong that nobody saw."""
    async with AsyncExitStack() as open_pages:

        async def opened(size: Size = LAPTOP, path: str = "/", **more: Any) -> Visitor:
            return await open_pages.enter_async_context(visitor(browser, served.url, size, path, **more))

        yield opened


@pytest.fixture
def pictures() -> Path | None:
    """Where pictures of the page are wanted, if they are."""
    folder = os.environ.get("PAGE_PICTURES")
    return Path(folder) if folder else None
