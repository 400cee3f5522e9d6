"""What goes in is what comes out: a swipe through the API is that of `ingest`, a prediction that of the library."""

import gzip
import json
import random
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

import swipefl
from swipefl.api.app import app_of
from swipefl.telling.plain import plain_candidates
from tests.support.serving import Serving, client, serving
from tests.support.swipes import GOOD, SHARED, gesture

LINES: list[dict[str, Any]] = [json.loads(line) for line in GOOD]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

coordinate = st.floats(-50, 400, width=32) | st.integers(0, 370)
points = st.lists(st.tuples(coordinate, coordinate, st.floats(0, 0.2)), min_size=2, max_size=40)
words = st.sampled_from(["we", "were", "Straße", "don't", "İ", "x", "naïve", "ﬁne", "二", "", "a b"]) | st.text(
    max_size=5
)
befores = st.none() | st.text(max_size=30) | st.sampled_from(["", "i wanted to ", "see you. ", "4711 ", "a@b.de "])
extras = st.fixed_dictionaries(
    {},
    optional={
        "language": st.sampled_from(["de", "en,de", "no tag", ""]),
        "languages": st.lists(st.sampled_from(["de", "en", "x" * 50]), max_size=3),
        "keyboard": st.sampled_from(["qwerty", "qwertz", "jcuken", "of nobody"]),
        "private": st.sampled_from([True, False, None, 0, ""]),
        "final": st.booleans(),
        "delete": st.booleans(),
        "user": st.text(max_size=5) | st.integers(),
        "of their own": st.integers() | st.text(max_size=5),
    },
)


@st.composite
def swipes(draw: st.DrawFn) -> dict[str, Any]:
    """A line that fits, of which the reader may still think otherwise."""
    t, coords = 0.0, []
    for x, y, passed in draw(points):
        t += passed
        coords.append({"x": x, "y": y, "t": t})
    line = gesture(
        coords=coords, gesture_id=draw(st.sampled_from(["a", "b", 7, 1.5])), word=draw(words), **draw(extras)
    )
    before = draw(befores)
    return line if before is None else line | {"before": before}


deletions = st.builds(lambda id: {"gesture_id": id, "delete": True}, st.sampled_from(["a", "b", 7, "of nobody"]))


@settings(max_examples=60)
@given(sent=st.lists(st.lists(swipes() | deletions, min_size=1, max_size=6), max_size=4))
def test_a_swipe_through_the_api_is_the_same_as_through_ingest(
    tmp_path_factory: pytest.TempPathFactory, sent: list[list[dict[str, Any]]]
) -> None:
    folder = tmp_path_factory.mktemp("same")
    with swipefl.open(folder / "api", languages="en") as there, swipefl.open(folder / "file", languages="en") as here:
        with TestClient(app_of(there)) as api:
            for batch in sent:
                body = batch[0] if len(batch) == 1 else batch
                answer = api.post("/api/v1/swipes", json=body)
                try:
                    report = here.ingest(batch, format="swipefl")
                except swipefl.errors.DataError:
                    assert answer.status_code == 422
                    continue
                said = answer.json()
                counts = ("stored", "corrected", "duplicates", "deleted", "suspect")
                assert [said[name] for name in counts] == [getattr(report, name) for name in counts]
                assert len(said["rejected"]) >= report.rejected  # a private one, too, that could never be read
        assert list(there.export()) == list(here.export())


@settings(max_examples=40)
@given(swipe=swipes(), top=st.integers(1, 10))
def test_a_prediction_is_that_of_the_library(
    tmp_path_factory: pytest.TempPathFactory, swipe: dict[str, Any], top: int
) -> None:
    with (
        swipefl.open(tmp_path_factory.mktemp("same") / "home", languages="en") as device,
        TestClient(app_of(device)) as api,
    ):
        answer = api.post(f"/api/v1/predict?top={top}&explain=true&sight=true", json={**swipe, "word": "we"})
        if answer.status_code == 422:
            with pytest.raises(swipefl.SwipeflError) as error:
                device.predict(swipe, top=top)
            assert answer.json()["code"] == error.value.code
            return
        assert answer.json()["candidates"] == plain_candidates(device.predict(swipe, top=top), explain=True)
        assert answer.json()["gesture_id"] == swipe["gesture_id"]
        assert len(answer.json()["sight"]["frames"]) > 0


@pytest.fixture
def serves(tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path / "home", SWIPEFL_LANGUAGES="en") as at:
        yield at


def test_many_clients_at_once_lose_nothing(serves: Serving) -> None:
    """Each hands over swipes of its own, and some of others; corrections come while others ask for words."""
    kept, failed = 12, []

    def keyboard(number: int) -> None:
        order = random.Random(number)
        with client(serves) as api:
            for line in order.sample(LINES[:60], 30) + LINES[60 + number * kept : 60 + (number + 1) * kept]:
                answer = api.post("swipes", json=line)
                if answer.status_code != 202 or answer.json()["stored"] + answer.json()["duplicates"] != 1:
                    failed.append(answer.text)
                if api.post("predict", json=line).status_code != 200:
                    failed.append("no words")

    keyboards = [threading.Thread(target=keyboard, args=(number,)) for number in range(8)]
    for thread in keyboards:
        thread.start()
    for thread in keyboards:
        thread.join()
    assert not failed
    with swipefl.open(serves.home) as device:
        found = {line["gesture_id"] for line in device.export()}
    assert found >= {line["gesture_id"] for line in LINES[60 : 60 + 8 * kept]}
    assert found <= {line["gesture_id"] for line in LINES}


def test_a_home_that_is_being_filled_by_the_command_line_takes_swipes(serves: Serving) -> None:
    with swipefl.open(serves.home, languages="en") as device:
        reading = threading.Thread(target=device.ingest, args=([line | {"width": 371} for line in LINES],))
        reading.start()
        with client(serves) as api:
            for line in LINES[:20]:
                assert api.post("swipes", json=line).json()["stored"] == 1
        reading.join()
        assert device.status().gestures["good"] == len(LINES) + 20


@pytest.mark.skipif(not SHARED.exists(), reason="the recorded swipes are not at hand")
def test_recorded_swipes_get_the_same_words(serves: Serving) -> None:
    with gzip.open(SHARED / "how_we_swipe" / "dev.jsonl.gz") as file:
        lines = [json.loads(line) for line in islice(file, 40)]
    with (
        client(serves) as api,
        swipefl.open(serves.home.parent / "other", languages="en") as device,
    ):
        for line in lines:
            assert api.post("predict", json=line).json()["candidates"] == plain_candidates(device.predict(line))
