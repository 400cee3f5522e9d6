import math
import unicodedata
import zlib
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.decoder.lexicon import Lexicon, load_lexicon, merged, no_words, shipped
from swipefl.decoder.spelled_words import MOST_LENGTH
from swipefl.decoder.word_index import WordIndex, words_of
from swipefl.decoder.word_list import WordList, list_of, packed, unpacked
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.keyboard import BUILT_IN, built_in
from swipefl.gesture.language import is_turkic, primary
from swipefl.gesture.spelling import Spelling, lower
from tests.support.command import ROOT
from tests.support.errors import advises
from tests.support.vocabularies import prior_of

KEYBOARDS = {"en": "qwerty", "ru": "jcuken"}
QWERTY = built_in("qwerty").letters


def listed(frequencies: Mapping[str, float]) -> WordList:
    return unpacked(packed(frequencies))


def found(index: WordIndex) -> dict[tuple[str, str], float]:
    """Frequencies of the words that a search can meet, by spelling and writing."""
    sums: dict[tuple[str, str], float] = {}
    for table in index.tables:
        rows = np.setdiff1d(np.arange(len(table)), table.hidden)
        pairs = zip(table.spelled.text(rows), table.written.text(rows), strict=True)
        for pair, ln in zip(pairs, table.ln_frequencies[rows].tolist(), strict=True):
            sums[pair] = sums.get(pair, 0.0) + math.exp(ln)
    return sums


# characters that each do something else: case, marks and what composes with them, jamo, several keys, none
ODD = "aAbzéÉßẞœijIJİıĳσςΣοО'’- \u0301\u0307\u0323\u030cẹēñøłŁ한ㅎㅏㄴ\u1112\u1161कि्ें़ऩтйё3²ﬁ\u200d字"
SOME = st.text(ODD, min_size=1, max_size=6).map(lambda text: unicodedata.normalize("NFC", text))
KEYS = st.text(
    st.sampled_from(sorted(c for c in set(ODD) if c == c.lower() and unicodedata.category(c)[0] in "LM")), max_size=24
).map(lambda letters: "".join(dict.fromkeys("ae" + letters)))


@given(st.lists(SOME, max_size=20, unique=True), KEYS, st.booleans())
def test_a_table_spells_as_a_keyboard_does(words: list[str], letters: str, turkic: bool) -> None:
    table = list_of(dict.fromkeys(words, -1.0)).table(letters, turkic)
    spelling = Spelling(letters, turkic)
    assert table.written.text() == words
    assert table.spelled.text() == [spelling.of(word) or "" for word in words]
    assert table.hidden.tolist() == [row for row, word in enumerate(words) if not spelling.of(word)]
    for row, word in enumerate(table.spelled.text()):
        if not word:
            continue
        first, last = divmod(int(table.ends[row]), 1 + len(letters))
        assert (letters[first - 1], letters[last - 1]) == (word[0], word[-1])
        index = WordIndex(letters, (table,))
        assert word in index
        assert word + "aeea" not in index


@given(st.dictionaries(SOME | st.text(min_size=1, max_size=20), st.integers(-400, 0), max_size=20))
def test_packing_is_exact_and_does_not_depend_on_the_order(decades: dict[str, int]) -> None:
    frequencies = {unicodedata.normalize("NFC", word): 10 ** (steps / 100) for word, steps in decades.items()}
    content = packed(frequencies)
    assert content == packed(dict(reversed(frequencies.items())))
    read = unpacked(content)
    assert sorted(read.words.text()) == sorted(frequencies)
    assert (np.diff(read.ln_frequencies) <= 0).all()
    for word, ln_frequency in zip(read.words.text(), read.ln_frequencies, strict=True):
        assert ln_frequency == pytest.approx(np.log(frequencies[word]), abs=1e-3)
    assert read.truncated(3).words.text() == read.words.text()[:3]


def test_words_of_many_characters_and_of_many_alphabets() -> None:
    many = {chr(0x4E00 + n) + chr(0xAC00 + n): 10 ** (-n / 1000 - 1) for n in range(5_000)}
    long = {"a" * 255: 0.5, "한" * 86: 0.4, "b": 1e-300}
    assert sorted(listed({**many, **long}).words.text()) == sorted({**many, **long})
    assert listed(long).table("abㅎㅏㄴ").spelled.text() == [
        "a" * 255,
        "",
        "b",
    ]  # 258 letters are more than anybody swipes
    assert MOST_LENGTH == 255


@pytest.mark.parametrize("frequencies", [{"a": 0.0}, {"a": 1.5}, {"": 0.1}, {"a" * 256: 0.1}, {"a": -0.1}])
def test_what_cannot_be_packed_is_refused(frequencies: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"frequencies must lie|a word has"):
        packed(frequencies)


GOOD = packed({"ab": 0.1, "Ba": 0.01})


