"""With no pointer: Tab reaches all that can be pressed, Enter presses it, and what has the focus is seen."""

import pytest

from tests.page.conftest import Visit
from tests.page.visitor import READY, SECTIONS

pytestmark = pytest.mark.anyio

MOST = 60  # presses of Tab in one tab of the page
FOCUSED = """() => {
  const e = document.activeElement;
  const style = getComputedStyle(e);
  return [e.dataset.role ?? e.hash ?? e.tagName, style.outlineStyle !== 'none' || style.boxShadow !== 'none'];
}"""
PRESSABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter((e) => e.checkVisibility() && !e.disabled).map((e) => e.dataset.role ?? e.hash ?? e.tagName)"""


async def test_a_walk_through_all_tabs(visit: Visit) -> None:
    visitor = await visit()
    page = visitor.page
    for name in SECTIONS.values():
        await page.locator(f".tabs a[href='#{name}']").focus()
        await page.keyboard.press("Enter")
        await page.locator(f"#{name} {READY[name]}").first.wait_for()
        await visitor.settle()
        pressable = set(await page.evaluate(PRESSABLE))
        reached, unseen = set[str](), set[str]()
        await page.evaluate("() => document.activeElement.blur()")
        for _ in range(MOST):
            await page.keyboard.press("Tab")
            role, is_seen = await page.evaluate(FOCUSED)
            reached.add(role)
            if role in pressable and not is_seen:
                unseen.add(role)
        assert (name, pressable - reached, unseen) == (name, set(), set())


async def test_what_is_typed_on_a_keyboard_of_ones_own_is_written(visit: Visit) -> None:
    visitor = await visit()
    await visitor.settle()
    await visitor.page.keyboard.type("see you")
    assert await visitor.text() == "see you"
    await visitor.page.keyboard.press("Backspace")
    assert (await visitor.text()).rstrip() in ("see yo", "see")
