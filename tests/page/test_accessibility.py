"""Everything but swiping is there for who has no pointer, and for who does not see it: axe finds nothing serious."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.page.conftest import Visit
from tests.page.visitor import LAPTOP, PHONE, SECTIONS, Size, Tab, Visitor

pytestmark = pytest.mark.anyio

SCHEMES = ("light", "dark")
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


async def _faults(visitor: Visitor, tab: Tab) -> list[tuple[str, str, str]]:
    await visitor.open(tab)
    await visitor.settle()
    done: dict[str, Any] = await visitor.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        (fault["id"], fault["help"], fault["nodes"][0]["html"])
        for fault in done["violations"]
        if fault["impact"] in SERIOUS
    ]
