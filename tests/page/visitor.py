"""Somebody who opens the page and uses it: what they see and do, in their words."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, FloatRect, Locator, Page, expect

from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.synthesis import Person
from tests.page.finger import Finger, Point, over
from tests.page.swipes import swipe_of
from tests.page.watch import Watch
from tests.support.waiting import LONG_S

SAID = re.compile("right|wrong|again")
SHOWN = "main > section:not([hidden])"
expect.set_options(timeout=LONG_S * 1000)
Tab = Literal["Try", "Practise", "Your model", "What is shared"]
READY = {
    "try": "[data-role=keyboard]",
    "practise": "[data-role=word]",
    "model": "[data-role=models]",
    "shared": "[data-role=shared]",
}
SECTIONS: dict[Tab, str] = {"Try": "try", "Practise": "practise", "Your model": "model", "What is shared": "shared"}


@dataclass(frozen=True)
class Size:
    """A screen, in CSS pixels."""

    name: str
    width: int
    height: int
    touch: bool = False


LAPTOP = Size("laptop", 1280, 800)
PHONE = Size("phone", 390, 844, touch=True)
SMALL_PHONE = Size("small-phone", 320, 568, touch=True)
LANDSCAPE = Size("landscape", 844, 390, touch=True)
SIZES = (LAPTOP, PHONE, SMALL_PHONE, LANDSCAPE)


@dataclass(frozen=True)
class Visitor:
    """A page that is open, and the finger over it."""

    page: Page
    finger: Finger
    watch: Watch

    async def open(self, tab: Tab) -> Locator:
        """Goes to a tab; its section."""
        await self.page.get_by_role("navigation").get_by_role("link", name=tab).click()
        section = self.page.locator(f"section#{SECTIONS[tab]}")
        await expect(section.locator(READY[SECTIONS[tab]]).first).to_be_visible()
        return section

    @property
    def keyboard(self) -> Locator:
        """The surface that is swiped on."""
        return self.page.locator(f"{SHOWN} [data-role=keyboard]")

    @property
    def candidates(self) -> Locator:
        """The words offered, the best first."""
        return self.page.locator(f"{SHOWN} [data-role=candidates] button[data-word]")

    async def settle(self) -> None:
        """Waits until the page has asked all that it asks by itself, and has drawn it."""
        await self.watch.quiet()
        await self.drawn()

    async def drawn(self) -> None:
        """Waits until what the page shows is seen."""
        await self.page.evaluate(
            "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
        )

    async def text(self) -> str:
        """What was written so far."""
        return await self.page.locator(f"{SHOWN} [data-role=text]").get_attribute("data-text") or ""

    async def proportions(self) -> float:
        """The keyboard's width by its height."""
        box = await self.box()
        return box["width"] / box["height"]

    async def box(self) -> FloatRect:
        """Where the keyboard is drawn."""
        await self.keyboard.scroll_into_view_if_needed()
        found = await self.keyboard.bounding_box()
        assert found is not None
        return found

    async def points(self, swipe: Mapping[str, Any]) -> list[Point]:
        """A line of swipes.jsonl over the keyboard as it is drawn."""
        return over(await self.box(), swipe)

    async def swipe(self, swipe: Mapping[str, Any], as_recorded: bool = False) -> str:
        """Swipes it; the word that was written for it."""
        points, before = await self.points(swipe), await self.text()
        await (self.finger.draw_as_recorded if as_recorded else self.finger.draw)(points)
        await self.writes_more_than(before)
        return (await self.text()).removeprefix(before.rstrip()).strip()

    async def writes_more_than(self, before: str) -> None:
        """Waits until something else than that is written."""
        await self.page.wait_for_function(
            f"(before) => document.querySelector('{SHOWN} [data-role=text]').dataset.text !== before", arg=before
        )

    async def offered(self) -> list[str]:
        """The words that are offered, the best first."""
        shown = await self.candidates.evaluate_all("(all) => all.map((button) => button.dataset.word)")
        return [str(word) for word in shown]

    async def correct(self, word: str) -> None:
        """Taps on another of the words offered."""
        before = await self.text()
        await self.page.locator(f"{SHOWN} [data-role=candidates]").get_by_role("button", name=word, exact=True).click()
        await self.writes_more_than(before)

    async def take_back(self) -> None:
        """Takes the last word back."""
        before = await self.text()
        await self.page.get_by_role("button", name="Take the last word back").click()
        await self.writes_more_than(before)

    @property
    def asked(self) -> Locator:
        """The word that Practise asks for."""
        return self.page.locator("#practise [data-role=word]")

    async def practise(self, keyboard: Keyboard, habits: Person) -> None:
        """Swipes the word that is asked for, as somebody with these habits does; skips those of two letters."""
        word = await self.asked.get_attribute("data-word") or ""
        while len(word) < 3:  # hastily swiped they are as good as a tap
            await self.page.get_by_role("button", name="Skip").click()
            word = await self.asked.get_attribute("data-word") or ""
        points = await self.points(swipe_of(word, keyboard, habits))
        async with self.page.expect_response(lambda answer: answer.url.endswith("/api/v1/swipes")):
            await self.finger.draw(points)
        await expect(self.page.locator("#practise [data-role=heard]")).to_have_attribute("data-state", SAID)

    async def picture(self, folder: Path | None, name: str) -> None:
        """What it looks like, where somebody wants to see it."""
        if folder is not None:
            await self.page.screenshot(path=folder / f"{name}.png")


@asynccontextmanager
async def visitor(browser: Browser, url: str, size: Size, path: str = "/", **more: Any) -> AsyncIterator[Visitor]:
    """Opens the page of a server; fails at the end where something went wrong that nobody saw."""
    screen = {"width": size.width, "height": size.height}
    still = {"reduced_motion": "reduce"}  # a picture is of what stays
    context = await browser.new_context(viewport=screen, has_touch=size.touch, is_mobile=size.touch, **(still | more))
    try:
        context.set_default_timeout(LONG_S * 1000)
        page, watch = await context.new_page(), Watch(url)
        await watch.begin(context, page)
        await page.goto(url + path)
        yield Visitor(page, Finger(await context.new_cdp_session(page), size.touch), watch)
        await watch.is_clean(page)
    finally:
        await context.close()
