"""`swipefl words hide` and offensive words, as a person meets them at the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from swipefl.decoder.lexicon import load_lexicon, offensive_words
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.keyboard import built_in
from tests.support.command import Done, swipefl
from tests.support.people import examples
from tests.support.swipes import GOOD, lines
from tests.support.terminal import seen, swipefl_on_terminal


def offered(done: Done, key: str = "word") -> list[str]:
    assert done.code == 0, done.err
    return [candidate[key] for candidate in done.json["candidates"]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with some of the example's gestures."""
    assert swipefl(tmp_path, "ingest", "-", given=b"".join(GOOD[:40])).code == 0
    return tmp_path


def test_a_hidden_word_is_offered_nowhere_and_the_next_move_up(home: Path) -> None:
    predict = ("predict", "-", "--json", "--top", "6")
    first, second, *others = offered(swipefl(home, *predict, given=GOOD[0]))
    judged = swipefl(home, "evaluate", "--model", "base", "--json").json
    done = swipefl(home, "words", "hide", first.upper())
    assert (done.code, done.out) == (0, "")
    assert first.lower() not in done.err.lower()
    after = offered(swipefl(home, *predict, given=GOOD[0]))
    assert after[:5] == [second, *others]
    shown = swipefl(home, "show", json.loads(GOOD[0])["gesture_id"], "--json")
    assert first not in offered(shown)
    again = swipefl(home, "evaluate", "--model", "base", "--json").json
    assert [again[key] for key in ("top1", "top5", "in_lexicon")] == [
        judged[key] for key in ("top1", "top5", "in_lexicon")
    ]
    assert swipefl(home, "words", "unhide", first.title(), "--json").json["hidden"] == 0
    assert offered(swipefl(home, *predict, given=GOOD[0])) == [first, second, *others]


def test_hidden_words_are_listed_brought_back_and_forgotten(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    word = json.loads(GOOD[0])["word"]
    for each in (word, "it's"):
        assert swipefl(home, "words", "hide", each).code == 0
    rows = swipefl(home, "words", "list", "--json").json["words"]
    assert {row["word"] for row in rows if row["origin"] == "hidden"} == {word, "it's"}
    assert [row["origin"] for row in rows if row["word"] == word] == ["hidden"]
    assert any("never offered" in line for line in seen(swipefl_on_terminal(home, "words", "list").out))
    exported, other = swipefl(home, "export").out, tmp_path_factory.mktemp("other")
    assert swipefl(other, "ingest", "-", given=exported.encode()).code == 0
    assert swipefl(other, "export").out == exported
    assert word not in offered(swipefl(other, "predict", "--json", "-", given=GOOD[0]), "spelled")
    assert swipefl(other, "forget", "--word", word).code == 0
    assert word in offered(swipefl(other, "predict", "--json", "-", given=GOOD[0]), "spelled")
    assert swipefl(other, "forget", "--all").code == 0
    assert swipefl(other, "words", "list", "--json").json["words"] == []


@pytest.mark.parametrize("state", ["shown", 3, None, ["hidden"]])
def test_a_line_of_another_state_is_rejected_by_name(tmp_path: Path, state: Any) -> None:
    line = json.dumps({"word": "zuzanka", "language": "en", "personal": state}).encode() + b"\n"
    done = swipefl(tmp_path, "ingest", "-", "--json", given=line + GOOD[0])
    assert (done.code, done.json["rejected"], "zuzanka" in done.err) == (0, 1, False)


def test_an_offensive_word_is_offered_where_it_is_asked_for_or_was_typed(tmp_path: Path) -> None:
    """With and without a store; none is made by predicting."""
    home, lexicon, offensive = tmp_path / "home", load_lexicon("en"), offensive_words("en")
    word = next(word for word in lexicon.words if word in offensive and len(word) > 3)
    # trained on nobody's swipes of it: the clearest of a few generated ones
    swipes = [lines(to_line(example)) for example in examples(8, seed=1, keyboard=built_in("qwerty"), words=(word,))]
    asked = ("predict", "-", "--json", "--offensive-words")
    swipe = next(line for line in swipes if offered(swipefl(home, *asked, given=line))[0] == word)
    assert word not in offered(swipefl(home, "predict", "--json", "-", given=swipe))
    assert offered(swipefl(home, "predict", "--json", "-", given=swipe, SWIPEFL_OFFENSIVE_WORDS="true"))[0] == word
    assert not home.exists()
    assert swipefl(home, "ingest", "-", given=GOOD[0]).code == 0
    assert word not in offered(swipefl(home, "predict", "--json", "-", given=swipe))
    assert swipefl(home, "ingest", "-", "--json", given=swipe).json["stored"] == 1
    assert offered(swipefl(home, "predict", "--json", "-", given=swipe))[0] == word
    assert swipefl(home, "words", "remove", word).code == 0
    assert word not in offered(swipefl(home, "predict", "--json", "-", given=swipe))
    (home / "config.toml").write_text("offensive_words = true\n")
    assert offered(swipefl(home, "predict", "--json", "-", given=swipe))[0] == word
    assert word not in offered(swipefl(home, "predict", "--json", "-", "--no-offensive-words", given=swipe))
