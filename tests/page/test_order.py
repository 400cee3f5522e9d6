"""What is done to a text comes in the order in which it was done, however slow the server is; and so it is kept."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.page.acts import anew, draw, erase, kept, pasted, written
from tests.page.conftest import Visit
from tests.page.eventually import eventually
from tests.page.visitor import SHOWN, Visitor
from tests.support.serving import Serving

pytestmark = pytest.mark.anyio

BACK = "Take the last word back"


class Held:
    """Questions for the words of whole strokes, which wait until they are let go."""

    def __init__(self) -> None:
        self.waiting: list[Route] = []
        self.is_open = False

    async def hold(self, visitor: Visitor) -> "Held":
        await visitor.page.route("**/api/v1/predict*", self._take)
        return self

    async def let_go(self) -> None:
        """Them, and all that come after."""
        self.is_open = True
        for route in self.waiting:
            await route.continue_()

    async def _take(self, route: Route) -> None:
        is_guess = json.loads(route.request.post_data or "{}").get("final") is False
        if self.is_open or is_guess:
            await route.continue_()
        else:
            self.waiting.append(route)


async def back(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name=BACK).click()


async def tapped(visitor: Visitor) -> None:
    """The key of the drawn keyboard."""
    box = await visitor.page.locator(f"{SHOWN} [data-key=backspace]").bounding_box()
    assert box is not None
    await visitor.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


async def typed(visitor: Visitor) -> None:
    await visitor.page.keyboard.type("! so")


@pytest.mark.parametrize(
    ("act", "text", "stays"),
    [
        (back, "Hello friend", ["Hello", "friend"]),
        (erase, "Hello friend", ["Hello", "friend"]),
        (tapped, "Hello friend", ["Hello", "friend"]),
        (anew, "", ["Hello", "friend"]),
        (pasted, "Hello friend tomorrow (as was said)", ["Hello", "friend", "tomorrow"]),
        (typed, "Hello friend tomorrow! so", ["Hello", "friend", "tomorrow"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_what_is_done_while_a_word_is_being_read(
    visit: Visit, served: Serving, act: object, text: str, stays: list[str]
) -> None:
    """It is done to that word, or comes behind it; no other one is touched."""
    visitor = await visit()
    await draw(visitor, "hello", "friend")
    await written(visitor, "Hello friend")
    held = await Held().hold(visitor)
    await draw(visitor, "tomorrow")
    await act(visitor)  # type: ignore[operator]
    await held.let_go()
    await written(visitor, text)
    await visitor.settle()
    assert await visitor.text() == text
    await eventually(lambda: [line["word"] for line in kept(served)] == stays)


async def test_two_that_are_read_late_and_one_taken_back(visit: Visit, served: Serving, pictures: Path | None) -> None:
    visitor = await visit()
    held = await Held().hold(visitor)
    await draw(visitor, "well", "hello", "friend")
    await expect(visitor.page.locator(f"{SHOWN} .waits")).to_have_count(3)
    await visitor.picture(pictures, "try-three-wait")
    await erase(visitor)
    await draw(visitor, "tomorrow")
    await held.let_go()
    await written(visitor, "Well hello tomorrow")
    await eventually(lambda: len(kept(served)) == 3)
    assert [(line["word"], line["before"]) for line in kept(served)] == [
        ("Well", ""),
        ("hello", "Well"),
        ("tomorrow", "Well hello"),
    ]


async def test_a_correction_is_what_stands_before_the_words_behind_it(visit: Visit, served: Serving) -> None:
    """Also of a word that is being read while it is corrected."""
    visitor = await visit()
    await draw(visitor, "well", "done")
    await written(visitor, "Well done")
    held = await Held().hold(visitor)
    await draw(visitor, "today")
    await visitor.page.locator(f"{SHOWN} button.word").first.click()
    await visitor.correct("We'll" if "We'll" in await visitor.offered() else (await visitor.offered())[1])
    first = (await visitor.text()).split()[0]
    assert first != "Well"
    await held.let_go()
    await written(visitor, f"{first} done today")
    await eventually(
        lambda: (
            [(line["word"], line["before"]) for line in kept(served)]
            == [(first, ""), ("done", first), ("today", f"{first} done")]
        ),
    )
    assert await visitor.page.locator(f"{SHOWN} .candidate[aria-pressed=true]").inner_text() == first


async def test_words_far_behind_a_correction_are_not_said_again(visit: Visit, served: Serving) -> None:
    visitor = await visit()
    words = ["well", "done", "hello", "friend", "tomorrow", "today", "water", "again", "keyboard"]
    await draw(visitor, *words)
    await expect(visitor.page.locator(f"{SHOWN} button.word")).to_have_count(len(words))
    await eventually(lambda: len(kept(served)) == len(words))
    said: list[object] = []
    visitor.page.on("request", lambda asked: said.append(asked.post_data_json) if "/swipes" in asked.url else None)
    await visitor.page.locator(f"{SHOWN} button.word").first.click()
    await visitor.correct((await visitor.offered())[1])
    await eventually(lambda: said)
    await visitor.settle()
    assert [isinstance(one, list) and 3 <= len(one) <= 7 for one in said] == [True]
