"""`swipefl serve`: every resource, asked of the real process."""

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

import swipefl
from tests.support.command import swipefl as command
from tests.support.serving import client, serving
from tests.support.swipes import GOOD, gesture
from tests.support.waiting import wait_until

LINES: list[dict[str, Any]] = [json.loads(line) for line in GOOD]
NONE = {"stored": 0, "corrected": 0, "duplicates": 0, "deleted": 0, "suspect": 0, "private": 0, "partial": 0}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def api(home: Path) -> Iterator[httpx.Client]:
    """Asks the API of a home."""
    with serving(home, SWIPEFL_LANGUAGES="en") as at, client(at) as api:
        yield api


def counts(**said: int) -> dict[str, Any]:
    return NONE | said | {"rejected": []}


def test_words_for_a_swipe_and_what_was_seen_of_it(api: httpx.Client, home: Path) -> None:
    swipe = gesture(before="i wanted to ", private=True)
    answer = api.post("predict", params={"top": 3, "explain": True, "sight": True}, json=swipe).json()
    assert [c["word"] for c in answer["candidates"]][:1] == ["we"]
    assert len(answer["candidates"]) == 3
    assert answer["gesture_id"] == "g1"
    assert answer["candidates"][0]["parts"].keys() >= {"letters", "frequency"}
    sight = answer["sight"]
    assert sight["key_width"] == 37
    assert sight["frames"][0]["x"] == pytest.approx(swipe["coords"][0]["x"] / sight["key_width"], abs=0.01)
    assert {frame["letter"] for frame in sight["frames"]} >= {"w", "e"}
    assert sight["greedy"] == "we"
    assert not (home / "swipefl.db").exists()  # nothing is kept of what was asked


def test_what_was_seen_is_in_the_units_that_were_sent(api: httpx.Client) -> None:
    swipe = gesture()
    fractions = [{"x": p["x"] / 370, "y": p["y"] / 222, "t": p["t"]} for p in swipe["coords"]]
    for said in ({"width": 1, "height": 1}, {"width": 740, "height": 444}):
        coords = fractions if said["width"] == 1 else [{**p, "x": 2 * p["x"], "y": 2 * p["y"]} for p in swipe["coords"]]
        sight = api.post("predict?sight=true", json=gesture(**said, coords=coords)).json()["sight"]
        assert sight["key_width"] == pytest.approx(said["width"] / 10)
        assert sight["greedy"] == "we"


def test_a_life_of_a_swipe(api: httpx.Client) -> None:
    """Committed, corrected, known, taken back, and taken back once more."""
    assert api.post("swipes", json=gesture()).json() == counts(stored=1)
    assert api.post("swipes", json=gesture(word="were")).json() == counts(corrected=1)
    assert api.post("swipes", json=gesture(word="were")).json() == counts(duplicates=1)
    assert api.get("stats").json()["gestures"]["good"] == 1
    assert api.post("swipes", json={"gesture_id": "g1", "delete": True}).json() == counts(deleted=1)
    assert api.post("swipes", json={"gesture_id": "g1", "delete": True}).json() == counts()
    assert api.get("stats").json()["gestures"]["good"] == 0


@pytest.mark.parametrize(("stored", "meant"), [(7, 7.0), (7.0, 7), (-3.0, "-3"), (0.5, 0.5), (1e300, 1e300)])
def test_a_number_is_the_same_id_however_it_is_written(api: httpx.Client, stored: float, meant: float | str) -> None:
    assert api.post("swipes", json=gesture(gesture_id=stored)).json() == counts(stored=1)
    assert api.post("swipes", json={"gesture_id": meant, "delete": True}).json() == counts(deleted=1)


def test_what_is_private_or_not_over_is_never_stored(api: httpx.Client, home: Path) -> None:
    for private in (True, 1, "yes", {}):
        answer = api.post("swipes", json=gesture(before="i wanted to ", private=private))
        assert (answer.status_code, answer.json()) == (202, counts(private=1))
    assert api.post("swipes", json=gesture(final=False)).json() == counts(partial=1)
    assert api.post("swipes", json=[gesture(private=True), gesture(final=False)]).json() == counts(private=1, partial=1)
    assert api.get("stats").json()["gestures"]["good"] == 0
    assert b"wanted" not in b"".join(path.read_bytes() for path in home.glob("swipefl.db*"))


