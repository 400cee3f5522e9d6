"""What it looks like: nothing is cut off, nothing lies over another, on any screen, light and dark.

With PAGE_PICTURES=FOLDER each is kept, to be looked at.
"""

from pathlib import Path

import pytest

from tests.page.acts import HIDDEN, TOO_WIDE
from tests.page.conftest import Visit
from tests.page.visitor import SECTIONS, SIZES, Size

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
async def test_everything_is_on_the_screen(visit: Visit, pictures: Path | None, size: Size, scheme: str) -> None:
    visitor = await visit(size, color_scheme=scheme)
    for tab, name in SECTIONS.items():
        await visitor.open(tab)
        await visitor.settle()
        await visitor.picture(pictures, f"{name}-{size.name}-{scheme}")
        assert (tab, await visitor.page.evaluate(TOO_WIDE), await visitor.page.evaluate(HIDDEN)) == (tab, [], [])


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
async def test_the_whole_keyboard_is_on_the_screen(visit: Visit, size: Size) -> None:
    """Nobody has to scroll to swipe, nor reads the words offered somewhere else."""
    visitor = await visit(size)
    await visitor.settle()
    box = await visitor.keyboard.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= size.width
    assert box["y"] + box["height"] <= size.height