@pytest.mark.parametrize("content", [b"", b"\0" * 100, GOOD[:30], GOOD[:-3], GOOD + b"\0", GOOD[:-1] + b"\x09"])
def test_a_file_of_another_kind_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="lexicon file"):
        unpacked(content)


@given(st.lists(SOME, max_size=20, unique=True), st.lists(SOME, max_size=20), st.sampled_from([None, False, True]))
def test_words_are_found_as_they_are_written_or_whatever_their_case(
    words: list[str], wanted: list[str], turkic: bool | None
) -> None:
    def key(word: str) -> str:
        return word if turkic is None else lower(word, turkic).replace("ς", "σ")

    pairs = list_of(dict.fromkeys(words, -1.0)).find(wanted, turkic)
    expected = [
        (row, place) for row, word in enumerate(words) for place, other in enumerate(wanted) if key(word) == key(other)
    ]
    assert sorted(pairs) == expected


@pytest.mark.parametrize("language", shipped())
def test_a_shipped_lexicon(language: str) -> None:
    lexicon = load_lexicon(language)
    assert len(lexicon) == len(lexicon.words) == len(set(lexicon.words)) >= 20_000
    frequencies = np.exp(lexicon.ln_frequencies.astype(np.float64))
    assert (np.diff(frequencies) <= 0).all()
    assert 0.6 < frequencies.sum() < 1.05
    data = (ROOT / "swipefl" / "decoder" / "lexicons" / f"{language}.bin").read_bytes()
    assert len(data) < 2_000_000
    assert zlib.decompress(data).startswith(b"swipefl-lexicon2")


@pytest.mark.parametrize("language", shipped())
def test_every_word_is_spelled_on_each_layout_of_its_language(language: str) -> None:
    (listed,), turkic = load_lexicon(language).listed, is_turkic((language,))
    tags = {name: built_in(name).languages for name in BUILT_IN}
    boards = [built_in(name) for name in BUILT_IN if language in {*tags[name], *map(primary, tags[name])}]
    assert boards
    for board in boards:
        unspelled = listed.table(board.letters, turkic).hidden
        assert [listed.words[row] for row in unspelled] == [], board.name


def test_a_tag_means_the_lexicon_of_its_language_where_it_has_none_of_its_own() -> None:
    assert load_lexicon("en-gb").languages == ("en",)
    assert load_lexicon(("ru", "en-au", "en")).languages == ("ru", "en")
    assert load_lexicon(()).languages == ("en",)
    with pytest.raises(UsageError, check=advises(Remedy.CHOOSE_LANGUAGE)):
        load_lexicon("xx")


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
    more = lexicon.with_words({"qzxj": -15.0, "the": -1.0, "имя": -9.0})
    assert len(more) == len(lexicon) + 2
    assert "qzxj" not in lexicon
    (plain,), (table, own) = lexicon.index(QWERTY).tables, more.index(QWERTY).tables
    assert table.spelled is plain.spelled
    changed = np.flatnonzero(table.ln_frequencies != plain.ln_frequencies)
    assert table.written.text(changed) == ["the"]
    assert own.spelled.text() == ["qzxj", ""]
    assert own.hidden.tolist() == [1]


FORMS = {"its": 0.02, "it's": 0.01, "Essen": 0.005, "essen": 0.004, "Straße": 0.003, "the": 0.1}


@pytest.mark.parametrize(
    ("personal", "prior", "hidden", "changed"),
    [
        ({"its": math.log(0.5)}, {}, (), {("its", "its"): 0.5}),
        ({"its": math.log(1e-6)}, {}, (), {}),
        ({"ITS": math.log(0.5)}, {}, (), {("its", "ITS"): 0.5}),
        ({"Zuzanka": 0.0, "имя": 0.0}, {}, (), {("zuzanka", "Zuzanka"): 1.0}),
        ({}, {"its": math.log(1e-6)}, (), {("its", "its"): 1e-6}),
        ({}, {"It's": math.log(0.5)}, (), {("its", "it's"): 0.5}),
        ({}, {"ESSEN": math.log(0.9)}, (), {("essen", "Essen"): 0.5, ("essen", "essen"): 0.4}),
        ({}, {"Essen": math.log(0.5), "ESSEN": 0.0}, (), {("essen", "Essen"): 0.5, ("essen", "essen"): 4 / 9}),
        ({}, {"THE": math.log(0.2), "thE": math.log(0.3)}, (), {("the", "the"): 0.3}),
        ({"Eve": math.log(0.1)}, {"eve": math.log(0.2)}, (), {("eve", "Eve"): 0.2}),
        ({}, {"eve": math.log(0.2)}, (), {("eve", "eve"): 0.2}),
        ({}, {"strasse": math.log(0.2)}, (), {("strasse", "strasse"): 0.2}),
        ({}, {}, ("It's",), {("its", "it's"): None}),
        ({}, {}, ("essen",), {("essen", "Essen"): None, ("essen", "essen"): None}),
        ({"Eve": 0.0}, {"Adam": 0.0}, ("eve", "adam"), {}),
    ],
)
def test_what_is_said_of_words_as_they_are_written(
    personal: dict[str, float],
    prior: dict[str, float],
    hidden: tuple[str, ...],
    changed: dict[tuple[str, str], float | None],
) -> None:
    plain = Lexicon(("en",), (list_of({word: math.log(value) for word, value in FORMS.items()}),))
    expected = {**found(plain.index(QWERTY)), **changed}
    told = found(prior_of(prior).index(plain.with_words(personal).hiding(hidden), QWERTY))
    assert told == pytest.approx({pair: value for pair, value in expected.items() if value is not None}, rel=1e-4)


