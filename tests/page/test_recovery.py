"""The server is killed and comes back, and whoever swipes goes on where they were."""

import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

import swipefl
from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.swipes import swipe_of
from tests.page.visitor import LAPTOP, SHOWN, visitor
from tests.support.serving import serving
from tests.support.waiting import wait_until

pytestmark = pytest.mark.anyio

QWERTY = built_in("qwerty")


async def test_a_word_that_was_swiped_meanwhile_comes_when_the_server_is_back(
    browser: Browser, tmp_path: Path, pictures: Path | None
) -> None:
    home = tmp_path / "home"
    with serving(home) as first:
        async with visitor(browser, first.url, LAPTOP) as person:
            person.watch.expected = ("ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "Failed to load resource")
            await person.swipe(swipe_of("thanks", QWERTY, CAREFUL))
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
            before = await person.text()
            await person.finger.draw(await person.points(swipe_of("water", QWERTY, CAREFUL)))
            await expect(person.page.locator(f"{SHOWN} [data-role=line]")).to_contain_text("does not answer")
            await person.picture(pictures, "try-server-away")
            with serving(home, "--port", str(first.port)):
                await person.writes_more_than(before)
                assert (await person.text()).split()[1:] == ["water"]
                with swipefl.open(home) as device:
                    wait_until(lambda: device.status().gestures["good"] == 2)
                await expect(person.page.locator(f"{SHOWN} [data-role=line]")).not_to_contain_text("does not answer")
