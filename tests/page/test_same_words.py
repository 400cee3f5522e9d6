"""What is swiped on the page comes to the same words as what `evaluate` reads from a file."""

import json
from typing import Any

import pytest
from playwright.async_api import Request

import swipefl
from tests.page.conftest import Visit
from tests.page.swipes import some
from tests.page.visitor import LAPTOP, PHONE, Size, Visitor
from tests.support.serving import Serving

pytestmark = pytest.mark.anyio

SWIPES = 100  # on each screen


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=lambda size: size.name)
async def test_recorded_swipes_are_read_as_from_a_file(visit: Visit, served: Serving, size: Size) -> None:
    """The points as they were recorded, with the same text before: 99 of 100 words are the same."""
    visitor = await visit(size)
    asked: list[dict[str, Any]] = []
    visitor.page.on("request", lambda request: asked.append(_body(request)) if "/predict" in request.url else None)
    same = 0
    with swipefl.open(served.home) as device:
        for swipe in some(SWIPES, size.width):
            await _is_shaped_as(visitor, swipe)
            word = await visitor.swipe(swipe)
            [expected] = device.predict(swipe, before=asked[-1].get("before"), top=1)
            same += word == expected.word
    assert same >= 0.99 * SWIPES
    await visitor.page.evaluate("() => { window.shifts.length = 0 }")  # of keyboards of another height


async def _is_shaped_as(visitor: Visitor, swipe: dict[str, Any]) -> None:
    """Makes the keyboard as wide by its height as the one that it was recorded on: keys of another shape are others."""
    proportions = swipe["width"] / swipe["height"]
    await visitor.keyboard.evaluate("(board, ratio) => board.style.setProperty('--ratio', ratio)", proportions)
    await visitor.drawn()
    assert await visitor.proportions() == pytest.approx(proportions, rel=0.01)


def _body(request: Request) -> dict[str, Any]:
    return dict(json.loads(request.post_data or "{}"))
