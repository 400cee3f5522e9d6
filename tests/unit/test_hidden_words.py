"""Words that are never offered: hidden by hand, and offensive ones that the person never typed."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import Lexicon, load_lexicon, no_words, offensive_words, shipped
from swipefl.decoder.search import Candidate
from swipefl.device.ownership import exported, forget
from swipefl.device.prediction import Prediction, unwanted
from swipefl.device.words import change_word, is_offered_so, known_words
from swipefl.errors import UsageError
from swipefl.gesture.gesture import SUSPECT, Example
from swipefl.gesture.keyboard import Keyboard, built_in
from swipefl.gesture.spelling import folded as fold
from swipefl.store.store import Store
from swipefl.store.words import _TYPED, PersonalWord
from tests.support.people import WORDS, examples
from tests.support.stores import RARE, put, side, train_uses

RUSSIAN = ("привет", "погода", "сегодня", "хорошо")
PEOPLE = {"en": examples(12, seed=3), "ru": examples(8, seed=3, keyboard=built_in("jcuken"), words=RUSSIAN)}


def decoded(example: Example, lexicon: Lexicon, top: int = 20) -> list[Candidate]:
    return Decoder(base_checkpoint(), lambda language: lexicon).decode(example.gesture, top)


def words_of(candidates: Iterable[Candidate]) -> list[str]:
    return [candidate.word for candidate in candidates]


@given(st.sampled_from(sorted(PEOPLE)), st.integers(0, 7), st.sets(st.integers(0, 19), max_size=20), st.booleans())
def test_a_hidden_word_is_no_candidate_and_the_others_keep_score_and_order(
    language: str, which: int, ranks: set[int], personal: bool
) -> None:
    """Also words of the person's own, and whatever else is hidden."""
    example, lexicon = PEOPLE[language][which], load_lexicon(language)
    if personal:
        lexicon = lexicon.with_words({example.word: -3.0, example.word + example.word[-1]: -3.0})
    before = decoded(example, lexicon)
    hidden = {before[rank].word for rank in ranks if rank < len(before)}
    after = decoded(example, lexicon.hiding({*hidden, "it's", "слово"}))
    assert hidden.isdisjoint(words_of(after))
    assert len(after) == len(before)
    stayed = {candidate.word: candidate.score for candidate in after}
    kept = [candidate for candidate in before if candidate.word not in hidden]
    known = [candidate for candidate in kept if candidate.word in stayed]
    assert [word for word in words_of(after) if word in set(words_of(kept))] == words_of(known)
    assert [stayed[candidate.word] for candidate in known] == pytest.approx([c.score for c in known])
    if before[0].word not in hidden:
        assert after[0].word == before[0].word


def test_hiding_leaves_the_cached_lexicon_alone() -> None:
    letters = built_in("qwerty").letters
    lexicon = load_lexicon("en")
    (plain,) = lexicon.index(letters).tables
    (fewer,) = lexicon.hiding(WORDS).index(letters).tables
    assert sorted(fewer.written.text(fewer.hidden)) == sorted(WORDS)
    assert not len(plain.hidden)
    assert load_lexicon("en").index(letters).tables == (plain,)
    assert all(word in lexicon.hiding(WORDS) for word in WORDS)  # known, if never offered


def test_a_prior_does_not_bring_back_a_hidden_word() -> None:
    example = PEOPLE["en"][0]
    lexicon = load_lexicon("en").hiding({example.word}).with_prior({example.word: -0.01})
    assert example.word not in words_of(decoded(example, lexicon))


def test_everything_may_be_hidden() -> None:
    lexicon = no_words("en").with_words({"hello": -3.0}).hiding({"hello"})
    assert decoded(PEOPLE["en"][0], lexicon) == []


