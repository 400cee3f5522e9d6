"""What is typed by hand is typed, whatever was clicked; a blank or Enter presses what Tab went to."""

import pytest
from playwright.async_api import expect

from tests.page.acts import draw, written
from tests.page.conftest import Visit
from tests.page.visitor import PHONE, SHOWN, Visitor

pytestmark = pytest.mark.anyio

KEEP = "Don’t keep what I swipe here"


async def anew(visitor: Visitor) -> str:
    await visitor.page.get_by_role("button", name="Begin a new text").click()
    return ""


async def back(visitor: Visitor) -> str:
    await visitor.page.get_by_role("button", name="Take the last word back").click()
    return ""


async def switched(visitor: Visitor) -> str:
    await visitor.page.get_by_role("switch", name=KEEP).click()
    return "Hello"


async def selected(visitor: Visitor) -> str:
    await visitor.page.locator(f"{SHOWN} button.word").click()
    return "Hello"


async def went(visitor: Visitor) -> str:
    await visitor.open("Try")
    return "Hello"


@pytest.mark.parametrize("click", [anew, back, switched, selected, went])
async def test_after_a_click(visit: Visit, click: object) -> None:
    visitor = await visit()
    await draw(visitor, "hello")
    await written(visitor, "Hello")
    left = await click(visitor)  # type: ignore[operator]
    is_on = await visitor.page.get_by_role("switch", name=KEEP).is_checked()
    await visitor.page.keyboard.type(" so it is")
    await visitor.page.keyboard.press("Enter")
    await visitor.page.keyboard.type("!")
    await written(visitor, f"{left} so it is!" if left else "so it is!")
    assert await visitor.page.get_by_role("switch", name=KEEP).is_checked() == is_on


async def test_a_choice_is_no_place_to_type(visit: Visit) -> None:
    visitor = await visit()
    layout = visitor.page.locator(f"{SHOWN} [data-role=layout]")
    await layout.click()
    await layout.select_option("qwertz-de")
    await visitor.settle()
    await visitor.page.keyboard.press("Escape")
    await visitor.page.keyboard.type("d")
    await written(visitor, "d")
    assert await layout.input_value() == "qwertz-de"


async def test_by_tab(visit: Visit) -> None:
    visitor = await visit()
    await visitor.box()  # it is there
    await visitor.page.keyboard.type("so")
    await visitor.page.locator(f"{SHOWN} [data-role=text]").focus()
    for _ in range(4):  # back, anew, what it saw, keep
        await visitor.page.keyboard.press("Tab")
    await expect(visitor.page.get_by_role("switch", name=KEEP)).to_be_focused()
    await visitor.page.keyboard.press(" ")
    await expect(visitor.page.get_by_role("switch", name=KEEP)).to_be_checked()
    await written(visitor, "so")


async def test_two_thumbs(visit: Visit) -> None:
    """The second comes down before the first is up: both letters are typed."""
    visitor = await visit(PHONE)
    browser = visitor.finger.browser
    places = []
    for letter in "ok":
        box = await visitor.page.locator(f'{SHOWN} .key[data-letter="{letter}"]').bounding_box()
        assert box is not None
        places.append({"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2})
    first, second = ({**place, "id": i} for i, place in enumerate(places))
    for kind, touches in (
        ("touchStart", [first]),
        ("touchStart", [first, second]),
        ("touchEnd", [second]),
        ("touchEnd", []),
    ):
        await browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    await written(visitor, "Ok")
