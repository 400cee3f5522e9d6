"""How the page asks for words while a finger is down: not too often, and what comes too late is not shown."""

import re
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import Route, expect

from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.conftest import Visit
from tests.page.swipes import swipe_of
from tests.page.visitor import PHONE

pytestmark = pytest.mark.anyio

EVERY_MS = 60
TIMED = """() => {
  const asked = window.fetch;
  window.guesses = [];
  window.fetch = (...given) => {
    if (String(given[1]?.body).includes('"final":false')) window.guesses.push(performance.now());
    return asked(...given);
  };
}"""
DRAWN = """() => {
  const {prototype} = CanvasRenderingContext2D;
  const begun = prototype.clearRect;
  window.drawn = window.frames = 0;
  prototype.clearRect = function (...given) {
    window.drawn++;
    return begun.apply(this, given);
  };
  requestAnimationFrame(function counted() {
    window.frames++;
    requestAnimationFrame(counted);
  });
}"""
LINE = swipe_of("keyboard", built_in("qwerty"), CAREFUL)


async def test_at_most_one_request_in_sixty_milliseconds(visit: Visit) -> None:
    """By the page's own clock, at the speed of who swiped it; a slow machine asks less often, never more."""
    visitor = await visit()
    await visitor.page.evaluate(TIMED)
    await visitor.finger.draw_as_recorded(await visitor.points(LINE))
    await visitor.writes_more_than("")
    guesses: list[float] = await visitor.page.evaluate("() => window.guesses")
    assert guesses
    assert all(later - earlier >= EVERY_MS - 1 for earlier, later in pairwise(guesses))


async def test_the_line_is_drawn_once_a_frame_at_most(visit: Visit) -> None:
    """On a slow phone, however many points come, and whatever is being asked."""
    visitor = await visit(PHONE)
    await visitor.finger.browser.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    await visitor.page.evaluate(DRAWN)
    for _ in range(3):
        await visitor.finger.draw(await visitor.points(LINE))
    await visitor.settle()
    drawn, frames = await visitor.page.evaluate("() => [window.drawn, window.frames]")
    assert 0 < drawn <= frames + 1  # one may be under way


async def test_the_first_visit_shows_how_a_word_is_swiped(visit: Visit) -> None:
    """A finger that moves, until somebody's own comes."""
    visitor = await visit(reduced_motion="no-preference")
    await visitor.page.evaluate(DRAWN)
    await visitor.page.wait_for_function("() => window.drawn > 2")
    await visitor.swipe(LINE)
    await visitor.settle()
    await visitor.page.wait_for_function(
        "(before) => window.frames > before", arg=await visitor.page.evaluate("() => window.frames + 60")
    )
    drawn = await visitor.page.evaluate("() => window.drawn")
    await visitor.settle()
    assert await visitor.page.evaluate("() => window.drawn") == drawn


async def test_what_comes_late_is_not_shown(visit: Visit) -> None:
    """The answer to half a stroke comes after the one to the whole."""
    visitor = await visit()
    held: list[Route] = []

    async def answer(route: Route) -> None:
        if '"final":false' in (route.request.post_data or "").replace(" ", ""):
            held.append(route)
        else:
            await route.fulfill(json={"gesture_id": "g", "candidates": [_candidate("new"), _candidate("newer")]})

    await visitor.page.route(re.compile("/api/v1/predict"), answer)
    points = await visitor.points(LINE)
    await visitor.finger.draw(points)
    await visitor.writes_more_than("")
    assert held
    for route in held:
        try:
            await route.fulfill(json={"gesture_id": "g", "candidates": [_candidate("old")]})
        except Exception:  # the page gave it up, which is as good
            assert route.request.failure
    await visitor.settle()
    assert (await visitor.text()).lower() == "new"
    await expect(visitor.candidates).to_have_count(2)
    assert await visitor.offered() == ["new", "newer"]


def _candidate(word: str) -> dict[str, Any]:
    return {"word": word, "spelled": word, "score": -1.0, "probability": 0.5}