def test_a_hidden_word_is_known() -> None:
    lexicon = Lexicon(("en",), (listed(FORMS),)).hiding({"its", "it's", "the"})
    assert "its" in lexicon
    assert "its" not in lexicon.index(QWERTY)
    assert "strasse" in lexicon.index(QWERTY)
    assert "straße" not in lexicon.index(QWERTY)


FREQUENCIES = st.dictionaries(st.text("abAB'", min_size=1, max_size=3), st.integers(-300, -1), max_size=12)
LISTS = st.lists(FREQUENCIES.map(lambda steps: {word: 10 ** (n / 100) for word, n in steps.items()}), max_size=3)
OWN = st.dictionaries(st.text("abAB'", min_size=1, max_size=3), st.floats(-20, 0), max_size=4)


@given(LISTS, OWN, OWN, st.sets(st.text("abAB'", min_size=1, max_size=3), max_size=3))
def test_several_languages_are_one_lexicon(
    lists: list[dict[str, float]], personal: dict[str, float], prior: dict[str, float], hidden: set[str]
) -> None:
    languages = [Lexicon((f"x{n}",), (listed(frequencies),)) for n, frequencies in enumerate(lists)]
    several = merged([*languages, no_words("en").with_words(personal)]).hiding(hidden)
    index = prior_of(prior).index(several, "ab")
    count, sums = sum(map(bool, lists)), dict[str, float]()
    for frequencies in lists:
        for word, frequency in frequencies.items():
            sums[word] = sums.get(word, 0.0) + frequency / count
    for word, ln in personal.items():
        sums[word] = max(sums.get(word, 0.0), math.exp(ln))
    alike = {word: [form for form in sums if form.lower() == word.lower()] for word in prior if word not in sums}
    exact = [word for word in prior if word in sums]
    for word in sorted(alike, key=prior.__getitem__):
        total = sum(sums[form] for form in alike[word])
        sums.update({form: sums[form] / total * math.exp(prior[word]) for form in alike[word]})
    sums.update({word: math.exp(prior[word]) for word in [*exact, *(word for word in alike if not alike[word])]})
    gone = {word.lower() for word in hidden}
    spelling = Spelling("ab")
    expected = {(spelling.of(w), w): f for w, f in sums.items() if spelling.of(w) and w.lower() not in gone}
    assert found(index) == pytest.approx(expected, rel=1e-3)
    for spelled in ("a", "ab", "bba"):
        assert (spelled in index) == any(of == spelled for of, _ in expected)


def test_each_language_spells_its_own_words() -> None:
    words = {"Işık": 0.1, "Izmir": 0.05}
    both = merged([Lexicon(("en",), (listed(words),)), Lexicon(("tr",), (listed(words),))])
    assert {spelled for spelled, _ in found(both.index("ışkizmr"))} == {"işık", "ışık", "izmir", "ızmir"}


@pytest.mark.parametrize("languages", [("tr", "de"), ("de", "tr")])
def test_a_word_of_ones_own_is_spelled_in_the_case_of_each_language(languages: tuple[str, ...]) -> None:
    both = merged([Lexicon((language,), (listed({"ab": 0.1}),)) for language in languages])
    index = prior_of({"Iras": -5.0}).index(both.with_words({"Ispar": -5.0, "par": -5.0}), "ıisparb")
    own = [("iras", "Iras"), ("ispar", "Ispar"), ("par", "par"), ("ıras", "Iras"), ("ıspar", "Ispar")]
    assert sorted(found(index)) == [("ab", "ab"), *own]


def test_arrays_of_words() -> None:
    words = words_of(["ab", "c", "abba"])
    assert words.text() == ["ab", "c", "abba"]
    assert words.text(np.array([2, 0])) == ["abba", "ab"]
    assert words.text(slice(1, 2)) == ["c"]
    assert words.head(2).text() == ["ab", "c"]
    assert words_of([]).text() == []
