"""Whatever the screen, the size of letters, the colours: everything can be got at, and is seen for what it is."""

from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.page.acts import HIDDEN, TOO_WIDE
from tests.page.conftest import Visit
from tests.page.visitor import LANDSCAPE, LAPTOP, PHONE, SECTIONS, SIZES, SMALL_PHONE, Size, Tab

pytestmark = pytest.mark.anyio

TABLET = Size("tablet", 820, 1180, touch=True)
LYING = Size("small-landscape", 640, 320, touch=True)
ZOOMED = Size("zoomed", 320, 200)
# before anything is drawn: letters that grow later move things
LARGE = """new MutationObserver((_, first) => {
  if (!document.documentElement) return;
  document.documentElement.style.fontSize = '32px';
  first.disconnect();
}).observe(document, {childList: true})"""
# what is in front of another, of things that are read or pressed and do not hold one another
OVERLAPS = """() => {
  const all = [...document.querySelectorAll(
    '.masthead a, main :is(select, button, .says, .heard, .asked, .count, .text, .switch, .keyboard)')]
    .filter((e) => e.checkVisibility() && !e.closest('.candidates, .asked *, .text *, .count *'));
  const boxes = all.map((e) => [e, e.getBoundingClientRect()]);
  return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
    .filter(([b, q]) => !a.contains(b) && !b.contains(a))
    .filter(([b, q]) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1
      && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 1)
    .map(([b]) => [a.className || a.tagName, b.className || b.tagName]));
}"""
SCROLLS = "() => { const main = document.querySelector('main'); return main.scrollHeight > main.clientHeight; }"


@pytest.mark.parametrize("letters", ["usual", "large"])
@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE, LANDSCAPE, LYING, ZOOMED, LAPTOP], ids=lambda size: size.name)
async def test_everything_can_be_got_at(visit: Visit, pictures: Path | None, size: Size, letters: str) -> None:
    visitor = await visit(size)
    if letters == "large":
        await visitor.page.add_init_script(LARGE)
        await visitor.page.reload()
    for tab, name in SECTIONS.items():
        await visitor.open(tab)
        await visitor.settle()
        await visitor.picture(pictures, f"reach-{name}-{size.name}-{letters}")
        found = [await visitor.page.evaluate(script) for script in (TOO_WIDE, OVERLAPS, HIDDEN)]
        assert (tab, *found) == (tab, [], [], [])


@pytest.mark.parametrize("tab", ["Try", "Practise"])
@pytest.mark.parametrize("size", [*SIZES, LYING, TABLET], ids=lambda size: size.name)
async def test_a_stage_that_fits_does_not_scroll(visit: Visit, size: Size, tab: Tab) -> None:
    visitor = await visit(size)
    await visitor.open(tab)
    await visitor.settle()
    assert not await visitor.page.evaluate(SCROLLS)


@pytest.mark.parametrize("size", [TABLET, LAPTOP, Size("wide", 2560, 1300)], ids=lambda size: size.name)
async def test_the_keyboard_is_in_one_place_on_both_tabs(visit: Visit, size: Size) -> None:
    visitor = await visit(size)
    await visitor.settle()
    first = await visitor.box()
    await visitor.open("Practise")
    await visitor.settle()
    assert await visitor.box() == pytest.approx(first, abs=1)


async def test_without_colours_of_the_page_it_is_seen_what_is_on(visit: Visit, pictures: Path | None) -> None:
    """A person's own colours take backgrounds and shadows away."""
    visitor = await visit(forced_colors="active")
    await visitor.settle()
    for switch in (visitor.page.locator("[data-role=keep]"), visitor.page.locator("[data-role=saw]")):
        off = await switch.screenshot()
        await switch.check()
        assert await switch.screenshot() != off
    links = visitor.page.get_by_role("navigation").get_by_role("link")
    assert [await _underlined(links.nth(i)) for i in range(4)] == [True, False, False, False]
    await visitor.picture(pictures, "forced-try")
    practise = await visitor.open("Practise")
    await expect(visitor.asked).to_be_visible()
    await visitor.picture(pictures, "forced-practise")
    assert await _colour(visitor.asked) != await _colour(practise.locator("[data-role=sentence]"))


async def _underlined(link: Locator) -> bool:
    script = "(e) => { const s = getComputedStyle(e); return s.borderBottomWidth !== '0px'; }"
    return bool(await link.evaluate(script))


async def _colour(element: Locator) -> str:
    return str(await element.evaluate("(e) => getComputedStyle(e).backgroundColor"))
