"""The one rule of letters, on keyboards of many alphabets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.gesture.language import languages_of
from swipefl.gesture.spelling import Spelling, folded, lower, tidy

LATIN = "abcdefghijklmnopqrstuvwxyz"
TURKISH = "abcçdefgğhıijklmnoöprsştuüvyz"
DUBEOLSIK = "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ"
SPELLED = [
    (LATIN, "Don't", "dont"),
    (LATIN, "Don’t", "dont"),
    (LATIN, "Straße", "strasse"),
    (LATIN, "STRAẞE", "strasse"),
    (LATIN, "naïve", "naive"),
    (LATIN, "cafe\u0301", "cafe"),
    (LATIN, "Œuvre", "oeuvre"),
    (LATIN, "Łódź", "lodz"),
    (LATIN, "Ångström", "angstrom"),
    (LATIN, "smørrebrød", "smorrebrod"),
    (LATIN, "þorn", "thorn"),
    (LATIN, "Nguyễn", "nguyen"),
    (LATIN, "ĳs", "ijs"),
    (LATIN, "İstanbul", "istanbul"),
    (LATIN, "ısı", "isi"),
    (LATIN, "x-ray", "xray"),
    (LATIN, "New York", "newyork"),
    (LATIN, "co\u00adoperate", "cooperate"),
    (LATIN, "ﬁne", "fine"),
    (LATIN, "ｗｉｄｅ", "wide"),
    (LATIN, "c3po", None),
    (LATIN, "I❤u", None),
    (LATIN, "слово", None),
    (LATIN, "mixа", None),  # the last is Cyrillic
    (LATIN, "--", ""),
    (LATIN + "3", "C3po", "c3po"),
    (LATIN + "äöüß", "Über", "über"),
    (LATIN + "äöüß", "U\u0308ber", "über"),
    (LATIN + "äöüß", "Straße", "straße"),
    (LATIN + "äöüß", "STRASSE", "strasse"),
    (LATIN + "ü", "ǖ", "ü"),
    (LATIN + "ñ", "Año", "año"),
    (LATIN + "đêơư", "Việt", "viêt"),
    (LATIN + "đêơư", "Đường", "đương"),
    (LATIN + "\u0301", "café", "cafe\u0301"),
    ("йцукенгшщзхфывапролджэячсмитьбю", "Ещё", "еще"),
    ("йцукенгшщзхфывапролджэячсмитьбю", "объект", "обьект"),
    ("йцукенгшщзхъфывапролджэячсмитьбюё", "Объём", "объём"),
    ("йцукенгшщзхїфівапролджєґячсмитьбю", "П'ять", "пять"),
    ("йцукенгшщзхїфівапролджєячсмитьбю", "ґанок", "ганок"),
    ("йцукенгшщзхїфівапролджєґячсмитьбю", "Їжак", "їжак"),
    ("αβγδεζηθικλμνξοπρσςτυφχψω", "ΟΔΌΣ", "οδος"),
    ("αβγδεζηθικλμνξοπρστυφχψω", "ΟΔΌΣ", "οδοσ"),
    (DUBEOLSIK, "한국어", "ㅎㅏㄴㄱㅜㄱㅇㅓ"),
    (DUBEOLSIK, "꽃", "ㄱㅗㅊ"),
    (DUBEOLSIK, "의외", "ㅇㅡㅣㅇㅗㅣ"),
    (DUBEOLSIK + "ㄲ", "꽃", "ㄲㅗㅊ"),
    ("कहिनद्ी", "हिन्दी", "हिन्दी"),
    ("कहनद", "हिन्दी", None),
    ("क़लम", "क़लम", "क़लम"),
    ("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", "أحمَد", "احمد"),
    ("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", "کتاب", "كتاب"),
    ("ابتیک", "كتابي", "کتابی"),
    ("אבגדהוזחטיכלמנסעפצקרשת", "שָׁלוֹם", "שלומ"),
]


@pytest.mark.parametrize(("letters", "word", "spelled"), SPELLED)
def test_a_word_is_spelled_with_the_keys_that_there_are(letters: str, word: str, spelled: str | None) -> None:
    assert Spelling(letters).of(word) == spelled


@pytest.mark.parametrize(("word", "spelled"), [("IŞIK", "ışık"), ("İstanbul'da", "istanbulda"), ("iI", "iı")])
def test_i_has_two_capitals_in_turkish(word: str, spelled: str) -> None:
    assert Spelling(TURKISH, turkic=True).of(word) == spelled


TIDY = [
    ("hello!", "hello"),
    ("#hello", "hello"),
    (' "Blorp",', "Blorp"),
    ("(Straße)", "Straße"),
    ("¿qué?", "qué"),
    ("«mot»", "mot"),
    ("'hello'", "hello"),
    ("‘hello’", "hello"),
    ("dogs'", "dogs'"),
    ("'tis", "'tis"),
    ("po'", "po'"),
    ("don’t", "don’t"),
    ("so\u00adft", "soft"),
    ("a\u200db\ufeff", "ab"),
    ("می\u200cخواهم", "می\u200cخواهم"),
    ("क्\u200dष", "क्\u200dष"),
    ("ﬁsh", "fish"),
    ("𝐡𝐞𝐥𝐥𝐨", "hello"),
    ("ſtraße", "straße"),
    ("x-ray", "x-ray"),
    ("New\t York ", "New York"),
    ("e\u0301te\u0301", "été"),
    ("ㅎㅏ", "ㅎㅏ"),
    ("...", ""),
    ("''", "''"),
    ("C++", "C++"),
]


@pytest.mark.parametrize(("given", "written"), TIDY)
def test_a_word_is_written_without_what_is_not_of_it(given: str, written: str) -> None:
    assert tidy(given) == written
    assert tidy(written) == written


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_what_is_tidy_stays_and_is_spelled_alike(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert folded(tidy(text)) == folded(text)


letters = st.text(st.characters(categories=["Ll", "Lo", "Lm", "Mn", "Mc", "Nd"]), min_size=1, max_size=40).map(lower)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
likely = st.text(st.sampled_from("aéeßœIİıiςΣσ한ㅎ'-़̈́कﬁґьъ"), max_size=10)


@given(letters | likely.map(lower), words | likely, st.booleans())
def test_what_is_spelled_is_spelled_so(letters: str, word: str, turkic: bool) -> None:
    spelling = Spelling(letters, turkic)
    spelled = spelling.of(word)
    if spelled is not None:
        assert set(spelled) <= set(letters)
        assert spelling.of(spelled) == spelled


@given(words | likely)
def test_words_that_may_be_spelled_alike_are_folded_alike(word: str) -> None:
    assert folded(folded(word)) == folded(word)
    assert folded(lower(word)) == folded(word)


@given(letters, words | likely)
def test_a_spelling_is_folded_like_its_word(letters: str, word: str) -> None:
    spelled = Spelling(letters).of(word)
    if spelled is not None:
        assert folded(spelled) == folded(word)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("de", ("de",)),
        ("de,en", ("de", "en")),
        (" DE , en,de ", ("de", "en")),
        ("pt-BR", ("pt-br",)),
        ("de_AT.UTF-8", ("de-at",)),
        ("sr_RS@latin", ("sr-rs",)),
        ("", ()),
    ],
)
def test_tags_are_those_of_a_list_or_a_locale(text: str, tags: tuple[str, ...]) -> None:
    assert languages_of(text) == tags


@pytest.mark.parametrize("text", ["d", "1", "de en", "../x", "a" * 40, "x" * 9, "de,,é", ",".join(["de"] * 9)])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="language"):
        languages_of(text)
