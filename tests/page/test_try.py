"""Somebody swipes on the page, corrects a word, takes one back: and what is kept is what they see."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.acts import kept, words_kept
from tests.page.conftest import Visit
from tests.page.swipes import some, swipe_of
from tests.page.visitor import LANDSCAPE, LAPTOP, PHONE, SHOWN, Size, Visitor
from tests.support.serving import Serving
from tests.support.waiting import wait_until

pytestmark = pytest.mark.anyio

SCREENS = pytest.mark.parametrize("size", [LAPTOP, PHONE, LANDSCAPE], ids=lambda size: size.name)
ALPHABETS = pytest.mark.parametrize(
    ("name", "words"), [("jcuken-uk", ("привіт", "Київ")), ("greek", ("καλημέρα", "θάλασσα"))]
)
QWERTY = built_in("qwerty")


@SCREENS
async def test_a_sentence_at_the_speed_of_who_swiped_it(
    visit: Visit, served: Serving, pictures: Path | None, size: Size
) -> None:
    """Words come while the finger is down; one is corrected, one is taken back; the store has what the page shows."""
    visitor = await visit(size)
    first, second, third = some(3, size.height, await visitor.proportions())
    word = await visitor.swipe(first, as_recorded=True)
    offered = await visitor.offered()
    assert offered[0] == word
    assert await visitor.text() == word
    await visitor.correct(offered[1])
    assert await visitor.text() == offered[1]
    kept_second = await visitor.swipe(second, as_recorded=True)
    await visitor.swipe(third, as_recorded=True)
    await visitor.picture(pictures, f"try-three-words-{size.name}")
    await visitor.take_back()
    assert (await visitor.text()).split() == [offered[1], *kept_second.split()]
    wait_until(lambda: sorted(words_kept(served)) == sorted([offered[1], kept_second]), "the store has what is seen")
    assert [line.get("before") for line in kept(served)] == ["", offered[1]]


@SCREENS
async def test_words_come_while_the_finger_is_down(visit: Visit, pictures: Path | None, size: Size) -> None:
    visitor = await visit(size)
    points = await visitor.points(swipe_of("keyboard", QWERTY, CAREFUL))
    await visitor.finger.down_and_along(points[: len(points) * 3 // 4])
    await expect(visitor.candidates.first).to_be_visible()
    assert await visitor.text() == ""
    await visitor.picture(pictures, f"try-finger-down-{size.name}")
    await visitor.finger.along(points[len(points) * 3 // 4 :])
    await visitor.finger.up(points[-1])
    await visitor.writes_more_than("")
    assert await visitor.text() in ("keyboard", "Keyboard")


async def test_backspace_takes_the_swipe_out_of_the_store(visit: Visit, served: Serving) -> None:
    visitor = await visit()
    for swipe in some(3):
        await visitor.swipe(swipe)
    wait_until(lambda: len(kept(served)) == 3)
    for left in (2, 1, 0):
        before = await visitor.text()
        await visitor.page.keyboard.press("Backspace")
        await visitor.writes_more_than(before)
        wait_until(lambda left=left: len(kept(served)) == left)
    assert await visitor.text() == ""


async def test_nothing_is_kept_while_the_switch_says_so(visit: Visit, served: Serving, pictures: Path | None) -> None:
    visitor = await visit()
    switch = visitor.page.get_by_role("switch", name="keep")
    await switch.check()
    first, second, third = some(3)
    await visitor.swipe(first)
    await visitor.correct((await visitor.offered())[1])
    await visitor.swipe(second)
    await visitor.picture(pictures, "try-private")
    await visitor.page.reload()
    assert await visitor.page.get_by_role("switch", name="keep").is_checked()
    await switch.uncheck()
    word = await visitor.swipe(third)
    wait_until(lambda: words_kept(served) == [word])


async def test_what_it_saw_is_drawn(visit: Visit, pictures: Path | None) -> None:
    visitor = await visit()
    await visitor.page.get_by_role("switch", name="Show what it saw").check()
    await visitor.swipe(swipe_of("keyboard", QWERTY, CAREFUL))
    seen = visitor.page.locator(f"{SHOWN} .overlay [data-seen]")
    await expect(seen.first).to_be_visible()
    letters = "".join(await seen.evaluate_all("(all) => all.map((one) => one.dataset.seen)"))
    assert (letters[0], letters[-1]) == ("k", "d")
    assert len(letters) >= 6
    await visitor.picture(pictures, "try-what-it-saw")


async def test_a_second_finger_changes_nothing(visit: Visit) -> None:
    """It comes down in the middle of a stroke: the first one's word is what stands."""
    visitor = await visit(PHONE)
    points = await visitor.points(swipe_of("keyboard", QWERTY, CAREFUL))
    box = await visitor.box()
    await visitor.finger.down_and_along(points[:20])
    visitor.finger.resting = ((box["x"] + 20, box["y"] + 20),)
    await visitor.finger.along(points[20:])
    await visitor.finger.up(points[-1])
    await visitor.writes_more_than("")
    assert (await visitor.text()).lower() == "keyboard"


@pytest.mark.parametrize(
    ("name", "language", "words"), [("jcuken-uk", "uk", ("привіт", "Київ")), ("greek", "el", ("καλημέρα", "θάλασσα"))]
)
async def test_layouts_of_other_alphabets(
    visit: Visit, pictures: Path | None, name: str, language: str, words: tuple[str, ...]
) -> None:
    visitor = await visit(PHONE)
    await choose(visitor, name)
    for word in words:
        assert (await visitor.swipe(swipe_of(word, built_in(name), CAREFUL))).lower() == word.lower()
    await visitor.picture(pictures, f"try-{name}")


async def choose(visitor: Visitor, layout: str) -> None:
    """Another layout, from the list; it is there when the keyboard goes by its name."""
    await visitor.page.locator(f"{SHOWN} [data-role=layout]").select_option(layout)
    await expect(visitor.keyboard).to_have_accessible_name(re.compile(f"^Keyboard {layout},"))
    await visitor.settle()
