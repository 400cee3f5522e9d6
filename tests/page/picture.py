"""Pictures of the page with a swipe on it, for the README: `python -m tests.page.picture LAPTOP.png PHONE.png`.

The swipes are generated; nobody's own are ever in it.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, FloatRect

from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.chromium import chromium
from tests.page.swipes import swipe_of
from tests.page.visitor import LAPTOP, PHONE, Size, Visitor, visitor
from tests.support.serving import serving

WORDS = ("see", "you", "on", "Thursday")
ROOM = 120  # CSS pixels beside the keyboard


async def taken(browser: Browser, url: str, size: Size, out: Path) -> None:
    """One picture: some words are written, and the finger is about to be lifted from the last."""
    keyboard = built_in("qwerty")
    async with visitor(browser, url, size, device_scale_factor=2) as person:
        for word in WORDS[:-1]:
            await person.swipe(swipe_of(word, keyboard, CAREFUL))
        points = await person.points(swipe_of(WORDS[-1], keyboard, CAREFUL))
        await person.finger.down_and_along(points)
        await person.candidates.filter(has_text=WORDS[-1]).first.wait_for()
        await person.page.screenshot(path=out, clip=await _clip(person, size))
        await person.finger.up(points[-1])
        await person.writes_more_than(await person.text())


async def _clip(person: Visitor, size: Size) -> FloatRect:
    """The keyboard, and all that stands above it."""
    box = await person.box()
    left = max(0.0, box["x"] - ROOM)
    top = 0.0 if left == 0 else await person.page.locator("main").evaluate("(main) => main.getBoundingClientRect().top")
    return {"x": left, "y": top, "width": size.width - 2 * left, "height": size.height - top}


async def main(laptop: Path, phone: Path) -> None:
    with tempfile.TemporaryDirectory() as home, serving(Path(home) / "home") as served:
        async with chromium() as browser:
            for size, out in ((LAPTOP, laptop), (PHONE, phone)):
                await taken(browser, served.url, size, out)


if __name__ == "__main__":
    asyncio.run(main(*map(Path, sys.argv[1:3])))