def test_one_that_cannot_be_used_keeps_no_other_from_being_stored(api: httpx.Client) -> None:
    batch = [gesture(), None, [gesture()], gesture(coords=[]), gesture(word=7), "we", {}, LINES[0]]
    answer = api.post("swipes", json=batch)
    assert answer.status_code == 202
    assert answer.json()["stored"] == 2
    assert [(one["index"], one["code"]) for one in answer.json()["rejected"]] == [
        (1, "not-a-gesture"),
        (2, "not-a-gesture"),
        (3, "few-points"),
        (4, "bad-field"),
        (5, "not-a-gesture"),
        (6, "no-points"),
    ]


def test_where_all_are_rejected_it_is_a_problem(api: httpx.Client) -> None:
    for body in (gesture(coords=[]), [gesture(coords=[])], [gesture(coords=[]), None]):
        answer = api.post("swipes", json=body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "few-points"
        assert (answer.json()["kind"], answer.json()["exit_code"]) == ("data", 3)
        assert answer.json()["rejected"][0]["index"] == 0


def test_an_id_of_a_rejected_swipe_names_no_older_one(api: httpx.Client) -> None:
    """As in a file: a deletion is about the swipe that a line of its id was last about."""
    api.post("swipes", json=gesture())
    assert api.post("swipes", json=LINES[0] | {"gesture_id": "g1", "before": 5}).status_code == 422
    assert api.post("swipes", json={"gesture_id": "g1", "delete": True}).json() == counts()
    assert api.get("stats").json()["gestures"]["good"] == 1


def test_words(api: httpx.Client) -> None:
    assert api.patch("words", json={"add": ["Wendy", "zuzanka"], "hide": ["wen"]}).json() == {"words": 2, "hidden": 1}
    known = {word["word"]: word["origin"] for word in api.get("words").json()["words"]}
    assert known == {"Wendy": "added", "zuzanka": "added", "wen": "hidden"}
    refused = api.patch("words", json={"add": ["Anneke"], "remove": ["Wendy", "?"]})
    assert refused.status_code == 422
    assert "Anneke" not in refused.text
    assert {word["word"] for word in api.get("words").json()["words"]} == known.keys()  # all of it or nothing
    assert api.patch("words", json={"remove": ["Wendy"], "unhide": ["wen"]}).json() == {"words": 1, "hidden": 0}
    api.post("swipes", json=[gesture(width=370 + n, before="when can ") for n in range(20)])
    phrases = api.get("words/phrases").json()["phrases"]
    assert [(phrase["before"], phrase["word"]) for phrase in phrases] == [("can", "we"), ("when can", "we")]


def test_keyboards(api: httpx.Client) -> None:
    names = [keyboard["name"] for keyboard in api.get("keyboards").json()["keyboards"]]
    assert "qwerty" in names
    qwerty = api.get("keyboards/qwerty").json()
    assert (qwerty["width"], qwerty["height"], len(qwerty["keys"])) == (370, 222, 26)
    added = api.post("keyboards", json={"rows": "wertzuiop asdfghjkl yxcvbnm", "name": "mine", "language": "de"})
    assert (added.status_code, added.json()["own"], added.json()["languages"]) == (201, True, ["de"])
    again = api.post("keyboards", json=qwerty | {"name": "drawn", "keys": qwerty["keys"][:5]})
    assert (again.status_code, again.json()["keys"]) == (201, 5)
    assert api.get("keyboards/drawn").json()["keys"] == qwerty["keys"][:5]
    taken = api.post("keyboards", json=qwerty | {"keys": qwerty["keys"][:5]})
    assert (taken.status_code, taken.json()["code"]) == (409, "name-taken")
    assert api.post("predict", json=gesture(keyboard="drawn")).status_code == 200  # as soon as it is known
    api.post("swipes", json=gesture(keyboard="drawn"))
    assert api.delete("keyboards/drawn").json()["code"] == "keyboard-in-use"
    for name in ("a/b", "../../x", "ä ö?#%", "..."):  # which its owner may call it
        assert api.post("keyboards", json={"rows": "we", "name": name}).status_code == 201
        assert api.get(f"keyboards/{quote(name, safe='').replace('.', '%2E')}").json()["name"] == name
        assert api.delete(f"keyboards/{quote(name, safe='').replace('.', '%2E')}").status_code == 204
    for name in (".", "..", " ", "a\nb", "a\x00b"):  # which cannot stand in an address
        assert api.post("keyboards", json={"rows": "we", "name": name}).status_code == 422
    assert api.delete("keyboards/mine").status_code == 204
    assert api.delete("keyboards/mine").status_code == 404
    assert api.get("keyboards/mine").status_code == 404


def test_lexicons_and_models(api: httpx.Client) -> None:
    lexicons = api.get("lexicons").json()["lexicons"]
    assert {"language": "en", "name": None}.items() <= next(one for one in lexicons if one["language"] == "en").items()
    assert api.get("models").json() == {"models": [], "in_use": None}
    assert api.post("models/use", json={"to": "base"}).json() == {"models": [], "in_use": None}
    for to, status in ((7, 404), ("global", 404), ("newest", 422), (True, 422), (0, 422)):
        assert api.post("models/use", json={"to": to}).status_code == status


def test_what_is_exported_is_what_is_ingested(api: httpx.Client, tmp_path: Path) -> None:
    api.post("swipes", json=LINES[:100])
    api.patch("words", json={"add": ["Wendy"]})
    answer = api.get("export")
    assert answer.headers["content-disposition"].startswith("attachment")
    exported = tmp_path / "swipes.jsonl"
    exported.write_bytes(answer.content)
    with swipefl.open(tmp_path / "other", languages="en") as other:
        assert other.ingest(exported).stored == 100
        assert b"".join(json.dumps(line).encode() + b"\n" for line in other.export()) == answer.content


def test_nothing_of_what_is_forgotten_is_left(api: httpx.Client) -> None:
    api.post("swipes", json=[gesture(), *LINES[:9]])
    every = {"everything": True}
    preview = api.post("forget", json=every | {"dry_run": True}).json()
    assert preview.keys() == {field.name for field in fields(swipefl.ForgetReport)}
    assert preview["erased"] == 10
    assert api.post("forget", json={"gesture_id": "g1"}).json()["erased"] == 1
    assert api.post("forget", json={"gesture_id": "g1"}).status_code == 404
    word = LINES[0]["word"]
    assert api.post("forget", json={"word": word, "before": "2020-01-31"}).json()["erased"] == 0
    assert api.post("forget", json={"word": word}).json()["erased"] >= 1
    api.post("forget", json=every)
    assert api.get("stats").json()["gestures"]["good"] == 0
    for nothing in (
        {},
        {"word": None},
        {"everything": False},
        {"gesture_id": "a", "word": "b"},
        {"before": "2026-13-01"},
    ):
        assert api.post("forget", json=nothing).status_code == 422


def test_what_the_command_line_changes_is_taken_up(api: httpx.Client, home: Path) -> None:
    swipe = gesture(coords=[{"x": 55 + i * 7, "y": 30 + (i % 3) * 60, "t": i / 50} for i in range(30)])
    before = api.post("predict", json=swipe).json()["candidates"]
    assert command(home, "words", "hide", before[0]["word"], SWIPEFL_LANGUAGES="en").code == 0

    def words() -> list[str]:
        return [candidate["word"] for candidate in api.post("predict", json=swipe).json()["candidates"]]

    wait_until(lambda: before[0]["word"] not in words())


NOT_THERE = (
    ("GET", "nothing", 404),
    ("POST", "nothing", 404),
    ("GET", "../v2/predict", 404),
    ("GET", "predict", 405),
    ("DELETE", "swipes", 405),
    ("PUT", "keyboards/qwerty", 405),
    ("FETCH", "swipes", 405),
    ("DELETE", "jobs/current", 405),
    ("GET", "predict/", 404),
    ("GET", "jobs/0000000000000000", 404),
    ("GET", "keyboards/nobodys", 404),
    ("GET", "keyboards/%00", 404),
    ("GET", "keyboards/%ED%A0%80", 404),
)


def test_what_is_not_there_is_a_problem(api: httpx.Client) -> None:
    for method, path, status in NOT_THERE:
        answer = api.request(method, path)
        assert answer.status_code == status, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert ("allow" in answer.headers) == (status == 405)
