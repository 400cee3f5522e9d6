"""`/api/v1/practice`: what is to be swiped, of the package's sentences and of a text of one's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import swipefl
from swipefl.api import problems
from swipefl.api.practice import practised, sentences
from swipefl.api.resources import practice


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with swipefl.open(tmp_path / "home") as device:
        app = FastAPI()
        app.include_router(practice.routes(device), prefix="/api/v1")
        problems.install(app)
        yield TestClient(app, raise_server_exceptions=False)


def _get(client: TestClient, **query: str) -> Any:
    answer = client.get("/api/v1/practice", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_it_says_which_languages_there_are_and_how_many_swipes_it_takes(client: TestClient) -> None:
    known = {"languages": list(practised()), "least": 8}
    assert _get(client) == known | {"language": None, "sentences": [], "parts": []}
    assert _get(client, language="de").items() >= known.items()


@pytest.mark.parametrize("language", practised())
def test_sentences_come_in_parts_with_the_words_to_swipe(client: TestClient, language: str) -> None:
    answer = _get(client, language=language)
    assert answer["sentences"] == list(sentences(language))
    assert [" ".join(part["shown"] for part in parts) for parts in answer["parts"]] == answer["sentences"]
    asked = [part["word"] for parts in answer["parts"] for part in parts if part["word"]]
    assert len(asked) > 80
    assert all(word in part["shown"] for parts in answer["parts"] for part in parts if (word := part["word"]))


def test_a_keyboard_that_cannot_spell_a_word_is_not_asked_for_it(client: TestClient) -> None:
    assert all(part["word"] for part in _get(client, language="de", keyboard="qwertz-de")["parts"][0])
    russian = _get(client, language="de", keyboard="jcuken")
    assert (russian["language"], russian["sentences"], russian["parts"]) == ("de", [], [])


def test_a_language_without_sentences_has_none_and_is_no_error(client: TestClient) -> None:
    answer = _get(client, language="ko", keyboard="dubeolsik")
    assert (answer["language"], answer["sentences"], answer["parts"]) == ("ko", [], [])


def test_of_several_languages_the_first_is_practised(client: TestClient) -> None:
    assert _get(client, language="de,fr")["sentences"] == list(sentences("de"))


def test_a_text_of_ones_own(client: TestClient) -> None:
    given = {"text": "Bring the jug. Call 4711!\nNow.", "keyboard": "qwerty", "language": "en"}
    answer = client.post("/api/v1/practice", json=given).json()
    assert answer["sentences"] == ["Bring the jug.", "Call 4711!", "Now."]
    assert [part["word"] for parts in answer["parts"] for part in parts] == ["Bring", "the", "jug", "Call", None, "Now"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"text": "x" * 20_001, "keyboard": "qwerty"}, 422),
        ({"text": "hello", "keyboard": "no-such"}, 404),
        ({"text": "hello"}, 422),
        ({"text": None, "keyboard": "qwerty"}, 422),
        ({"text": "hello", "keyboard": "qwerty", "language": "!!"}, 422),
        ({"text": "hello", "keyboard": "qwerty", "language": ""}, 422),
    ],
)
def test_what_cannot_be_asked_is_a_problem_without_the_text(client: TestClient, given: Any, status: int) -> None:
    answer = client.post("/api/v1/practice", json=given)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "hello" not in answer.text
    assert "xxx" not in answer.text


@pytest.mark.parametrize("query", [{"language": "!!"}, {"language": ""}, {"language": "en", "keyboard": "no-such"}])
def test_a_question_that_means_nothing_is_a_problem(client: TestClient, query: dict[str, str]) -> None:
    answer = client.get("/api/v1/practice", params=query)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_nothing_of_it_is_kept(client: TestClient, tmp_path: Path) -> None:
    client.post("/api/v1/practice", json={"text": "a secret marmalade", "keyboard": "qwerty"})
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"marmalade" in path.read_bytes() for path in kept)
