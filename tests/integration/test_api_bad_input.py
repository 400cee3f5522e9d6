"""What no keyboard should send, sent to the real process: each a clear refusal, nothing lost, nothing told."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.serving import Serving, client, serving
from tests.support.swipes import gesture

WORD = "zuzanka"  # stands in whatever is sent, and in nothing that is answered or logged
X = 123.4567
POINTS = [{"x": X + 9 * i, "y": 30, "t": 0.02 * i} for i in range(7)]


def sent(**changes: Any) -> bytes:
    return json.dumps(gesture(**{"word": WORD, "before": WORD, "coords": POINTS, **changes})).encode()


def with_points(*points: Any) -> bytes:
    return sent(coords=[*POINTS[:2], *points])


WHOLE = sent()
NOT_JSON = {  # 400 in every resource
    "nothing": b"",
    "blanks": b" \n ",
    "half": WHOLE[:-20],
    "two": WHOLE + b"\n" + WHOLE,
    "NaN": WHOLE.replace(b"370", b"NaN"),
    "Infinity": WHOLE.replace(b"370", b"-Infinity"),
    "beyond a double": WHOLE.replace(b"370", b"1e999"),
    "5,000 digits": WHOLE.replace(b"370", b"3" * 5000),
    "a name twice": WHOLE[:-1] + b', "word": "other"}',
    "private twice": WHOLE[:-1] + b', "private": true, "private": false}',
    "a name of a point twice": WHOLE.replace(b'"y": 30', b'"y": 30, "y": 31'),
    "deep": b"[" * 100_000,
    "deep and whole": b'{"coords": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    "a mark of byte order": b"\xef\xbb\xbf" + WHOLE,
    "UTF-16": WHOLE.decode().encode("utf-16"),
    "Latin-1": WHOLE.replace(WORD.encode(), b"caf\xe9"),
    "half a character": WHOLE.replace(WORD.encode(), b"\xed\xa0\x80"),
    "a comment": b"/* we */" + WHOLE,
    "a single quote": WHOLE.replace(b'"', b"'"),
    "zeros": b"\0" * 100,
}
NO_SWIPE = {  # JSON that is no swipe: 422
    "null": b"null",
    "a number": b"7",
    "a text": json.dumps(WORD).encode(),
    "a swipe in a text": json.dumps(WHOLE.decode()).encode(),
    "nothing in it": b"{}",
    "no points": sent(coords=None),
    "one point": sent(coords=POINTS[:1]),
    "no list": sent(coords={"x": 1, "y": 1, "t": 0}),
    "too many points": sent(coords=[{"x": i, "y": 1, "t": 0} for i in range(5001)]),
    "a point is null": with_points(None),
    "a point is a list": with_points([1, 2, 3]),
    "no t": with_points({"x": 1, "y": 2}),
    "x is a text": with_points({"x": "5", "y": 2, "t": 1}),
    "x is true": with_points({"x": True, "y": 2, "t": 1}),
    "x is null": with_points({"x": None, "y": 2, "t": 1}),
    "x is nested": with_points({"x": [[1]], "y": 2, "t": 1}),
    "x is huge": with_points({"x": 10**40, "y": 2, "t": 1}),
    "x is 64 bits": with_points({"x": 2**64, "y": 2, "t": 1}),
    "t is before": with_points({"x": 1, "y": 2, "t": -5}),
    "time runs backwards": sent(coords=[*reversed(POINTS)]),
    "an hour": with_points({"x": 1, "y": 2, "t": 3600}),
    "milliseconds": sent(coords=[{**p, "t": p["t"] * 1000} for p in POINTS]),
    "no width": sent(width=0),
    "a width that is a text": sent(width="370"),
    "width alone": sent(height=None),
    "no keyboard": sent(keyboard="of nobody"),
    "a keyboard that is a number": sent(keyboard=5),
    "a keyboard that is none": sent(keyboard={"keys": WORD}),
    "a keyboard without end": sent(keyboard={"width": 1e308, "height": 1e308, "keys": [{"letter": "a"}] * 300}),
    "before is a number": sent(before=5),
    "an id that is a list": sent(gesture_id=[WORD]),
    "an id without end": sent(gesture_id=WORD * 100),
    "delete is a text": sent(delete="yes"),
    "another format": json.dumps({"word": WORD, "gesture": [[1, 2, 3]]}).encode(),
}
NO_LABEL = {  # of which a prediction needs nothing
    "no word": sent(word=None),
    "an empty word": sent(word=""),
    "a word that is a list": sent(word=[WORD]),
    "a word without end": sent(word="we" * 1000),
    "a number for a word": sent(word=5),
    "letters of no key": sent(word="привет"),
    "a deletion of nothing": json.dumps({"gesture_id": "", "delete": True}).encode(),
    "a deletion that is not sure": json.dumps({"gesture_id": "g1", "delete": 1}).encode(),
    "no swipes": b"[]",
    "101 swipes": b"[" + b",".join([WHOLE] * 101) + b"]",
    "lists in a list": b"[[" + WHOLE + b"]]",
    "nulls": b"[null, null]",
    "an export's word": json.dumps({"word": WORD, "language": "en", "personal": "added"}).encode(),
}
NO_PRIOR = {
    "a prior that is a list": sent(prior=[WORD]),
    "a prior that is likelier than sure": sent(prior={WORD: 1}),
    "a prior of texts": sent(prior={WORD: "-1"}),
    "a prior of very much": sent(prior={f"{WORD}{i}": -1 for i in range(20_001)}),
}
TYPES = (None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", "")


@pytest.fixture(scope="module")
def serves(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("bad") / "home", SWIPEFL_LANGUAGES="en") as at:
        yield at


@pytest.fixture(scope="module")
def api(serves: Serving) -> Iterator[httpx.Client]:
    with client(serves) as api:
        api.post("swipes", json=gesture()).raise_for_status()
        yield api


@pytest.fixture(autouse=True)
def _nothing_is_lost_and_nothing_told(serves: Serving, api: httpx.Client) -> Iterator[None]:
    yield
    assert api.get("stats").json()["gestures"]["good"] == 1
    assert WORD not in serves.log()
    assert str(X) not in serves.log()
    assert "Traceback" not in serves.log()


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """What is said of what was refused."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert WORD not in answer.text
    assert str(X) not in answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["kind"] == {2: "usage", 3: "data"}[problem["exit_code"]]
    assert problem["detail"]
    return problem


