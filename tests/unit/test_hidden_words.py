"""Words that are never offered: hidden by hand."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import LANGUAGES, Lexicon, load_lexicon, no_words
from swipefl.decoder.search import Candidate
from swipefl.device.ownership import exported, forget
from swipefl.device.prediction import Prediction, unwanted
from swipefl.device.words import change_word, known_words
from swipefl.errors import UsageError
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import built_in
from swipefl.store.store import Store
from swipefl.store.words import PersonalWord
from tests.support.people import WORDS, examples
from tests.support.stores import RARE, put, train_uses

RUSSIAN = ("привет", "погода", "сегодня", "хорошо")
PEOPLE = {"en": examples(12, seed=3), "ru": examples(8, seed=3, keyboard=built_in("jcuken"), words=RUSSIAN)}


def decoded(example: Example, lexicon: Lexicon, top: int = 20) -> list[Candidate]:
    return Decoder(base_checkpoint(), lambda language: lexicon).decode(example.gesture, top)


def words_of(candidates: Iterable[Candidate]) -> list[str]:
    return [candidate.word for candidate in candidates]


@given(st.sampled_from(LANGUAGES), st.integers(0, 7), st.sets(st.integers(0, 19), max_size=20), st.booleans())
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
    assert len(plain.lengths) - len(fewer.lengths) == len(WORDS)
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
    hidden = unwanted(store)[language]
    assert len(hidden) == 1
    assert stays not in hidden
    assert gone is None or hidden == {gone}
    assert change_word(store, written.swapcase(), language, "unhide").hidden == 0
    assert unwanted(store) == {}


def test_a_word_is_hidden_in_one_language(store: Store) -> None:
    change_word(store, "Damn", "en", "hide")
    assert "damn" not in unwanted(store).get("ru", ())


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


def test_judging_does_not_depend_on_what_is_hidden(store: Store) -> None:
    some = PEOPLE["en"]
    plain = Prediction(base_checkpoint(), load_lexicon, built_in)
    hiding = Prediction(base_checkpoint(), load_lexicon, built_in, None, {"en": frozenset(WORDS)})
    scores = [(e.top1, e.top5, e.in_lexicon, e.ece) for e in (plain.evaluation(some), hiding.evaluation(some))]
    assert scores[0] == scores[1]
    assert not set(WORDS) & set(words_of(hiding.decoder().decode(some[0].gesture)))
