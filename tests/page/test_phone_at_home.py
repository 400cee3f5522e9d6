"""A phone on the same network: the link with its token, no TLS, and a browser that withholds much for want of it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.swipes import swipe_of
from tests.page.visitor import PHONE, SECTIONS, visitor
from tests.support.serving import Serving, serving

pytestmark = pytest.mark.anyio

WITHOUT_TLS = ("Cross-Origin-Opener-Policy header has been ignored",)


@pytest.fixture
def at_home(tmp_path: Path, browser: Browser) -> Iterator[Serving]:
    """A server that listens on this machine's own address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as looking:
        try:
            looking.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address but loopback")
        address = looking.getsockname()[0]
    with serving(tmp_path / "home", "--host", address, "--insecure") as process:
        yield process


async def test_a_word_by_the_link(browser: Browser, at_home: Serving, pictures: Path | None) -> None:
    assert at_home.token
    async with visitor(browser, at_home.url, PHONE, f"/#token={at_home.token}") as phone:
        phone.watch.expected = WITHOUT_TLS
        assert not await phone.page.evaluate("() => isSecureContext")
        # some word: without TLS a browser gives one point a frame, so which one it is would depend on speed
        assert await phone.swipe(swipe_of("keyboard", built_in("qwerty"), CAREFUL))
        assert at_home.token not in phone.page.url
        for tab in SECTIONS:
            await phone.open(tab)
            await phone.settle()
    assert at_home.token not in at_home.log()


async def test_without_the_link_the_page_says_what_is_missing(
    browser: Browser, at_home: Serving, pictures: Path | None
) -> None:
    async with visitor(browser, at_home.url, PHONE) as phone:
        phone.watch.expected = ("401", *WITHOUT_TLS)
        await expect(phone.page.locator("main")).to_contain_text("Open the link")
        await phone.picture(pictures, "no-token")