def posted(api: httpx.Client, path: str, body: bytes, type_: str | None = "application/json") -> httpx.Response:
    return api.post(path, content=body, headers={} if type_ is None else {"content-type": type_})


@pytest.mark.parametrize("path", ["predict", "swipes"])
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_json(api: httpx.Client, path: str, body: bytes) -> None:
    refused(posted(api, path, body), 400)


@pytest.mark.parametrize("path", ["words", "keyboards", "models/use", "forget", "cycle"])
def test_what_is_no_json_anywhere(api: httpx.Client, path: str) -> None:
    method = "PATCH" if path == "words" else "POST"
    for body in NOT_JSON.values():
        refused(api.request(method, path, content=body, headers={"content-type": "application/json"}), 400)
    for body in (b"null", b"7", b"[]", b'{"geheim": 1}', json.dumps({WORD: WORD}).encode()):
        refused(api.request(method, path, content=body, headers={"content-type": "application/json"}), 422)


@pytest.mark.parametrize("path", ["predict", "swipes"])
@pytest.mark.parametrize("body", NO_SWIPE.values(), ids=NO_SWIPE)
def test_what_is_no_swipe(api: httpx.Client, path: str, body: bytes) -> None:
    refused(posted(api, path, body), 422)


@pytest.mark.parametrize("body", NO_LABEL.values(), ids=NO_LABEL)
def test_what_cannot_be_learned_from(api: httpx.Client, body: bytes) -> None:
    refused(posted(api, "swipes", body), 422)


@pytest.mark.parametrize("body", NO_PRIOR.values(), ids=NO_PRIOR)
def test_what_is_no_prior(api: httpx.Client, body: bytes) -> None:
    refused(posted(api, "predict", body), 422)


@pytest.mark.parametrize("path", ["predict", "swipes"])
def test_a_body_says_that_it_is_json(api: httpx.Client, path: str) -> None:
    for type_ in TYPES:
        refused(posted(api, path, WHOLE, type_), 415)
    packed = {"content-type": "application/json", "content-encoding": "gzip"}
    refused(api.post(path, content=gzip.compress(WHOLE), headers=packed), 415)
    refused(posted(api, path, gzip.compress(WHOLE)), 400)
    for field in ("content-encoding", "content-type"):
        twice = [("content-type", "application/json"), ("content-encoding", "identity"), (field, "gzip")]
        refused(api.post(path, content=WHOLE, headers=twice), 415)


def test_what_erases_says_true_and_nothing_that_is_like_it(api: httpx.Client) -> None:
    for yes in (b"1", b"1.0", b'"true"', b"[true]", b"null", b"false"):
        refused(posted(api, "forget", b'{"everything": ' + yes + b"}"), 422)
        refused(posted(api, "swipes", b'{"gesture_id": "a", "delete": ' + yes + b"}"), 422)


def test_many_names_in_an_object_are_refused_before_anybody_reads_them(api: httpx.Client) -> None:
    names = json.dumps({f"{WORD}{n}": n for n in range(1_001)}).encode()
    for path in ("forget", "keyboards", "cycle"):
        assert "1000 names" in refused(posted(api, path, names), 400)["detail"]
    assert posted(api, "predict", WHOLE[:-1] + b"," + names[1:]).status_code == 200


def test_what_is_asked_of_a_prediction_is_within_bounds(api: httpx.Client) -> None:
    for said in ("top=0", "top=101", "top=x", "top=", "top=1.5", "top=5&top=0", "sight=2", "explain=maybe"):
        refused(posted(api, f"predict?{said}", WHOLE), 422)


def test_half_a_character_is_read_as_it_is_of_a_file(api: httpx.Client) -> None:
    """Texts that were cut within an emoji are what a keyboard may well have before its cursor."""
    body = sent().replace(b'"before": "' + WORD.encode(), b'"before": "\\ud83d')
    assert posted(api, "predict", body).status_code == 200
