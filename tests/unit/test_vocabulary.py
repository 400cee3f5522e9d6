"""Which words there are in each language, and which of them are offered."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.alike import spelled_alike
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.lexicon import Lexicon, load_lexicon
from swipefl.decoder.prior import Prior
from swipefl.decoder.word_index import words_of
from swipefl.decoder.word_list import packed
from swipefl.device.prediction import Prediction
from swipefl.device.priors import MOST_WORDS, given_prior, read_prior
from swipefl.device.vocabulary import KEPT, LN_PERSONAL, Own, Vocabulary
from swipefl.errors import DataError, RejectedLine, Remedy, UsageError
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.language import Languages
from swipefl.gesture.spelling import folded
from swipefl.store.personal_words import PersonalWord
from tests.support.errors import advises
from tests.support.vocabularies import searched as searched_on

EN, DE, DE_EN = ("en",), ("de",), ("de", "en")
QWERTY = built_in("qwerty").letters
LISTS = {
    "de": {"die": 1e-2, "Straße": 1e-4, "übermütig": 1e-8, "schön": 1e-4, "Beta": 1e-6},
    "en": {"die": 1e-5, "the": 1e-2, "it's": 1e-3, "its": 1e-3, "beta": 1e-4},
}


def own(lists: Mapping[str, Mapping[str, float]] = LISTS, **parts) -> Own:
    """A person whose lexicons have few words."""
    read = {language: (lambda words=words: packed(words)) for language, words in lists.items()}
    return Own(lexicons=read, **parts)


def typed(word: str, languages: Languages = DE_EN, origin: str = "typed", folds: bool = False) -> PersonalWord:
    return PersonalWord(word, languages, 2, origin, folds)


def searched(lexicon: Lexicon) -> set[str]:
    return searched_on(lexicon, QWERTY)


def frequencies(lexicon: Lexicon) -> dict[str, float]:
    return dict(zip(lexicon.words, lexicon.ln_frequencies.tolist(), strict=True))


def test_several_languages_are_one_lexicon_and_a_region_is_of_its_language() -> None:
    words = Vocabulary(own())
    assert searched(words.lexicon(DE)) == LISTS["de"].keys()
    assert searched(words.lexicon(DE_EN)) == LISTS["de"].keys() | LISTS["en"].keys()
    assert searched(words.lexicon(("de-at", "de", "de-lu"))) == LISTS["de"].keys()
    assert searched(words.lexicon(("qaa",))) == set()


def test_a_lexicon_of_a_region_comes_before_that_of_the_language_and_ones_own_before_the_packages() -> None:
    words = Vocabulary(own({**LISTS, "de-at": {"Jänner": 0.1}}))
    assert searched(words.lexicon(("de-at",))) == {"Jänner"}
    assert searched(words.lexicon(("de-lu",))) == LISTS["de"].keys()
    assert len(Vocabulary().lexicon(EN)) > 10_000


def test_where_nothing_says_a_language_it_is_the_persons_and_that_is_asked_then_only() -> None:
    asked: list[Languages] = []

    def languages() -> Languages:
        asked.append(DE)
        return DE

    words = Vocabulary(own(languages=languages))
    words.lexicon(EN)
    assert asked == []
    assert searched(words.lexicon(())) == searched(words.offered(())) == LISTS["de"].keys()
    assert asked


@pytest.mark.parametrize("languages", [DE, EN, ("de-at",), DE_EN])
def test_a_word_is_found_in_each_of_the_languages_it_was_learned_in(languages: Languages) -> None:
    words = Vocabulary(own(words=[typed("Zuzanka")]))
    assert frequencies(words.lexicon(languages))["Zuzanka"] == pytest.approx(LN_PERSONAL)
    assert "Zuzanka" not in searched(words.lexicon(("ru",)))


def test_a_language_without_a_lexicon_has_the_words_of_its_owner() -> None:
    words = Vocabulary(own(words=[typed("hygge", ("qaa",))]))
    assert searched(words.lexicon(("qaa",))) == {"hygge"}
    assert searched(words.lexicon(("qaa", "en"))) == {"hygge", *LISTS["en"]}


@pytest.mark.parametrize(
    ("word", "adds"),
    [
        (typed("ubermutig"), False),
        (typed("strasse"), False),
        (typed("schon"), False),
        (typed("Strasse"), True),
        (typed("strasse", origin="added"), True),
        (typed("strasse", origin="added", folds=True), False),
        (typed("its"), True),
        (typed("it’s"), False),
        (typed("zuzanka"), True),
        (typed("Übermütig"), True),
        (typed("strasse", ("ru",)), False),
    ],
)
def test_labels_without_accents_say_nothing_of_words_that_are_listed_with_them(word: PersonalWord, adds: bool) -> None:
    assert (word.word in searched(Vocabulary(own(words=[word])).lexicon(DE_EN))) is adds


def test_a_language_without_a_lexicon_is_named_with_those_that_there_are() -> None:
    words = Vocabulary(own({"xx": {"hej": 0.1}}))
    words.check(("en", "xx", "xx-yy", "ru"))
    with pytest.raises(UsageError, match="'qaa'", check=advises(Remedy.CHOOSE_LANGUAGE)) as raised:
        words.check(("en", "qaa"))
    assert {"en", "ru", "xx"} <= set(str(raised.value.facts["known"]).split(", "))


@pytest.mark.parametrize(
    ("hidden", "languages", "gone"),
    [
        (typed("die", EN), EN, {"die"}),
        (typed("die", EN), DE_EN, set()),
        (typed("die", DE), DE_EN, {"die"}),
        (typed("die", DE_EN), DE_EN, {"die"}),
        (typed("beta", EN), DE_EN, {"beta", "Beta"}),
        (typed("beta", DE), DE_EN, set()),
        (typed("its", EN), EN, {"its"}),
        (typed("its", EN, folds=True), EN, {"its", "it's"}),
        (typed("straße", ("de-at",)), DE, {"Straße"}),
        (typed("strasse", DE, folds=True), DE, {"Straße"}),
        (typed("zuzanka", DE), DE_EN, {"Zuzanka"}),
    ],
)
def test_a_word_is_hidden_in_the_language_that_writes_it_most(
    hidden: PersonalWord, languages: Languages, gone: set[str]
) -> None:
    words = Vocabulary(own(hidden=[hidden], words=[typed("Zuzanka")]))
    assert searched(words.lexicon(languages)) - searched(words.offered(languages)) == gone


def test_only_so_many_lexicons_are_kept() -> None:
    words = Vocabulary(own())
    for number in range(3 * KEPT):
        words.offered(("de", f"x{'abcdefghijklmnopqrstuvwxyz'[number]}"))
    assert words._of_several.cache_info().currsize <= KEPT


LETTERS = "aäbsßоё'’-é̈"


@given(
    st.lists(st.text(LETTERS, min_size=1, max_size=5), unique=True, max_size=12), st.lists(st.text("abseо", max_size=5))
)
def test_what_is_spelled_alike_is_found(words: list[str], wanted: list[str]) -> None:
    written = [word for word in words if folded(word)]
    asked = [word for word in wanted if folded(word)]
    found = spelled_alike(words_of(written), asked)
    expected = {word: {other for other in written if folded(other) == folded(word)} for word in asked}
    assert {word: set(others) for word, others in found.items()} == {w: o for w, o in expected.items() if o}


def as_words(prior: Prior | None) -> dict[str, float]:
    return dict(zip(prior.words, prior.ln_probabilities.tolist(), strict=True)) if prior else {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, {}),
        ({}, {}),
        ({"it's": -2.5, "c++": 0}, {"it's": -2.5, "c++": 0}),
        ({"it’s": -3, "it's": -2.5}, {"it's": -2.5}),
        ({"it's": -2.5, "it’s": -3}, {"it's": -2.5}),
        ({"Cafe\u0301": -4}, {"Café": -4}),
        ({"two words": -1.5}, {"two words": -1.5}),
    ],
)
def test_the_prior_of_a_line(value: object, words: dict[str, float]) -> None:
    assert as_words(given_prior(value)) == words


@pytest.mark.parametrize(
    "value",
    [
        *([], "secret", 1, True, ["secret"], {"secret": None}, {"secret": True}, {"secret": "-1"}, {"secret": 0.1}),
        *({"secret": -1e5}, {"secret": {}}, {"": -1.0}, {"se\ncret": -1.0}, {"s" * 256: -1.0}),
        {"secret": 10**400},
        {f"secret{n}": -1.0 for n in range(MOST_WORDS + 1)},
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_prior_that_is_none_is_told_without_a_word_of_it(value: object) -> None:
    with pytest.raises(RejectedLine) as raised:
        given_prior(value)
    assert (raised.value.code, "secret" in str(raised.value)) == ("no-prior", False)


def test_a_prior_is_of_written_words(tmp_path: Path) -> None:
    path = tmp_path / "prior.txt"
    path.write_text(
        "\ufeffStraße -1\nit's -2.5\nits -3\n\nCafe\u0301 -4\nCafé -3.5\nc++ -1\n☃ -2\n42 -1\nIT’S -1.5\n",
        encoding="utf-8",
    )
    prior, left_out = read_prior(path)
    assert left_out == 3
    assert as_words(prior) == {"Straße": -1, "it's": -2.5, "its": -3, "Café": -3.5, "IT'S": -1.5}


@pytest.mark.parametrize("line", ["word", "word 1", "word nan", "mp3", "... -1", "two words -1", "word -1e9"])
def test_a_line_of_a_prior_that_says_nothing_is_told_by_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "prior.txt"
    path.write_text(f"fine -1\n{line}\n")
    with pytest.raises(DataError, match="line 2"):
        read_prior(path)


@pytest.mark.parametrize("flag", ["", " ", "d e", "1", ",".join(["en"] * 9)])
def test_a_flag_that_names_no_language_is_told(flag: str) -> None:
    prediction = Prediction(base_checkpoint(), Vocabulary(), built_in)
    with pytest.raises(UsageError, match="language"):
        prediction.decoder(flag)


def test_the_packages_lexicon_is_read_once() -> None:
    words = Vocabulary()
    assert words.lexicon(EN).listed[0] is load_lexicon("en").listed[0]


@pytest.mark.parametrize(("tag", "known"), [("no-no", "nb"), ("nn", "nb"), ("iw-il", "he"), ("mo", "ro"), ("sh", "hr")])
def test_a_tag_that_is_old_or_of_several_languages_has_words_too(tag: str, known: str) -> None:
    assert Vocabulary().lexicon((tag,)).listed[0] is load_lexicon(known).listed[0]
