"""Which language the next word is of, told from the words before."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.arrays import Doubles
from swipefl.decoder.bilingual import FOREIGN, Bilingual, context_of, frequencies_of
from swipefl.decoder.lexicon import Lexicon, load_lexicon, merged, no_words
from swipefl.decoder.ngrams import shipped_context
from swipefl.decoder.word_list import list_of
from swipefl.device.vocabulary import Vocabulary
from swipefl.gesture.before import Before, before_in
from swipefl.gesture.spelling import straight

WORDS = st.text(st.sampled_from("abcdéßİΣ'’-"), min_size=1, max_size=8)


def listed(language: str, words: dict[str, float]) -> Lexicon:
    return Lexicon((language,), (list_of({word: math.log(value) for word, value in words.items()}),))


def gains(context: object, before: str, *words: str) -> dict[str, float]:
    assert isinstance(context, Bilingual)
    told = context.gain(before_in(before), words, np.zeros(len(words)))
    return dict(zip(words, told.tolist(), strict=True))


# without a model of words in order, and with no word in common but "a"
ONE = {"tout": 0.3, "le": 0.3, "Monde": 0.2, "a": 0.2}
OTHER = {"you": 0.5, "the": 0.3, "a": 0.2}
BOTH = merged([listed("xx", ONE), listed("yy", OTHER)])


def test_one_language_is_what_it_was() -> None:
    english = load_lexicon("en")
    assert context_of(english) is shipped_context(("en",))
    assert context_of(merged([english, no_words("xx")])) is shipped_context(("en",))
    assert context_of(listed("xx", ONE)) is None


@pytest.mark.parametrize("before", ["", "#", "zzz", "1,000 ", "zzz qqq"])
def test_what_is_of_no_language_says_nothing(before: str) -> None:
    assert list(gains(context_of(BOTH), before, "tout", "you", "a", "nobody").values()) == pytest.approx([0] * 4)


def test_the_words_before_say_the_language() -> None:
    context = context_of(BOTH)
    for before in ("tout", "TOUT le", "monde", "# le"):
        told = gains(context, before, "tout", "monde", "you", "a", "nobody")
        assert told["tout"] == told["monde"] == pytest.approx(math.log(2), abs=FOREIGN)
        assert told["you"] < -2
        assert told["a"] == told["nobody"] == pytest.approx(0)
    assert gains(context, "le the", "tout")["tout"] == pytest.approx(0, abs=0.1)  # one of each says nothing


@given(st.sampled_from(("", "tout", "le", "you the", "a", "le you")))
def test_a_gain_is_of_probabilities_that_sum_to_one(before: str) -> None:
    frequencies = {word: (ONE.get(word, 0) + OTHER.get(word, 0)) / 2 for word in {*ONE, *OTHER}}
    told = gains(context_of(BOTH), before, *frequencies)
    assert sum(frequencies[word] * math.exp(told[word]) for word in frequencies) == pytest.approx(1)


@given(st.lists(WORDS, unique=True, min_size=1, max_size=20))
def test_words_are_found_whatever_their_case(words: list[str]) -> None:
    (known,) = listed("xx", {straight(word): 0.5 / (1 + place) for place, word in enumerate(words)}).listed
    found = frequencies_of(known, False, [word.upper() if word.isascii() else word for word in words])
    values = dict(zip(known.words.text(), np.exp(known.ln_frequencies).tolist(), strict=True))
    assert all(of >= 0.999 * values[straight(word)] for of, word in zip(found.tolist(), words, strict=True))
    assert frequencies_of(known, False, ["zzz"]).tolist() == [0]
    assert len(frequencies_of(known, False, [])) == 0


class Fixed:
    """A language in which each word is twice as likely after anything."""

    def gain(self, before: Before, words: list[str], ln_frequencies: Doubles) -> Doubles:
        return np.full(len(words), math.log(2))


def test_each_language_keeps_its_own_words_in_order() -> None:
    known = [(list_of({word: 0.0}), False) for word in ("le", "the")]
    told = gains(Bilingual(known, (None, Fixed())), "the", "the", "le")  # type: ignore[arg-type]
    assert told["the"] == pytest.approx(math.log(2 * (2 - FOREIGN)), abs=1e-4)
    assert told["le"] == pytest.approx(math.log(FOREIGN), abs=1e-4)


def test_a_foreign_name_among_english_words_leaves_it_english() -> None:
    told = gains(context_of(load_lexicon(("en", "fr"))), "to Paris", "in", "un", "you", "tout")
    assert min(told["in"], told["you"]) > max(told["un"], told["tout"])
    told = gains(context_of(load_lexicon(("en", "fr"))), "je veux", "in", "un", "you", "tout")
    assert max(told["in"], told["you"]) < min(told["un"], told["tout"])


def test_a_device_tells_the_languages_of_its_lexicon_apart() -> None:
    vocabulary = Vocabulary()
    assert vocabulary.context(("en",)) is shipped_context(("en",))
    assert vocabulary.context(("de",)) is None
    both = gains(vocabulary.context(("de", "en")), "ich habe", "die", "the")
    assert both["die"] > 0 > both["the"]


def test_a_sentence_begins_in_the_language_of_the_one_before_it() -> None:
    told = gains(context_of(BOTH), "you zzz the. ", "tout", "you")
    assert told["you"] > 0 > told["tout"]
    assert before_in("le tout. ") == Before()  # of what is compared and kept there is no more than that
    assert "tout" not in repr(before_in("le tout. ")) + before_in("le tout. ").text


def test_many_languages_are_looked_up_once_each() -> None:
    """Whoever sends gestures chooses how many there are, and in which order."""
    tags = ("de", "en", "fr", "es", "it")
    several = [load_lexicon(tag) for tag in tags]
    context = context_of(merged(several))
    gains(context, "ich habe", "die")
    made = [lexicon.listed[0].words.lookups[False] for lexicon in several]
    gains(context_of(merged(several[:2])), "ich habe", "die")
    gains(context, "ich habe", "die")
    assert all(lexicon.listed[0].words.lookups[False] is one for lexicon, one in zip(several, made, strict=True))