@pytest.mark.parametrize(
    ("written", "language", "gone", "stays"),
    [
        ("Damn", "en", "damn", "dame"),
        ("DAMN", "en", "damn", "dam"),
        ("it's", "en", None, "its"),
        ("IT’S", "en", None, "its"),
        ("its", "en", "its", "it"),
        ("Café", "en", "cafe", "cafes"),
        ("Ёлка", "ru", "елка", "елки"),
        ("ЙОД", "ru", "йод", "иод"),
    ],
)
def test_a_word_is_hidden_in_whatever_case_it_is_written(
    store: Store, written: str, language: str, gone: str | None, stays: str
) -> None:
    change_word(store, written, language, "hide")
    hidden = unwanted(store)[language] - offensive_words(language)
    assert len(hidden) == 1
    assert stays not in hidden
    assert gone is None or hidden == {gone}
    assert change_word(store, written.swapcase(), language, "unhide").hidden == 0
    assert unwanted(store)[language] == offensive_words(language)


def test_a_word_is_hidden_in_one_language(store: Store) -> None:
    change_word(store, "Damn", "en", "hide")
    assert "damn" not in unwanted(store)["ru"]


@pytest.mark.parametrize("word", ["", "'", "two words", "12", "x" * 65])
def test_what_has_no_letters_cannot_be_hidden(store: Store, word: str) -> None:
    for change in ("hide", "unhide"):
        with pytest.raises(UsageError, match="letters"):
            change_word(store, word, "en", change)
    assert store.words.hidden() == []


def test_a_hidden_word_stays_hidden_until_it_is_unhidden_or_added(store: Store) -> None:
    """However often it is swiped; what is learned of it counts for the model, which is judged with it."""
    change_word(store, RARE, "en", "hide")
    put(store, train_uses(RARE, 3))
    assert RARE in unwanted(store)["en"]
    assert store.words.all() == [PersonalWord(RARE, "en", 3, "typed")]
    assert known_words(store) == [PersonalWord(RARE, "en", 3, "hidden")]
    assert change_word(store, RARE, "en", "remove").hidden == 1
    assert change_word(store, RARE, "en", "add").hidden == 0
    assert known_words(store) == [PersonalWord(RARE, "en", 3, "added")]


def test_hidden_words_are_listed_exported_and_forgotten(store: Store) -> None:
    for word in ("Damn", "it's", "its", RARE):
        change_word(store, word, "en", "hide")
    change_word(store, RARE, "en", "remove")
    states = [(line["word"], line["personal"]) for line in exported(store)]
    assert states == [(RARE, "removed"), ("damn", "hidden"), ("it's", "hidden"), ("its", "hidden"), (RARE, "hidden")]
    forget(store, word="Its")  # what is erased is everything that is swiped like it
    assert [word.word for word in known_words(store)] == ["damn", RARE]
    forget(store)
    assert list(exported(store)) == known_words(store) == []
    assert b"damn" not in store.path.read_bytes()


# The offensive words: none stands in this file.

ORDINARY = (
    *("hell", "damn", "ass", "cock", "tit", "dick", "bastard", "bloody", "suck", "queer", "gay", "lesbian", "trans"),
    *("sex", "sexual", "breast", "breasts", "penis", "vagina", "anal", "rape", "rapist", "abortion", "nazi", "jew"),
    *("execute", "scunthorpe", "class", "pass", "cocktail", "spicy", "japan", "therapist", "snigger", "shot", "ship"),
    *("duck", "ducking", "sheet", "puck", "count", "black", "asian", "muslim", "gypsy", "drug", "kill", "suicide"),
    *("член", "секс", "гей", "хлеб", "хула", "скучать", "страховать", "команда", "негр", "презерватив", "рубля"),
)


def test_no_word_that_anybody_may_need_is_offensive() -> None:
    assert not set(ORDINARY) & {word for language in shipped() for word in offensive_words(language)}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_offensive_words_are_few_rare_and_of_the_lexicon(language: str) -> None:
    lexicon, words = load_lexicon(language), offensive_words(language)
    assert 50 < len(words) < 500
    assert words <= set(lexicon.words)
    share = dict(zip(lexicon.words, np.exp(lexicon.ln_frequencies), strict=True))
    assert sum(share[word] for word in words) < 0.002


def test_a_language_without_a_lexicon_has_no_list() -> None:
    with pytest.raises(UsageError):
        offensive_words("xx")


