"""What is asked, and what of it is kept: as it was when the finger was lifted, and as long as nobody takes it back."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Route, expect

from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.conftest import Visit
from tests.page.swipes import swipe_of
from tests.page.visitor import Visitor
from tests.support.serving import Serving
from tests.support.waiting import LONG_S

pytestmark = pytest.mark.anyio

QWERTY = built_in("qwerty")
PRACTICE = "**/practice?*"


def in_store(served: Serving) -> list[dict[str, Any]]:
    """The swipes that are kept, oldest first."""
    return [json.loads(line) for line in httpx.get(f"{served.url}/api/v1/export", timeout=LONG_S).text.splitlines()]


async def becomes(found: Callable[[], object], wanted: object) -> None:
    """Waits until it is so: the page does it in its time."""
    for _ in range(6_000):
        if await asyncio.to_thread(found) == wanted:
            return
        await asyncio.sleep(0.1)
    assert found() == wanted


async def swipe_asked(visitor: Visitor) -> str:
    """Swipes the word that is asked, and waits for nothing; the word."""
    word = await visitor.asked.get_attribute("data-word") or ""
    await visitor.finger.draw(await visitor.points(swipe_of(word, QWERTY, CAREFUL)))
    return word


async def practised(visitor: Visitor) -> str:
    """Swipes the word that is asked, one of three letters at least, and hears how it went; the word."""
    word = await visitor.asked.get_attribute("data-word") or ""
    await visitor.practise(QWERTY, CAREFUL)
    return word


async def held(visitor: Visitor, pattern: str) -> asyncio.Event:
    """Answers to such requests wait for the event."""
    free = asyncio.Event()

    async def answer(route: Route) -> None:
        await free.wait()
        await route.continue_()

    await visitor.page.route(pattern, answer)
    return free


async def test_a_swipe_is_kept_with_the_keyboard_that_it_was_made_on(visit: Visit, served: Serving) -> None:
    """Another layout is chosen, and its sentences are not there yet."""
    visitor = await visit(locale="en-US")
    practise = await visitor.open("Practise")
    await visitor.settle()
    free = await held(visitor, PRACTICE)
    await practise.get_by_label("Layout").select_option("azerty-fr")
    word = await swipe_asked(visitor)
    await becomes(lambda: [(one["word"], one["keyboard"]) for one in in_store(served)], [(word, "qwerty")])
    free.set()
    await expect(practise.locator("[data-role=sentence]")).to_have_attribute("lang", "fr")


@pytest.mark.parametrize("path", ["**/predict*", "**/swipes"])
async def test_what_is_on_its_way_is_taken_back(visit: Visit, served: Serving, path: str) -> None:
    """Back is pressed before the answer: of the swipe nothing is kept, and its word is asked again."""
    visitor = await visit(locale="en-US")
    practise = await visitor.open("Practise")
    await visitor.settle()
    first = await practised(visitor)
    free = await held(visitor, path)
    second = await swipe_asked(visitor)
    await practise.get_by_role("button", name="Back").click()
    await expect(visitor.asked).to_have_attribute("data-word", second)
    free.set()
    third = await practised(visitor)
    assert third == second
    await becomes(lambda: [one["word"] for one in in_store(served)], [first, third])
    await expect(practise.locator(".count")).to_contain_text("2 of 40")


async def test_skip_leaves_what_is_on_its_way(visit: Visit, served: Serving) -> None:
    """It passes over the word that is marked, and nothing else."""
    visitor = await visit(locale="en-US")
    practise = await visitor.open("Practise")
    await visitor.settle()
    free = await held(visitor, "**/predict*")
    first = await swipe_asked(visitor)
    skipped = await visitor.asked.get_attribute("data-word")
    await practise.get_by_role("button", name="Skip").click()
    free.set()
    await expect(practise.locator(".count")).to_contain_text("1 of 40")
    last = await practised(visitor)
    assert skipped not in (first, last)
    await becomes(lambda: [one["word"] for one in in_store(served)], [first, last])


async def test_of_two_layouts_the_later_one_is_shown(visit: Visit) -> None:
    """Whichever answer comes first."""
    visitor = await visit(locale="en-US")
    practise = await visitor.open("Practise")
    await visitor.settle()
    free = await held(visitor, "**/keyboards/azerty-fr")
    layouts = practise.get_by_label("Layout")
    await layouts.select_option("azerty-fr")
    await layouts.select_option("qwertz-de")
    await expect(practise.locator("[data-role=sentence]")).to_have_attribute("lang", "de")
    async with visitor.page.expect_response("**/keyboards/azerty-fr"):
        free.set()
    await visitor.settle()
    assert await layouts.input_value() == "qwertz-de"
    await expect(practise.locator("[data-role=sentence]")).to_have_attribute("lang", "de")


REMEMBERED = [
    '{"places": null}',
    '{"places": {"en": "here"}, "learning": 5}',
    '{"places": {"en": [900, -1]}}',
    "null",
    "[]",
    '"x"',
    "{",
    '{"swiped": 4000, "places": {}, "learned": "a"}',
]


@pytest.mark.parametrize("remembered", REMEMBERED)
async def test_a_damaged_memory_is_none_and_the_count_is_the_stores(visit: Visit, remembered: str) -> None:
    visitor = await visit(locale="en-US")
    await visitor.page.evaluate("(kept) => localStorage.setItem('swipefl-practise', kept)", remembered)
    await visitor.page.reload()
    practise = await visitor.open("Practise")
    await expect(practise.locator(".count")).to_contain_text("0 of 40")
    await visitor.practise(QWERTY, CAREFUL)
    await expect(practise.locator(".count")).to_contain_text("1 of 40")


async def test_what_was_erased_counts_no_longer(visit: Visit, served: Serving) -> None:
    visitor = await visit(locale="en-US")
    practise = await visitor.open("Practise")
    await visitor.settle()
    await visitor.practise(QWERTY, CAREFUL)
    httpx.post(f"{served.url}/api/v1/forget", json={"everything": True}, timeout=LONG_S).raise_for_status()
    await visitor.open("Try")
    await visitor.open("Practise")
    await expect(practise.locator(".count")).to_contain_text("0 of 40")
