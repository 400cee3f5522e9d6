"""What people do on the page, and what is then seen and kept: for tests of several files."""

from typing import Any

from playwright.async_api import expect

import swipefl
from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.swipes import swipe_of
from tests.page.visitor import SHOWN, Visitor
from tests.support.serving import Serving

QWERTY = built_in("qwerty")
ANEW = "Begin a new text"
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
  .filter((e) => e.checkVisibility() && !e.closest('svg, .unseen, [data-scrolls]'))
  .filter((e) => { const b = e.getBoundingClientRect(); return b.width && (b.right > innerWidth + 1 || b.left < -1) })
  .map((e) => e.outerHTML.slice(0, 120))"""
HIDDEN = """() => [...document.querySelectorAll('a, button, input, select, textarea, summary, [role=switch]')]
  .filter((e) => e.checkVisibility() && !e.disabled && !e.closest('.unseen'))
  .filter((e) => {
    e.scrollIntoView({block: 'center', behavior: 'instant'});
    const b = e.getBoundingClientRect();
    const on = document.elementFromPoint(b.left + b.width / 2, b.top + b.height / 2);
    return !(on && (e.contains(on) || on.contains(e) || on.closest('label')?.control === e));
  })
  .map((e) => e.outerHTML.slice(0, 120))"""


async def draw(visitor: Visitor, *words: str) -> None:
    """Swipes words without waiting for them to be read."""
    for word in words:
        await visitor.finger.draw(await visitor.points(swipe_of(word, QWERTY, CAREFUL)))


async def written(visitor: Visitor, text: str) -> None:
    """Waits for it."""
    await expect(visitor.page.locator(f"{SHOWN} [data-role=text]")).to_have_attribute("data-text", text)


async def anew(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name=ANEW).click()


async def erase(visitor: Visitor) -> None:
    await visitor.page.keyboard.press("Backspace")


async def pasted(visitor: Visitor) -> None:
    await visitor.page.evaluate(
        """() => { const clipboardData = new DataTransfer();
          clipboardData.setData('text/plain', ' (as was said)');
          document.dispatchEvent(new ClipboardEvent('paste', {clipboardData, bubbles: true})); }"""
    )


def kept(served: Serving) -> list[dict[str, Any]]:
    """The swipes in the store."""
    with swipefl.open(served.home) as device:
        return [line for line in device.export() if "coords" in line]


def words_kept(served: Serving) -> list[str]:
    return [line["word"] for line in kept(served)]
