import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.lexicon import LANGUAGES, Lexicon, load_lexicon, no_words, packed, unpacked
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.spelling import folded as fold
from tests.support.command import ROOT
from tests.support.errors import advises

KEYBOARDS = {"en": "qwerty", "ru": "jcuken"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hundred_thousand_folded_words_that_can_be_typed(language: str) -> None:
    lexicon = load_lexicon(language)
    keyboard = built_in(KEYBOARDS[language])
    assert len(lexicon) == len(lexicon.words) == len(set(lexicon.words)) == 100_000
    assert all(fold(word) == word and keyboard.can_type(word) for word in lexicon.words)
    assert "ё" not in set("".join(lexicon.words))
    frequencies = np.exp(lexicon.ln_frequencies.astype(np.float64))
    assert (np.diff(frequencies) <= 0).all()
    assert 0.6 < frequencies.sum() < 1.05


def test_words_that_fold_alike_are_one_word_with_both_frequencies() -> None:
    lexicon = load_lexicon("en")
    assert "its" in lexicon
    assert "it's" not in lexicon
    rank = {word: i for i, word in enumerate(lexicon.words)}
    assert rank["the"] == 0
    assert rank["its"] < 40  # neither its nor it's alone is that frequent
    assert "еще" in load_lexicon("ru")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_holds_each_word_once(language: str) -> None:
    lexicon = load_lexicon(language)
    letters = built_in(KEYBOARDS[language]).letters
    (table,) = lexicon.index(letters).tables
    spelled = table.spelled(np.arange(len(table.lengths)))
    assert sorted(spelled) == sorted(lexicon.words)
    ln_f = dict(zip(lexicon.words, lexicon.ln_frequencies.tolist(), strict=True))
    assert [ln_f[word] for word in spelled] == table.ln_frequencies.tolist()
    for row in (0, 777, 99_999):
        word = spelled[row]
        assert table.lengths[row] == len(word)
        assert letters[table.ends[row] - 1] == word[-1]
        assert int(table.masks[row]) == sum(1 << letters.index(letter) for letter in set(word))


def test_only_words_of_the_keyboards_letters_are_in_its_index() -> None:
    lexicon = load_lexicon("ru")
    without_hard_sign = built_in("jcuken").letters.replace("ъ", "")
    (table,) = lexicon.index(without_hard_sign).tables
    expected = [word for word in lexicon.words if "ъ" not in word]
    assert sorted(table.spelled(np.arange(len(table.lengths)))) == sorted(expected)
    assert load_lexicon("en").index(without_hard_sign).tables == ()


def test_truncation_keeps_the_most_frequent_words_and_the_personal_ones() -> None:
    lexicon = load_lexicon("en").with_words({"qzxj": -15.0})
    short = lexicon.truncated(10)
    assert short.words == (*lexicon.words[:10], "qzxj")
    assert "the" in short
    assert "qzxj" in short
    assert lexicon.words[10] not in short
    assert short.ln_frequencies[-1] == -15.0


def test_personal_words_share_the_listed_table() -> None:
    lexicon = load_lexicon("en")
    letters = built_in("qwerty").letters
    more = lexicon.with_words({"qzxj": -15.0, "the": -1.0, "имя": -9.0})
    assert len(more) == 100_002
    assert "qzxj" not in lexicon
    (plain,), (listed, own) = lexicon.index(letters).tables, more.index(letters).tables
    assert listed.codes is plain.codes
    changed = np.flatnonzero(listed.ln_frequencies != plain.ln_frequencies)
    assert listed.spelled(changed) == ["the"]
    assert own.spelled(np.arange(len(own.lengths))) == ["qzxj"]


def test_an_unknown_language_is_a_usage_error() -> None:
    with pytest.raises(UsageError, check=advises(Remedy.CHOOSE_LANGUAGE)):
        load_lexicon("xx")


WORDS = st.dictionaries(st.text("абвя", min_size=1, max_size=5), st.integers(-250, 0), max_size=20)


@given(WORDS)
def test_packing_is_exact_and_does_not_depend_on_the_order(zipfs: dict[str, int]) -> None:
    frequencies = {word: 10 ** (steps / 100) for word, steps in zipfs.items()}
    content = packed("абвя", frequencies)
    assert content == packed("абвя", dict(reversed(frequencies.items())))
    listed = unpacked(content)
    assert sorted(listed.words) == sorted(frequencies)
    for word, ln_f in zip(listed.words, listed.ln_frequencies, strict=True):
        assert ln_f == pytest.approx(np.log(frequencies[word]), abs=1e-4)
    assert Lexicon("ru", listed).index("яавб").letters == "яавб"


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="not a lexicon"):
        unpacked(b"\0" * 100)


def test_the_files_are_small() -> None:
    for language in LANGUAGES:
        data = (ROOT / "swipefl" / "decoder" / "lexicons" / f"{language}.bin").read_bytes()
        assert len(data) < 700_000
        assert zlib.decompress(data).startswith(b"swipefl-lexicon")


WORD_LISTS = st.lists(st.text("abcdef", min_size=1, max_size=4), unique=True, max_size=60)


@given(WORD_LISTS, WORD_LISTS)
def test_places_are_where_equal_words_stand(some: list[str], others: list[str]) -> None:
    def table_of(words: list[str]) -> Lexicon:
        return no_words("en").with_words(dict.fromkeys(words, -1.0))

    (ours, *_), (theirs, *_) = (table_of([*words, "f"]).index("fabcdeü").tables for words in (some, others))
    rows, there = ours.places(theirs)
    assert ours.spelled(rows) == theirs.spelled(there)
    assert sorted(ours.spelled(rows)) == sorted({*some, "f"} & {*others, "f"})
    left = ours.without(rows)
    assert sorted(left.spelled(np.arange(len(left.lengths)))) == sorted(set(some) - {*others, "f"})
