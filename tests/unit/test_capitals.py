"""How the first word of a sentence is written, in each language."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import evaluate
from swipefl.decoder.lexicon import Lexicon, load_lexicon, merged
from swipefl.decoder.word_list import list_of
from swipefl.gesture.before import Before
from swipefl.gesture.capitals import capitalised, is_first
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.synthesis import draw_person, swipe

FIRST = {
    "en": {
        "hello": "Hello", "i'm": "I'm", "I": "I", "I'll": "I'll", "a": "A", "iPhone": "iPhone", "eBay": "eBay",
        "McDonald": "McDonald", "'tis": "'Tis", "’cause": "’Cause", "well-known": "Well-known", "e-mail": "E-mail",
        "anti-Semitic": "Anti-Semitic", "x-Axis": "x-Axis", "pH": "pH", "mRNA": "mRNA", "NASA": "NASA",
        "o'clock": "O'clock",
        "3rd": "3rd", "istanbul": "Istanbul", "éclair": "Éclair", "'": "'", "": "", "ice cream": "Ice cream",
        "\u200bhello": "\u200bHello",
    },
    "de": {"straße": "Straße", "ße": "ße", "äpfel": "Äpfel", "x-Achse": "x-Achse", "iPhone-Hülle": "iPhone-Hülle"},
    "fr": {"l'homme": "L'homme", "l’Europe": "L’Europe", "qu'il": "Qu'il", "œuvre": "Œuvre", "à": "À"},
    "it": {"dell'Italia": "Dell'Italia", "è": "È"},
    "ca": {"d'Europa": "D'Europa", "intel·ligent": "Intel·ligent"},
    "nl": {
        "ijs": "IJs", "ĳs": "Ĳs", "IJsland": "IJsland", "'s": "'s", "'t": "'t", "’n": "’n", "'s morgens": "'s Morgens",
        "'s-gravenhage": "'s-Gravenhage", "één": "Één", "zo'n": "Zo'n",
    },
    "af": {"'n": "'n", "ek": "Ek"},
    "tr": {"ısı": "Isı", "istanbul": "İstanbul", "istanbul'a": "İstanbul'a", "iPhone": "iPhone", "şey": "Şey"},
    "az": {"işıq": "İşıq"},
    "hr": {"ǆep": "ǅep", "ǅep": "ǅep", "njuška": "Njuška", "đak": "Đak"},
    "cs": {"chléb": "Chléb", "řeka": "Řeka"},
    "el": {"άνθρωπος": "Άνθρωπος", "όχι": "Όχι", "ᾠδή": "ᾨδή"},
    "ru": {"привет": "Привет", "ёлка": "Ёлка", "из-за": "Из-за"},
    "uk": {"її": "Її", "п'ять": "П'ять", "ґанок": "Ґанок"},
    "hy": {"բարև": "Բարև", "և": "Եվ"},
    "haw": {"ʻōlelo": "ʻŌlelo"},
    "ka": {"გამარჯობა": "გამარჯობა"},
    "ar": {"مرحبا": "مرحبا"},
    "he": {"שלום": "שלום"}, "hi": {"नमस्ते": "नमस्ते"},
    "ko": {"안녕": "안녕"}, "ja": {"こんにちは": "こんにちは"},
}  # fmt: skip


@pytest.mark.parametrize(("language", "word"), [(tag, word) for tag, words in FIRST.items() for word in words])
def test_a_first_word_is_written_as_its_language_does(language: str, word: str) -> None:
    assert capitalised(word, language) == FIRST[language][word]


@given(st.text(), st.sampled_from(("en", "tr", "nl", "de", "el")))
def test_whatever_word_it_is_a_capital_says_the_same_again(word: str, language: str) -> None:
    first = capitalised(word, language)
    assert capitalised(first, language) == first
    assert len(first) in (len(word), len(word) + 1)


def test_behind_a_small_dutch_word_the_sentence_still_begins() -> None:
    assert is_first(Before(), ("ja",))
    assert is_first(Before(("'s",)), ("nl-be",))
    assert is_first(Before(("’T",)), ("en", "nl"))
    assert not is_first(Before(("'s",)), ("en",))
    assert not is_first(Before(("dag", "'s")), ("nl",))
    assert not is_first(Before(("'tis",)), ("nl",))
    assert not is_first(Before(("#",)), ("nl",))


def listed(language: str, **words: float) -> Lexicon:
    return Lexicon((language,), (list_of({word: math.log(value) for word, value in words.items()}),))


def swiped(word: str, layout: str = "qwerty") -> Gesture:
    keyboard, rng = built_in(layout), np.random.default_rng(5)
    (points,) = swipe([word], keyboard, draw_person(rng), rng)
    return Gesture("one", points, keyboard, keyboard.width, keyboard.height, before=Before())


def decoder(lexicon: Lexicon, capitals: bool = True) -> Decoder:
    return Decoder(base_checkpoint(), lambda languages: lexicon, capitals=capitals)


def test_two_words_that_become_equal_are_one_as_likely_as_both() -> None:
    words, gesture = listed("en", will=0.02, Will=0.01, well=0.02, wall=0.01), swiped("will")
    apart = {c.word: c for c in decoder(words, capitals=False).decode(gesture)}
    first, *others = decoder(words).decode(gesture)
    assert [first.word, *sorted(c.word for c in others)] == ["Will", "Wall", "Well"]
    assert first.probability == pytest.approx(apart["will"].probability + apart["Will"].probability)
    assert first.score == pytest.approx(np.logaddexp(apart["will"].score, apart["Will"].score))
    assert sum(first.parts.values()) == pytest.approx(first.score)
    assert first.spelled == "will"


def test_only_a_known_start_is_written_with_a_capital() -> None:
    words, gesture = listed("en", will=0.02, well=0.02), swiped("will")
    small = decoder(words, capitals=False).decode(gesture)
    for before in (None, Before(("i",)), Before(("#",))):
        assert decoder(words).decode(replace(gesture, before=before)) == small


def test_each_word_has_the_capital_of_its_own_language() -> None:
    both = merged([listed("tr", ilk=0.1, ilik=0.1), listed("en", ilk=0.01, silk=0.1, ink=0.1)])
    found = {candidate.word for candidate in decoder(both).decode(swiped("ilk"))}
    assert found == {"İlk", "İlik", "Silk", "Ink"}


def test_scores_and_judges_know_nothing_of_capitals() -> None:
    gesture, plain = swiped("hello"), decoder(load_lexicon("en"), capitals=False)
    written = decoder(load_lexicon("en"))
    assert written.score(gesture).words == plain.score(gesture).words
    assert written.decode(gesture)[0].word == "Hello"
    assert plain.decode(gesture)[0].word == "hello"


@pytest.mark.parametrize(("label", "capitals", "right"), [("Don't", True, 1), ("Don't", False, 0), ("don't", False, 1)])
def test_an_evaluation_counts_how_a_sentence_begins(label: str, capitals: bool, right: float) -> None:
    found = evaluate(decoder(load_lexicon("en"), capitals).decode_and_spell, [Example(swiped("dont"), label)], bool)
    assert (found.written, found.written_examples, found.top1) == (right, 1, 1)
