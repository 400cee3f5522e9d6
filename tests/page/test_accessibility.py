"""Everything but swiping is there for who has no pointer, and for who does not see it: axe finds nothing serious."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.page.acts import draw
from tests.page.conftest import Visit
from tests.page.visitor import LAPTOP, PHONE, SECTIONS, Size, Tab, Visitor
from tests.support.serving import Serving

pytestmark = pytest.mark.anyio

SCHEMES = ("light", "dark")
FORGET, OWN_TEXT = "[data-role=forget]", "Own text"
SERIOUS = ("serious", "critical")


@pytest.fixture
def axe() -> str:
    """What looks for faults."""
    script = Path(os.environ.get("AXE", ""))
    if not script.is_file():
        pytest.skip("no axe-core here: make test-page fetches it where there are npm and its registry")
    return script.read_text()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=lambda size: size.name)
async def test_no_serious_fault_on_any_tab(visit: Visit, axe: str, size: Size, scheme: str) -> None:
    visitor = await visit(size, color_scheme=scheme)
    await visitor.page.evaluate(axe)
    found = {tab: await _faults(visitor, tab) for tab in SECTIONS}
    assert found == {tab: [] for tab in SECTIONS}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=lambda size: size.name)
async def test_no_serious_fault_where_somebody_lives(
    visit: Visit, learned: Serving, axe: str, size: Size, scheme: str
) -> None:
    """With words and what it saw of one, with nights and models, and in every dialog."""
    visitor = await visit(size, color_scheme=scheme)
    page = visitor.page
    await page.evaluate(axe)
    await page.get_by_role("switch", name="Show what it saw").check()
    await draw(visitor, "hello")
    await expect(visitor.candidates.first).to_be_visible()
    found = {"words": await _faults_here(visitor)}
    model = await visitor.open("Your model")
    await expect(model.locator("[data-role=picture]")).to_have_count(4)
    found["model"] = await _faults_here(visitor)
    for name, opens in (("back", model.get_by_role("button", name="Go back")), ("forget", model.locator(FORGET))):
        await opens.click()
        found[name] = await _faults_here(visitor)
        await page.get_by_role("button", name="Leave it").click()
    practise = await visitor.open("Practise")
    await practise.get_by_role("button", name=OWN_TEXT).click()
    found["own text"] = await _faults_here(visitor)
    assert found == {place: [] for place in found}


async def _faults(visitor: Visitor, tab: Tab) -> list[tuple[str, str, str]]:
    await visitor.open(tab)
    return await _faults_here(visitor)


async def _faults_here(visitor: Visitor) -> list[tuple[str, str, str]]:
    await visitor.settle()
    done: dict[str, Any] = await visitor.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        (fault["id"], fault["help"], fault["nodes"][0]["html"])
        for fault in done["violations"]
        if fault["impact"] in SERIOUS
    ]
