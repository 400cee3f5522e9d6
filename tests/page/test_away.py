"""While the server is away, what was swiped waits, and may be taken back."""

import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

import swipefl
from tests.page.acts import anew, draw, erase, written
from tests.page.eventually import eventually
from tests.page.visitor import LAPTOP, PHONE, SHOWN, Size, visitor
from tests.support.serving import serving

pytestmark = pytest.mark.anyio

GONE = ("ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "Failed to load resource")


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=lambda size: size.name)
async def test_only_what_was_left_is_read_when_it_is_back(
    browser: Browser, tmp_path: Path, pictures: Path | None, size: Size
) -> None:
    home = tmp_path / "home"
    with serving(home) as first:
        async with visitor(browser, first.url, size) as person:
            person.watch.expected = GONE
            await draw(person, "well")
            await written(person, "Well")
            with swipefl.open(home) as device:
                await eventually(lambda: device.status().gestures["good"] == 1)
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
            await draw(person, "hello", "friend")
            line = person.page.locator(f"{SHOWN} [data-role=line]")
            await expect(line).to_contain_text("2 swipes")
            await person.picture(pictures, f"try-two-wait-{size.name}")
            await anew(person)
            await expect(line).not_to_contain_text("2 swipes")
            await draw(person, "water", "friend")
            await erase(person)
            with serving(home, "--port", str(first.port)):
                await written(person, "Water")
                with swipefl.open(home) as device:
                    await eventually(lambda: device.status().gestures["good"] == 2)
                await person.settle()
                assert await person.text() == "Water"
                await expect(line).not_to_contain_text("does not answer")
