"""The bench of languages, with a few swipes: what it draws, and the page that it writes."""

import numpy as np
import pytest

from swipefl.gesture.before import Before
from swipefl.gesture.gesture import verdict
from swipefl.gesture.keyboard import built_in
from tests.support import languages
from tests.support.sentences import swiped_sentences


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "PEOPLE", 2)
    monkeypatch.setattr(languages, "SWIPES", 10)


def test_swipes_are_of_words_that_have_keys_and_mean_them() -> None:
    made = languages.swipes("en", built_in("qwerty"))
    assert len(made) == 20
    assert all(len(example.spelled) > 1 for example in made)
    assert np.mean([verdict(example) == "good" for example in made]) > 0.8
    assert [e.word for e in made] == [e.word for e in languages.swipes("en", built_in("qwerty"))]


def test_the_page_has_a_row_for_each_language_and_each_of_two_at_once() -> None:
    tables = {
        "own": languages.alone((("en", "qwerty"), ("ru", "jcuken"), ("xx", "qwerty"), ("en", "no-layout"))),
        "others": languages.alone((("en", "dvorak"),)),
        "together": [],
    }
    assert [row.language for row in tables["own"]] == ["en", "ru"]
    one = tables["own"][0]
    tables["together"] = [languages.Row("en", "qwerty", one.scores, "ru", one.scores.top1 + 0.01)]
    sentences = [{"swiped": "de", "beside": "en", "as both": "90.0"}]
    text = languages.page(tables, (4, 5), sentences)
    assert "| ru | jcuken |" in text
    assert "| en | en or ru | qwerty |" in text
    assert "| de | en | 90.0 |" in text
    assert "generator's view" in text
    assert "Of 5 recorded Russian swipes" in text
    assert languages.figures(tables)["en"]["lost"] == 0
    bounds = {name: bound for name, _, bound, _ in languages.goals(languages.figures(tables))}
    assert bounds["generated ru: top-1 lost"] == 0.03
    assert bounds["generated en beside ru: top-1 lost"] == 0.02


def test_words_of_sentences_are_swiped_with_what_stood_before() -> None:
    keyboard = built_in("azerty-fr")
    made = swiped_sentences("fr", keyboard, 1)
    assert [(e.word, e.gesture.before) for e in made[:2]] == [("Je", Before()), ("serai", Before(("Je",)))]
    assert sum(e.gesture.before == Before() for e in made) > 15
    assert all(keyboard.spelling(("fr",)).of(e.word) == e.spelled for e in made)
