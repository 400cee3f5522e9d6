"""What Practise keeps is what was asked on the keyboard that is drawn; what is taken back or skipped is not."""

from typing import Any

import pytest
from playwright.async_api import Route, expect

from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.acts import kept
from tests.page.conftest import Visit
from tests.page.eventually import eventually
from tests.page.swipes import swipe_of
from tests.page.visitor import Visitor
from tests.support.serving import Serving

pytestmark = pytest.mark.anyio

QWERTY = built_in("qwerty")


class Held:
    """What is asked of some addresses, which waits until it is let go."""

    def __init__(self) -> None:
        self.waiting: list[Route] = []
        self.is_open = False

    async def hold(self, visitor: Visitor, pattern: str) -> "Held":
        await visitor.page.route(pattern, self._take)
        return self

    async def let_go(self) -> None:
        await eventually(lambda: self.waiting)
        self.is_open = True
        for route in self.waiting:
            await route.continue_()

    async def _take(self, route: Route) -> None:
        is_guess = '"final":false' in (route.request.post_data or "").replace(" ", "")
        if self.is_open or is_guess:
            await route.continue_()
        else:
            self.waiting.append(route)


async def draw_asked(visitor: Visitor) -> str:
    """Swipes the word that is asked; the word."""
    word = await visitor.asked.get_attribute("data-word") or ""
    await visitor.finger.draw(await visitor.points(swipe_of(word, QWERTY, CAREFUL)))
    return word


@pytest.mark.parametrize("button", ["Back", "Skip"])
async def test_a_swipe_that_is_on_its_way(visit: Visit, served: Serving, button: str) -> None:
    """Back takes it out before it was read, and asks it anew; Skip is of the word that is asked by then."""
    visitor = await visit()
    practise = await visitor.open("Practise")
    await visitor.asked.wait_for()
    first = await draw_asked(visitor)
    await expect(practise.locator("[data-role=heard]")).to_have_attribute("data-state", "right")
    held = await Held().hold(visitor, "**/api/v1/predict*")
    second = await draw_asked(visitor)
    await eventually(lambda: held.waiting)
    await eventually(lambda: len(kept(served)) == 2)
    await practise.get_by_role("button", name=button).click()
    if button == "Skip":
        await held.let_go()
    stays = [first] if button == "Back" else [first, second]
    await eventually(lambda: [line["word"] for line in kept(served)] == stays)
    assert (await visitor.asked.get_attribute("data-word") == second) == (button == "Back")


async def test_a_swipe_is_of_the_keyboard_that_is_drawn(visit: Visit, served: Serving) -> None:
    """Another one was chosen, and is not there yet; of two that were chosen the later one counts."""
    visitor = await visit()
    practise = await visitor.open("Practise")
    layout = practise.locator("[data-role=layout]")
    await visitor.box()
    held = await Held().hold(visitor, "**/api/v1/practice?*")
    await layout.select_option("azerty-fr")
    await expect(practise.locator("[data-role=language]")).to_have_value("fr")
    word = await draw_asked(visitor)
    await eventually(lambda: len(kept(served)) == 1)
    await held.let_go()
    await expect(practise.locator('[data-letter="a"] + [data-letter="z"]')).to_be_visible()
    await visitor.page.evaluate("() => { window.shifts.length = 0 }")  # other sentences, which were asked for
    [line] = kept(served)
    assert (line["word"], line["keyboard"], line["languages"]) == (word, "qwerty", ["en"])


async def test_of_two_layouts_the_later_choice_counts(visit: Visit) -> None:
    visitor = await visit()
    layout = visitor.page.locator("#try [data-role=layout]")
    await visitor.box()
    held = await Held().hold(visitor, "**/keyboards/azerty-fr")
    await layout.select_option("azerty-fr")
    await layout.select_option("greek")
    key = visitor.page.locator('#try .key[data-letter="ω"]')
    await expect(key).to_be_visible()
    await held.let_go()
    await visitor.settle()
    await expect(key).to_be_visible()
    assert await layout.input_value() == "greek"


async def test_what_it_does_not_learn_from_is_not_said_to_teach(visit: Visit) -> None:
    """The wrong word twice; and one while nothing is kept."""
    visitor = await visit()
    practise = await visitor.open("Practise")
    said = practise.locator("[data-role=heard]")
    await visitor.asked.wait_for()
    wrong: dict[str, Any] = swipe_of("zoo", QWERTY, CAREFUL)
    await visitor.finger.draw(await visitor.points(wrong))
    await expect(said).to_have_attribute("data-state", "again")
    await visitor.finger.draw(await visitor.points(wrong))
    await expect(said).to_have_attribute("data-state", "wrong")
    await expect(said).to_contain_text("nothing is learned from it")
    await expect(practise.locator(".count")).to_contain_text("0 of 40")


async def test_what_another_store_or_version_left_in_the_browser(visit: Visit) -> None:
    visitor = await visit()
    for left in ('{"swiped": 40, "places": {}}', '{"places": null}', "[]", "7"):
        await visitor.page.evaluate("(left) => localStorage.setItem('swipefl-practise', left)", left)
        await visitor.page.goto(visitor.page.url.split("#")[0] + "#try")
        await visitor.page.reload()
        practise = await visitor.open("Practise")
        await visitor.asked.wait_for()
        await expect(practise.locator(".count")).to_contain_text("0 of 40")
