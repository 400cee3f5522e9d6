"""The browser of these tests: Debian's Chromium without a screen, moved by Playwright."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),  # it has none for root
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A running one. Skips the test where there is none."""
    if PROGRAM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=PROGRAM, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()
