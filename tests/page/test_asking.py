"""How the page asks for words while a finger is down: not too often, and what comes too late is not shown."""

import json
from typing import Any

import pytest
from playwright.async_api import Route, expect

from examples.make_swipes import CAREFUL
from swipefl.gesture.keyboard import built_in
from tests.page.conftest import Visit
from tests.page.swipes import swipe_of

pytestmark = pytest.mark.anyio

EVERY_MS = 60
LINE = swipe_of("keyboard", built_in("qwerty"), CAREFUL)


async def test_at_most_one_request_in_sixty_milliseconds(visit: Visit) -> None:
    """The page's clock is held, and moved by the test: no request but where sixty milliseconds went by."""
    visitor = await visit(clock=True)
    asked: list[dict[str, Any]] = []

    async def answer(route: Route) -> None:
        asked.append(json.loads(route.request.post_data or "{}"))
        await route.fulfill(json={"gesture_id": None, "candidates": []})

    await visitor.page.route("**/predict*", answer)
    points = await visitor.points(LINE)
    await visitor.page.clock.pause_at(
        await visitor.page.evaluate("Date.now() + 10_000")
    )  # nothing is drawn from now on
    await visitor.finger.down_and_along(points[:10])
    for step, point in enumerate(points[10:40], 1):
        await visitor.finger.along([point])
        await visitor.page.clock.run_for(EVERY_MS // 3)
        assert len(asked) <= 1 + step // 3
    assert len(asked) >= 5
    await visitor.finger.up(points[40])


async def test_what_comes_late_is_not_shown(visit: Visit) -> None:
    """The answer to half a stroke comes after the one to the whole."""
    visitor = await visit()
    held: list[Route] = []

    async def answer(route: Route) -> None:
        if '"final":false' in (route.request.post_data or "").replace(" ", ""):
            held.append(route)
        else:
            await route.fulfill(json={"gesture_id": "g", "candidates": [_candidate("new"), _candidate("newer")]})

    await visitor.page.route("**/predict*", answer)
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