def common_offensive(keyboard: Keyboard) -> Example:
    """A generated swipe of an offensive word that the base model reads as just that."""
    lexicon = load_lexicon(keyboard.languages)
    usual = [word for word in lexicon.words if word in offensive_words(keyboard.languages[0]) and len(word) > 3][:20]
    swipes = examples(60, seed=2, keyboard=keyboard, words=tuple(usual))
    return next(e for e in swipes if decoded(e, lexicon, 1)[0].word == e.word)


def offered(store: Store | None, example: Example, offensive: bool = False) -> list[str]:
    prediction = Prediction(base_checkpoint(), load_lexicon, built_in, None, unwanted(store, offensive))
    return words_of(prediction.decoder().decode(example.gesture))


@pytest.mark.parametrize("name", ["qwerty", "jcuken"])
def test_an_offensive_word_is_offered_to_who_typed_it(store: Store, name: str) -> None:
    keyboard = built_in(name)
    example = common_offensive(keyboard)
    word, language = example.word, keyboard.languages[0]
    assert word not in offered(None, example)
    assert offered(None, example, offensive=True)[0] == word
    assert word not in offered(store, example)
    put(store, [example], SUSPECT)
    assert word not in offered(store, example)  # a word that was not swiped is none that was typed
    change_word(store, word, language, "add")
    assert offered(store, example)[0] == word
    change_word(store, word.upper(), language, "hide")
    assert word not in offered(store, example)
    assert word not in offered(store, example, offensive=True)


@pytest.mark.parametrize("kept", ["train", "held_out"])
def test_one_good_swipe_is_enough_on_any_keyboard_until_it_is_removed_or_forgotten(store: Store, kept: str) -> None:
    word = fold(sorted(offensive_words("en"))[0])
    keyboard = Keyboard("mine", "", 10.0, 3.0, built_in("qwerty").keys)
    swipes = examples(60, seed=4, keyboard=keyboard, words=(word,))
    put(store, [next(e for e in swipes if side(e) == kept)])
    assert word not in unwanted(store)["en"]
    assert unwanted(store)["en"] < offensive_words("en")
    store.words.remove(word, "")
    assert word in unwanted(store)["en"]
    store.words.erase()
    assert word not in unwanted(store)["en"]
    forget(store, word=word)
    assert word in unwanted(store)["en"]


def test_what_is_typed_is_searched_for_by_the_index(path: Path) -> None:
    """A start waits for no scan of all gestures."""
    with Store(path) as store:
        plan = " ".join(str(row[3]) for row in store.sql.rows(f"EXPLAIN QUERY PLAN {_TYPED}", ("[]",)))
    assert "COVERING INDEX gestures_by_use (verdict=? AND held_out=? AND keyboard=? AND word=?)" in plan
    assert "SCAN g" not in plan


def test_judging_does_not_depend_on_what_is_hidden(store: Store) -> None:
    some = PEOPLE["en"]
    plain = Prediction(base_checkpoint(), load_lexicon, built_in)
    hiding = Prediction(base_checkpoint(), load_lexicon, built_in, None, {"en": frozenset(WORDS)})
    scores = [(e.top1, e.top5, e.in_lexicon, e.ece) for e in (plain.evaluation(some), hiding.evaluation(some))]
    assert scores[0] == scores[1]
    assert not set(WORDS) & set(words_of(hiding.decoder().decode(some[0].gesture)))


@pytest.mark.parametrize("word", ["it's", "It’s", "don't", "o'clock", "rock'n'roll", "naïve"])
def test_an_added_word_is_hidden_in_none_of_its_spellings(store: Store, word: str) -> None:
    for spelled in (word, fold(word)):
        change_word(store, spelled, "en", "hide")
    change_word(store, "we're", "en", "hide")
    change_word(store, word, "ru", "hide")
    change_word(store, word, "en", "add")
    assert [(hidden.word, hidden.language) for hidden in store.words.hidden() if hidden.language == "en"] == [
        ("we're", "en")
    ]
    assert len(store.words.hidden()) == 2
    change_word(store, word, "en", "hide")
    change_word(store, fold(word), "en", "add")
    assert is_offered_so(word) == (len(store.words.hidden()) == 2)  # another spelling stays as it was wanted
