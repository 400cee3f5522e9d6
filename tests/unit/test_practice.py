"""Sentences to practise on: words that are known and can be swiped, ten pass every key, and none judges models."""

import gzip
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.api.practice import practised, sentences
from swipefl.api.practice.asking import MOST_WORDS, Part, asked
from swipefl.decoder.lexicon import load_lexicon, shipped
from swipefl.gesture.keyboard import BUILT_IN, Keyboard, built_in
from swipefl.gesture.language import is_turkic
from swipefl.gesture.spelling import tidy, uncapitalised
from tests.support.swipes import SHARED

FIRST = {"fr": "azerty-fr"}  # the first in the list is one that few have
NEVER = {"bg": "э", "hr": "q", "hu": "q"}  # keys that no word of the lexicon that people use every day has
CORPUS = SHARED / "how_we_swipe"


def _keyboards(language: str) -> list[Keyboard]:
    return [built_in(name) for name in BUILT_IN if language in built_in(name).languages]


def _first(language: str) -> Keyboard:
    return built_in(FIRST[language]) if language in FIRST else _keyboards(language)[0]


def _words(sentence: str) -> list[str]:
    return [tidy(token) for token in sentence.split()]


def test_each_language_with_a_lexicon_has_sentences() -> None:
    assert {language for language in shipped() if not sentences(language)} == set()
    assert sentences("de-ch") == sentences("de-at") == sentences("de")
    assert sentences("nn") == sentences("no") == sentences("nb")  # as words are found
    assert sentences("tlh") == ()


@pytest.mark.parametrize("language", shipped())
def test_they_are_short_and_each_is_there_once(language: str) -> None:
    known = sentences(language)
    assert 24 <= len(known) <= 30
    assert len({"".join(filter(str.isalpha, sentence.lower())) for sentence in known}) == len(known)
    for sentence in known:
        assert sentence == unicodedata.normalize("NFC", " ".join(sentence.split()))
        assert 4 <= len(sentence.split()) <= 9, sentence
        assert not any(character.isdigit() for character in sentence)
        assert unicodedata.category(sentence[-1])[0] == "P", sentence


@pytest.mark.parametrize("language", shipped())
def test_the_lexicon_has_each_word_as_it_is_written(language: str) -> None:
    lexicon, turkic, unknown = load_lexicon(language), is_turkic((language,)), []
    for sentence in sentences(language):
        first, *others = _words(sentence)
        if first not in lexicon and uncapitalised(first, turkic) not in lexicon:
            unknown.append(first)
        unknown += [word for word in others if word not in lexicon]
    assert unknown == []


@pytest.mark.parametrize("language", shipped())
def test_each_keyboard_of_the_language_has_their_keys(language: str) -> None:
    for keyboard in _keyboards(language):
        spelled = [keyboard.spelling((language,)).of(word) for s in sentences(language) for word in _words(s)]
        assert None not in spelled
        swiped = [keys for keys in spelled if len(set(keys or "")) > 1]
        assert len(swiped) >= 0.85 * len(spelled), "most words are no single key"
        parts = asked("\n".join(sentences(language)), keyboard, (language,))
        assert [" ".join(part.shown for part in some) for some in parts] == list(sentences(language))
        assert sum(part.word is not None for some in parts for part in some) == len(swiped)


@pytest.mark.parametrize("language", shipped())
def test_the_first_ten_pass_every_key(language: str) -> None:
    keyboard = _first(language)
    spelling = keyboard.spelling((language,))
    passed = {key for s in sentences(language)[:10] for word in _words(s) for key in spelling.of(word) or ""}
    assert "".join(sorted(set(keyboard.letters) - passed)) == NEVER.get(language, "")


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the recorded swipes are not here")
def test_none_is_a_sentence_that_models_are_judged_by() -> None:
    corpus = set()
    for name in ("train", "dev"):
        with gzip.open(CORPUS / f"{name}.jsonl.gz", "rt") as lines:
            for line in map(json.loads, lines):
                if line.get("text") == "sentence":
                    corpus.add(_letters(f"{line['before']} {line['word']}"))
    assert len(corpus) > 100
    for sentence in sentences("en"):
        words = sentence.split()
        assert corpus.isdisjoint(_letters(" ".join(words[:count])) for count in range(4, len(words) + 1)), sentence


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.lower()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bring the jug, please.", ["Bring", "the", "jug", "please"]),
        ("«Bring» (the) “jug”!", ["Bring", "the", "jug"]),
        ("don't re-read it", ["don't", "re-read", "it"]),
        ("I saw a 2nd cat in 2026", [None, "saw", None, None, "cat", "in", None]),
        ("see https://example.org/x or me@example.org", ["see", None, "or", None]),
        ("my password is hUnTer2 or xKcD", ["my", "password", "is", None, "or", None]),
        ("été naïve Straße", ["été", "naïve", "Straße"]),
        ("привет hello", [None, "hello"]),
        ("— # …", []),
        ("", []),
        ("you & me", ["you", None, "me"]),
        ("mm, see www and À-à", [None, "see", None, "and", None]),
        ("either/or", []),
    ],
)
def test_what_of_a_text_can_be_swiped(text: str, words: list[str | None]) -> None:
    assert [part.word for some in asked(text, built_in("qwerty"), ("en",)) for part in some] == words


def test_a_text_comes_in_sentences_and_long_ones_in_pieces() -> None:
    text = "One day it was. “Was it so?” she asked\nthem all " + "again and " * 20
    parts = asked(text, built_in("qwerty"), ("en",))
    assert [some[0].shown for some in parts[:4]] == ["One", "“Was", "she", "them"]
    assert all(2 <= len(some) <= MOST_WORDS for some in parts)
    assert sum(map(len, parts)) == len(text.split())


@given(st.text(max_size=300), st.sampled_from(("qwerty", "jcuken", "dubeolsik", "inscript-hi", "arabic")))
def test_of_any_text_only_what_was_in_it_and_has_keys(text: str, name: str) -> None:
    keyboard = built_in(name)
    spelling = keyboard.spelling()
    for some in asked(text, keyboard):
        assert any(part.word for part in some)
        for part in some:
            assert isinstance(part, Part)
            assert part.shown in text
            assert part.word is None or len(set(spelling.of(part.word) or "")) > 1


def test_languages_are_those_with_a_file() -> None:
    assert set(practised()) <= set(shipped())
    assert "de-ch" not in practised()
