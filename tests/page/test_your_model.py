"""Your model: it learns what was swiped, its pictures come, one goes back to the earlier one, and takes a copy out."""

import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, expect

import swipefl
from tests.page.conftest import Visit
from tests.page.eventually import eventually
from tests.page.visitor import LAPTOP, PHONE, Size
from tests.support.serving import Serving
from tests.support.swipes import EXAMPLE
from tests.support.waiting import LONG_S

pytestmark = pytest.mark.anyio

TRAINED_MS = 5_000 * LONG_S
CAME = "The one that came with swipefl"
LEARNED = re.compile("^swipefl has learned from you")
LIFTED = re.compile("^Learned on .*in use$")


async def test_what_was_swiped_changes_the_model(visit: Visit, served: Serving) -> None:
    """By the example's swipes, which are always held out alike: of somebody with habits that are worth learning."""
    with swipefl.open(served.home) as device:
        swipes = device.ingest(EXAMPLE).stored
    before = _read(served)
    visitor = await visit()
    model = await visitor.open("Your model")
    await expect(model.locator("[data-role=models] li")).to_have_text([f"{CAME}in use"])
    await model.locator("[data-role=train]").click()
    await expect(model.locator("[data-role=done]")).to_have_text(LEARNED, timeout=TRAINED_MS)
    await expect(model.locator("[data-role=models] li")).to_have_text([LIFTED, f"{CAME}Go back to it"])
    await expect(model.locator("[data-role=said]")).to_contain_text("is new: of the")
    await expect(model.locator("[data-role=nights] li")).to_contain_text([f"{swipes} new swipes; "])
    assert _read(served) != before
    await visitor.settle()
    await visitor.page.evaluate("() => { window.shifts.length = 0 }")  # what it learned takes room, on that tab


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=lambda size: size.name)
async def test_one_goes_back_and_takes_a_copy_out(
    visit: Visit, learned: Serving, pictures: Path | None, size: Size
) -> None:
    own = _read(learned)
    visitor = await visit(size)
    model = await visitor.open("Your model")
    rows, done = model.locator("[data-role=models] li"), model.locator("[data-role=done]")
    await _has_pictures(model)
    await visitor.picture(pictures, f"model-learned-{size.name}")
    await rows.get_by_role("button").click()
    await visitor.picture(pictures, f"model-back-{size.name}")
    await visitor.page.get_by_role("button", name="Go back", exact=True).click()
    await expect(done).to_have_text(f"In use now: {CAME}.")
    await expect(rows).to_have_text([re.compile("^Learned on .*Go back to it$"), f"{CAME}in use"])
    assert _read(learned) != own
    await rows.get_by_role("button").click()
    await visitor.page.get_by_role("button", name="Go back", exact=True).click()
    await expect(rows).to_have_text([LIFTED, f"{CAME}Go back to it"])
    assert _read(learned) == own
    async with visitor.page.expect_download() as download:
        await model.locator("[data-role=export]").click()
    copy = await (await download.value).path()
    with swipefl.open(learned.home) as device:
        assert [json.loads(line) for line in copy.read_bytes().splitlines()] == list(device.export())
    await _has_pictures(model)


async def test_the_models_do_not_wait_for_pictures_that_take_long(visit: Visit, learned: Serving) -> None:
    """Nor does what was there go away meanwhile."""
    visitor = await visit()
    held = []
    await visitor.page.route("**/pictures/{landings,misses}.svg", lambda route: held.append(route))
    model = await visitor.open("Your model")
    await expect(model.locator("[data-role=models] li").first).to_have_text(LIFTED)
    await expect(model.locator("[data-role=picture]")).to_have_count(2)
    await eventually(lambda: len(held) == 2)
    for route in held:
        await route.continue_()
    await _has_pictures(model)
    await model.locator("[data-role=models]").get_by_role("button").click()
    await visitor.page.get_by_role("button", name="Go back", exact=True).click()
    await expect(model.locator("[data-role=models] li").last).to_have_text(f"{CAME}in use")
    await _has_pictures(model)
    for route in held[2:]:
        await route.continue_()


async def test_a_night_s_work_is_begun_by_a_button(visit: Visit, learned: Serving) -> None:
    visitor = await visit()
    model = await visitor.open("Your model")
    await model.locator("[data-role=night]").click()
    await expect(model.locator("[data-role=done]")).to_have_text(re.compile(r"\w+\."), timeout=TRAINED_MS)
    await expect(model.locator("[data-role=night]")).to_be_visible()


def _read(served: Serving) -> list[float]:
    """What the page would be answered for the first example: how sure each word is."""
    swipe = json.loads(EXAMPLE.read_bytes().splitlines()[0])
    answer = httpx.post(f"{served.url}/api/v1/predict", json=swipe, timeout=LONG_S)
    return [candidate["probability"] for candidate in answer.raise_for_status().json()["candidates"]]


async def _has_pictures(model: Locator) -> None:
    """All four, each of which says what is on it."""
    await expect(model.locator("[data-role=picture] img:not([alt=''])")).to_have_count(4)
