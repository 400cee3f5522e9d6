"""What left is told, also after everything was erased, and of nights whether the federation could be visited."""

from typing import Any

import httpx
import pytest
from playwright.async_api import Route, expect

from tests.page.conftest import Visit
from tests.support.serving import Serving
from tests.support.waiting import LONG_S

pytestmark = pytest.mark.anyio

MEMBER = {
    "address": "h:1",
    "device_id": "d",
    "version": 2,
    "visited_at": None,
    "failures": 0,
    "shares_scores": False,
    "contributed": True,
}
NODE = {"version": 7, "key": "3f2a" * 16, "gave": True, "shares_scores": False}
LEFT = [{"sent_at": 1_790_000_000.0, "bytes": 552_000, "outcome": "sent"}]
NOTHING = "Nothing has left yet."
TOLD: list[tuple[dict[str, Any], str, bool]] = [
    ({"federation": MEMBER, "left": LEFT, "nights": []}, "552 KB", False),
    ({"federation": MEMBER, "left": [], "nights": []}, "Something left before", False),
    ({"federation": MEMBER | {"contributed": False}, "left": [], "nights": []}, NOTHING, True),
    ({"federation": None, "node": NODE, "left": LEFT, "nights": []}, "version 7", False),
    ({"federation": None, "node": NODE, "left": LEFT, "left_before": 1, "nights": []}, "to others, before", False),
    ({"federation": None, "node": NODE, "left": [], "nights": []}, NOTHING, True),
    ({"federation": None, "left": LEFT, "nights": []}, "Nothing is shared any more.", False),
    ({"federation": None, "left": [], "nights": []}, "Nothing is shared.", False),
]


@pytest.mark.parametrize(("known", "told", "is_nothing"), TOLD)
async def test_what_left_is_told(
    visit: Visit, served: Serving, known: dict[str, Any], told: str, is_nothing: bool
) -> None:
    stats = httpx.get(f"{served.url}/api/v1/stats", timeout=LONG_S).json() | known
    visitor = await visit()

    async def answer(route: Route) -> None:
        await route.fulfill(json=stats)

    await visitor.page.route("**/api/v1/stats", answer)
    shared = await visitor.open("What is shared")
    await expect(shared).to_contain_text(told)
    assert (NOTHING in await shared.inner_text()) == is_nothing
    assert await shared.locator("[data-role=sent] tbody tr").count() == len(known["left"])
