"""Words that are never offered: hidden by hand, and offensive ones that the person never typed."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import Lexicon, load_lexicon, no_words, offensive_words, shipped
from swipefl.decoder.search import Candidate
from swipefl.device.ingestion import Ingestion
from swipefl.device.ownership import exported, forget
from swipefl.device.prediction import Prediction
from swipefl.device.vocabulary import Own, Vocabulary
from swipefl.device.words import change_word, known_words
from swipefl.errors import UsageError
from swipefl.gesture.gesture import SUSPECT, Example
from swipefl.gesture.keyboard import Keyboard, built_in
from swipefl.store.personal_words import PersonalWord
from swipefl.store.store import Store
from swipefl.store.words import _TYPED
from tests.support.people import WORDS, examples
from tests.support.stores import RARE, fresh_store, put, side, train_uses
from tests.support.vocabularies import prior_of, searched

RUSSIAN = ("привет", "погода", "сегодня", "хорошо")
ENGLISH = ("en",)
PEOPLE = {"en": examples(12, seed=3), "ru": examples(8, seed=3, keyboard=built_in("jcuken"), words=RUSSIAN)}


def decoded(example: Example, lexicon: Lexicon, top: int = 20) -> list[Candidate]:
    return Decoder(base_checkpoint(), lambda language: lexicon).decode(example.gesture, top)


def vocabulary(store: Store | None, offensive: bool = False) -> Vocabulary:
    if store is None:
        return Vocabulary(offensive=offensive)
    return Vocabulary(Own(store.words.all(), store.words.hidden(), typed=store.words.typed), offensive=offensive)


def hidden_in(store: Store, language: str) -> frozenset[str]:
    """What the search meets in no case, besides offensive words."""
    return vocabulary(store).offered((language,)).hidden - offensive_words(language)


def words_of(candidates: Iterable[Candidate]) -> list[str]:
    return [candidate.word for candidate in candidates]


@given(st.sampled_from(["en", "ru"]), st.integers(0, 7), st.sets(st.integers(0, 19), max_size=20), st.booleans())
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
    # what is left of a spelling is as frequent as its words that are left
    changed = {candidate.spelled for candidate in before if candidate.word in hidden}
    kept = [candidate for candidate in before if candidate.spelled not in changed]
    known = [candidate for candidate in kept if candidate.word in stayed]
    assert [word for word in words_of(after) if word in set(words_of(kept))] == words_of(known)
    assert [stayed[candidate.word] for candidate in known] == pytest.approx([c.score for c in known])
    if before[0].spelled not in changed:
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
    hiding = load_lexicon("en").hiding({example.word, "Zzyzx"})
    decoder = Decoder(base_checkpoint(), lambda languages: hiding)
    likely = prior_of({example.word: -0.01, example.word.upper(): -0.01, "zzyzx": -0.01})
    assert example.word not in words_of(decoder.decode(example.gesture, 20, likely))
    index = likely.index(hiding, example.gesture.keyboard.letters)
    assert "zzyzx" not in index


def test_everything_may_be_hidden() -> None:
    lexicon = no_words("en").with_words({"hello": -3.0}).hiding({"hello"})
    assert decoded(PEOPLE["en"][0], lexicon) == []


@pytest.mark.parametrize(
    ("written", "language", "gone", "stays"),
    [
        ("Damn", "en", "damn", "dame"),
        ("DAMN", "en", "damn", "dam"),
        ("it's", "en", "it's", "its"),
        ("IT’S", "en", "it's", "its"),
        ("its", "en", "its", "it's"),
        ("Café", "en", "café", "cafe"),
        ("Straße", "de", "straße", "strasse"),
        ("Ёлка", "ru", "ёлка", "елка"),
        ("ISPARTA", "tr", "ısparta", "isparta"),
        ("New York", "en", "new york", "newyork"),
    ],
)
def test_a_word_is_hidden_as_it_is_written_in_whatever_case(
    store: Store, written: str, language: str, gone: str, stays: str
) -> None:
    change_word(store, written, (language,), "hide")
    assert [(word.word, word.languages) for word in store.words.hidden()] == [(gone, (language,))]
    own = Own([PersonalWord(word, (language,), 2, "added") for word in (written, stays)], store.words.hidden())
    letters = "".join(sorted({*gone, *stays} - {"'", " "}))
    shown = searched(Vocabulary(own).offered((language,)), letters)
    assert stays in shown
    assert written not in shown
    assert change_word(store, written, (language,), "unhide").hidden == 0


def test_a_word_is_hidden_in_the_languages_that_were_meant(store: Store) -> None:
    change_word(store, "Damn", ENGLISH, "hide")
    assert "damn" in hidden_in(store, "en")
    assert "damn" not in hidden_in(store, "ru")
    assert change_word(store, "Damn", ("en", "de", "ru"), "hide").hidden == 1
    assert "damn" in hidden_in(store, "ru")
    assert known_words(store) == [PersonalWord("damn", ("de", "en", "ru"), 0, "hidden")]
    change_word(store, "damn", ("de", "ru"), "unhide")
    assert known_words(store) == [PersonalWord("damn", ENGLISH, 0, "hidden")]


@pytest.mark.parametrize("word", ["", "'", "12", "c++", "x" * 65, "a😀"])
def test_what_no_keyboard_can_spell_cannot_be_hidden(store: Store, word: str) -> None:
    for change in ("hide", "unhide", "add", "remove"):
        with pytest.raises(UsageError, check=lambda error: error.code == "no-word"):
            change_word(store, word, ENGLISH, change)
    assert store.words.hidden() == store.words.all() == []


def older(path: Path, *hidden: str, words: Iterable[tuple[str, bool]] = ()) -> None:
    """A store of an older swipefl, which kept words as they are swiped."""
    with Store(path) as store:
        for word in hidden:
            store.sql.run("INSERT INTO hidden_words (word, language, folded) VALUES (?, 'en', 1)", (word,))
        for word, removed in words:
            store.sql.run("INSERT INTO words (word, language, removed, folded) VALUES (?, 'en', ?, 1)", (word, removed))


def test_what_an_older_swipefl_hid_stays_hidden_however_it_is_written(path: Path) -> None:
    """And only so: `it's` was hidden as it is written then too."""
    written = {"don't": -3.0, "dont": -9.0, "Café": -4.0, "its": -5.0, "it's": -5.0, "stays": -6.0}
    older(path, "dont", "cafe", "it's")
    with Store(path) as store:
        own = Own([PersonalWord(word, ENGLISH, 2, "added") for word in written], store.words.hidden())
        shown = searched(Vocabulary(own).offered(ENGLISH), built_in("qwerty").letters)
        assert set(written) & shown == {"its", "stays"}
        assert change_word(store, "Don't", ENGLISH, "unhide").hidden == 2
        assert change_word(store, "Café", ENGLISH, "add").hidden == 1


def test_a_hidden_word_stays_hidden_until_it_is_unhidden_or_added(store: Store) -> None:
    """However often it is swiped; what is learned of it counts for the model, which is judged with it."""
    change_word(store, RARE, ENGLISH, "hide")
    put(store, train_uses(RARE, 3))
    assert RARE in hidden_in(store, "en")
    assert store.words.all() == [PersonalWord(RARE, ENGLISH, 3, "typed")]
    assert known_words(store) == [PersonalWord(RARE, ENGLISH, 3, "hidden")]
    assert change_word(store, RARE, ENGLISH, "remove").hidden == 1
    assert change_word(store, RARE, ENGLISH, "add").hidden == 0
    assert known_words(store) == [PersonalWord(RARE, ENGLISH, 3, "added")]


def test_hidden_words_are_listed_exported_and_forgotten(store: Store) -> None:
    for word in ("Damn", "it's", "its", RARE):
        change_word(store, word, ENGLISH, "hide")
    change_word(store, RARE, ENGLISH, "remove")
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
    (language,) = keyboard.languages
    lexicon = load_lexicon(language)
    usual = [word for word in lexicon.words if word in offensive_words(language) and len(word) > 3][:20]
    swipes = examples(60, seed=2, keyboard=keyboard, words=tuple(usual))
    return next(e for e in swipes if decoded(e, lexicon, 1)[0].word == e.word)


def offered(store: Store | None, example: Example, offensive: bool = False) -> list[str]:
    prediction = Prediction(base_checkpoint(), vocabulary(store, offensive), built_in)
    return words_of(prediction.decoder().decode(example.gesture))


@pytest.mark.parametrize("name", ["qwerty", "jcuken"])
def test_an_offensive_word_is_offered_to_who_typed_it(store: Store, name: str) -> None:
    keyboard = built_in(name)
    example = common_offensive(keyboard)
    word, languages = example.word, keyboard.languages
    assert word not in offered(None, example)
    assert offered(None, example, offensive=True)[0] == word
    assert word not in offered(store, example)
    put(store, [example], SUSPECT)
    assert word not in offered(store, example)  # a word that was not swiped is none that was typed
    change_word(store, word, languages, "add")
    assert offered(store, example)[0] == word
    change_word(store, word.upper(), languages, "hide")
    assert word not in offered(store, example)
    assert word not in offered(store, example, offensive=True)


@pytest.mark.parametrize("kept", ["train", "held_out"])
@pytest.mark.parametrize("write", [str, str.upper, str.capitalize])
def test_one_good_swipe_is_enough_on_any_keyboard_until_it_is_removed_or_forgotten(
    store: Store, kept: str, write: Callable[[str], str]
) -> None:
    word = sorted(word for word in offensive_words("en") if word.isalpha())[0]
    keyboard = Keyboard("mine", (), 10.0, 3.0, built_in("qwerty").keys)
    swipes = examples(60, seed=4, keyboard=keyboard, words=(word,))
    put(store, [next(replace(e, word=write(word)) for e in swipes if side(e) == kept)])
    unwanted = vocabulary(store).offered(ENGLISH).hidden
    assert word not in unwanted
    assert unwanted < offensive_words("en")
    store.words.remove(word, "en")
    assert word in vocabulary(store).offered(ENGLISH).hidden
    store.words.erase()
    assert word not in vocabulary(store).offered(ENGLISH).hidden
    forget(store, word=word)
    assert word in vocabulary(store).offered(ENGLISH).hidden


def test_what_is_typed_is_searched_for_by_the_index(path: Path) -> None:
    """A start waits for no scan of all gestures."""
    with Store(path) as store:
        plan = " ".join(str(row[3]) for row in store.sql.rows(f"EXPLAIN QUERY PLAN {_TYPED}", ("[]",)))
    assert "COVERING INDEX gestures_by_use (verdict=? AND held_out=? AND keyboard=? AND word=?)" in plan
    assert "SCAN g" not in plan


def test_judging_does_not_depend_on_what_is_hidden(store: Store) -> None:
    some = PEOPLE["en"]
    hidden = [PersonalWord(word, ENGLISH, 0, "hidden") for word in WORDS]
    plain = Prediction(base_checkpoint(), Vocabulary(), built_in)
    hiding = Prediction(base_checkpoint(), Vocabulary(Own(hidden=hidden)), built_in)
    scores = [(e.top1, e.top5, e.in_lexicon, e.ece) for e in (plain.evaluation(some), hiding.evaluation(some))]
    assert scores[0] == scores[1]
    assert not set(WORDS) & set(words_of(hiding.decoder().decode(some[0].gesture)))


@pytest.mark.parametrize("word", ["it's", "It’s", "don't", "o'clock", "rock'n'roll", "naïve"])
def test_an_added_word_is_hidden_no_longer_and_another_of_its_spelling_stays_so(store: Store, word: str) -> None:
    other = word.replace("'", "").replace("’", "").replace("ï", "i")
    for hidden in (word, other):
        change_word(store, hidden, ("en", "ru"), "hide")
    change_word(store, word, ENGLISH, "add")
    left = {(hidden.word, hidden.languages) for hidden in store.words.hidden()}
    assert (other.lower(), ("en", "ru")) in left
    assert [languages for written, languages in left if written != other.lower()] == [("ru",)]


def test_what_an_older_swipefl_kept_stands_for_all_that_are_spelled_alike_wherever_it_is_taken(store: Store) -> None:
    store.sql.run("INSERT INTO words (word, language, removed, folded) VALUES ('cafe', 'fr', 1, 1)")
    store.sql.run("INSERT INTO hidden_words (word, language, folded) VALUES ('its', 'en', 1)")
    lines = list(exported(store))
    with fresh_store() as (other, folder):
        (folder / "export.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
        Ingestion(other).run([folder / "export.jsonl"])
        assert list(exported(other)) == lines
        for home in (store, other):
            shown = Vocabulary(Own(hidden=home.words.hidden())).offered(("en",))
            assert "its" not in shown.index(built_in("qwerty").letters)
