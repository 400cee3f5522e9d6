"""What a training or a night came to is told truly, whoever began it and wherever the page was meanwhile."""

import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Route, expect

from examples.make_swipes import CAREFUL
from swipefl.database.lock import hold
from swipefl.gesture.keyboard import built_in
from tests.page.conftest import Visit
from tests.page.swipes import swipe_of
from tests.page.visitor import LAPTOP, visitor
from tests.support.serving import Serving, serving

pytestmark = pytest.mark.anyio

QWERTY = built_in("qwerty")
WORDS = [
    "please",
    "leave",
    "the",
    "keys",
    "under",
    "big",
    "flower",
    "water",
    "table",
    "music",
    "garden",
    "house",
    "window",
    "paper",
    "street",
    "morning",
    "people",
    "friend",
    "summer",
    "winter",
    "letter",
    "number",
    "school",
    "answer",
    "question",
]
LONG_MS = 600_000  # only what never comes costs it
# It may be shown for less than half a second: this looks at each frame.
TRAINS = (
    """() => /Going over|Comparing/.test(document.querySelector('#practise [data-role=says]')?.textContent ?? '')"""
)
END = """async (job) => {
  const { title, told } = (await import('/ending.js')).endOf(job);
  return [title, ...told].join(' | ');
}"""


def fed(served: Serving) -> None:
    """Swipes enough to learn from."""
    lines = [swipe_of(word, QWERTY, CAREFUL) | {"gesture_id": word} for word in WORDS]
    httpx.post(f"{served.url}/api/v1/swipes", json=lines, timeout=60).raise_for_status()


def round_(**told: Any) -> dict[str, Any]:
    return {"adopted": False, "skipped": None, "push": "none", "swipes": 9, **told}


def night(*rounds: dict[str, Any], sync: str | None = None, state: str = "done", **more: Any) -> dict[str, Any]:
    return {"kind": "cycle", "state": state, "problem": None, "report": {"rounds": list(rounds), "sync": sync}, **more}


def training(state: str = "done", **report: Any) -> dict[str, Any]:
    return {"kind": "train", "state": state, "problem": None, "report": report or None}


ENDS = [
    (training(adopted=True, swipes=9), "swipefl has learned from you"),
    (training(adopted=False, swipes=9), "Not better yet, so your model stays as it was"),
    (training(adopted=False, swipes=0), "There is nothing to judge it by yet, so nothing was changed"),
    (training("cancelled"), "Stopped | Nothing was changed, and your swipes are kept."),
    (night(round_(adopted=True)), "swipefl has learned from you"),
    (night(round_(adopted=True), round_()), "swipefl has learned from you"),
    (night(round_()), "Not better yet, so your model stays as it was"),
    (night(round_(skipped="nothing new since the last cycle")), "There was nothing to learn | Nothing new since the"),
    (night(round_(), sync="nobody answers at x:1"), "The federation could not be visited: nobody answers at x:1. The"),
    (night(round_(adopted=True, push="sent")), "What it learned was sent to the federation."),
    (night(round_(push="refused")), "The federation did not take what it learned."),
    (night(state="cancelled"), "Stopped | Nothing was changed"),
    (night(round_(adopted=True), state="cancelled"), "Stopped | What it had learned until then is in use."),
    (night(state="failed", problem={"detail": "no space left"}), "That did not work | No space left."),
]


async def test_every_end_is_told_as_it_was(visit: Visit) -> None:
    visitor = await visit()
    for job, told in ENDS:
        assert told in await visitor.page.evaluate(END, job), job


async def test_an_end_is_told_after_the_page_was_loaded_anew(visit: Visit, served: Serving) -> None:
    """Whether it is still learning by then or not; and the words count anew."""
    fed(served)
    visitor = await visit()
    practise = await visitor.open("Practise")
    await expect(practise.locator(".count")).to_contain_text("words")
    async with visitor.page.expect_response("**/api/v1/train"):
        await practise.get_by_role("button", name="Learn now").click()
    await expect(practise.locator("[data-role=job]")).to_be_visible()
    await visitor.page.reload()
    await expect(practise.locator("[data-role=result]")).to_be_visible(timeout=LONG_MS)
    await practise.get_by_role("button", name="Go on swiping").click()
    await expect(practise.locator(".count")).to_contain_text("0 of 40")
    await expect(practise.get_by_role("button", name="Learn now")).to_be_disabled()
    await visitor.page.reload()
    await expect(practise.locator("[data-role=word]")).to_be_visible()


async def test_what_another_process_does_is_waited_for_or_not(visit: Visit, served: Serving) -> None:
    fed(served)
    visitor = await visit()
    visitor.watch.expected = ("409",)
    practise = await visitor.open("Practise")
    with hold(served.home):
        await practise.get_by_role("button", name="Learn now").click()
        says = practise.locator("[data-role=says]")
        await expect(says).to_contain_text("at work on this device already")
        await practise.get_by_role("button", name="Stop").click()
        await expect(practise.get_by_role("heading", name="Stopped")).to_be_visible()
        model = await visitor.open("Your model")
        await expect(model.locator("[data-role=says]")).to_contain_text("at work on this device already")
        await expect(model.get_by_role("button", name="Stop")).to_be_hidden()
        await visitor.page.get_by_role("navigation").get_by_role("link", name="Practise").click()
        await practise.get_by_role("button", name="Go on swiping").click()
        await practise.get_by_role("button", name="Learn now").click()
        await expect(says).to_contain_text("at work on this device already")
    await expect(practise.locator("[data-role=result]")).to_be_visible(timeout=LONG_MS)
    await expect(model.locator("[data-role=night]")).to_be_attached(timeout=LONG_MS)


async def test_a_server_that_ends_while_it_learns_is_told_and_tried_again(browser: Browser, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(home) as first:
        fed(first)
        async with visitor(browser, first.url, LAPTOP) as person:
            person.watch.expected = ("ERR_", "Failed to load resource", "404")
            practise = await person.open("Practise")
            await practise.get_by_role("button", name="Learn now").click()
            await expect(practise.get_by_role("button", name="Stop")).to_be_enabled()
            await person.page.wait_for_function(TRAINS, timeout=LONG_MS)
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
            with serving(home, "--port", str(first.port)):
                await expect(practise).to_contain_text("swipefl was started anew meanwhile")
                await practise.get_by_role("button", name="Try again").click()
                await expect(practise.locator("[data-role=result]")).to_be_visible(timeout=LONG_MS)


async def test_models_of_one_minute_have_names_of_their_own(visit: Visit) -> None:
    visitor = await visit()

    async def models(route: Route) -> None:
        rows = [
            {"id": i, "kind": "personal", "fingerprint": "f", "created_at": 1_790_000_000 + i, "verdict": None}
            for i in (1, 2, 3)
        ]
        await route.fulfill(json={"models": rows, "in_use": 3})

    await visitor.page.route("**/api/v1/models", models)
    model = await visitor.open("Your model")
    names = model.locator("[data-role=models] .name")
    await expect(names).to_have_count(4)
    assert len(set(await names.all_inner_texts())) == 4
