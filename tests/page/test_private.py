"""What is swiped and typed while nothing is to be kept is in the store nowhere, nor before what is swiped later."""

from dataclasses import replace

import pytest
from playwright.async_api import expect

import swipefl
from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.acts import draw, kept, pasted, words_kept, written
from tests.page.conftest import Visit
from tests.page.eventually import eventually
from tests.page.finger import Finger
from tests.page.swipes import swipe_of
from tests.page.visitor import Visitor
from tests.support.serving import Serving

pytestmark = pytest.mark.anyio

QWERTY = built_in("qwerty")
KEEP = "Don’t keep what I swipe here"


async def swipe_words(visitor: Visitor, *words: str) -> None:
    """One after the other; in the tab that is in front."""
    await visitor.page.bring_to_front()
    for word in words:
        await visitor.swipe(swipe_of(word, QWERTY, CAREFUL))


async def beside(visitor: Visitor, served: Serving) -> Visitor:
    """The same browser's second tab."""
    page = await visitor.page.context.new_page()
    await page.goto(served.url)
    await page.locator("#try [data-role=keyboard] .key").first.wait_for()
    return replace(visitor, page=page, finger=Finger(await visitor.page.context.new_cdp_session(page)))


async def swiped(visitor: Visitor) -> None:
    await draw(visitor, "water", "friend")
    await expect(visitor.page.locator("#try .waits")).to_have_count(0)


async def typed(visitor: Visitor) -> None:
    await visitor.page.keyboard.type("hush hush")


@pytest.mark.parametrize("write", [swiped, typed, pasted])
async def test_it_stands_before_no_other(visit: Visit, served: Serving, write: object) -> None:
    visitor = await visit()
    switch = visitor.page.get_by_role("switch", name=KEEP)
    await draw(visitor, "hello")
    await written(visitor, "Hello")
    await switch.check()
    await write(visitor)  # type: ignore[operator]
    await switch.uncheck()
    await swipe_words(visitor, "tomorrow", "today")
    await eventually(lambda: len(kept(served)) == 3)
    first, second, third = kept(served)
    assert (first["word"], first["before"]) == ("Hello", "")
    assert second["before"] == "#"
    assert third["before"] == f"# {second['word']}"


async def test_a_switch_is_the_same_in_all_tabs(visit: Visit, served: Serving) -> None:
    """Of the page and of the browser; and no tab puts it back by setting something else."""
    one = await visit()
    other = await beside(one, served)
    page = other.page
    await one.page.get_by_role("switch", name=KEEP).check()
    await expect(page.get_by_role("switch", name=KEEP)).to_be_checked()
    await expect(page.locator("#try [data-role=line]")).to_have_text("Nothing of what you swipe here is kept.")
    await swipe_words(other, "water")
    await page.locator("#try [data-role=layout]").select_option("qwertz-de")
    await one.page.reload()
    await expect(one.page.get_by_role("switch", name=KEEP)).to_be_checked()
    await one.open("Practise")
    await one.page.locator("[data-role=keep-again]").click()
    await one.open("Try")
    await expect(one.page.get_by_role("switch", name=KEEP)).not_to_be_checked()
    await expect(page.get_by_role("switch", name=KEEP)).not_to_be_checked()
    assert words_kept(served) == []


async def test_what_was_erased_does_not_come_back(visit: Visit, served: Serving) -> None:
    """The words are gone from every tab, and none is said to the device again."""
    one = await visit()
    other = await beside(one, served)
    await swipe_words(one, "hello", "friend")
    await swipe_words(other, "water")
    await eventually(lambda: len(kept(served)) == 3)
    await one.page.bring_to_front()
    section = await one.open("Your model")
    await section.locator("[data-role=forget]").click()
    await one.page.get_by_label("Everything that was swiped").check()
    await one.page.get_by_role("button", name="Look what that is").click()
    await one.page.get_by_role("button", name="Erase it").click()
    await expect(section.locator("[data-role=done]")).to_contain_text("Erased")
    await one.settle()
    await one.page.evaluate("() => { window.shifts.length = 0 }")  # what was erased took room, on that tab
    await one.open("Try")
    await written(one, "")
    await written(other, "")
    await swipe_words(one, "tomorrow")
    await eventually(lambda: len(kept(served)) == 1)
    [line] = kept(served)
    assert (line["word"].lower(), line["before"]) == ("tomorrow", "")
    with swipefl.open(served.home) as device:
        assert device.status().gestures["good"] == 1
