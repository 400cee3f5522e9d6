"""The layouts of the package, and keyboards by their rows of letters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.errors import UsageError
from swipefl.gesture.keyboard import BUILT_IN, Key, built_in, keyboard_from_json, keyboard_of_rows
from swipefl.gesture.language import languages_of

# What stores and the base model know by these names; they may never move.
FIRST = {
    "qwerty": ("en", 370, 222, 37, 60, ((0, "qwertyuiop"), (0.5, "asdfghjkl"), (1.5, "zxcvbnm"))),
    "jcuken": ("ru", 1080, 640, 90, 160, ((0, "йцукенгшщзхъ"), (0.5, "фывапролджэ"), (1, "ячсмитьбюё"))),
}
LETTERS = {
    "qwerty-plain": ((), "qwertyuiop"),
    "qwertz-de": (("de",), "züöä"),
    "qwertz-ch": (("de-ch", "fr"), "züöä"),
    "azerty-fr": (("fr",), "azertyqm"),
    "azerty-be": (("fr", "nl"), "azerty"),
    "qwerty-es": (("es",), "ñ"),
    "qwerty-pt": (("pt",), "qwerty"),
    "qwerty-br": (("pt",), "ç"),
    "qwerty-it": (("it",), "qwerty"),
    "qwerty-nl": (("nl",), "qwerty"),
    "qwerty-pl": (("pl",), "qwerty"),
    "qwerty-sv": (("sv",), "åöä"),
    "qwerty-da": (("da",), "åæø"),
    "qwerty-no": (("nb",), "åøæ"),
    "qwerty-fi": (("fi",), "åöä"),
    "qwerty-tr": (("tr",), "ıiğüşöç"),
    "turkish-f": (("tr",), "ıiğüşöç"),
    "jcuken-uk": (("uk",), "іїєґ"),
    "jcuken-ru": (("ru",), "йцукен"),
    "bulgarian-bds": (("bg",), "ъщ"),
    "bulgarian-phonetic": (("bg",), "явертъ"),
    "greek": (("el",), "ςσω"),
    "hebrew": (("he",), "אםןךףץ"),
    "arabic": (("ar",), "ضءة"),
    "dubeolsik": (("ko",), "ㅂㅃㅔㅖ"),
    "inscript-hi": (("hi",), "कखिं्"),
    "dvorak": ((), "pyfgcrl"),
    "colemak": ((), "qwfpg"),
}
WRITTEN = {
    "qwertz-de": {"Größe": "grösse", "Straße": "strasse"},
    "qwertz-de-plain": {"Größe": "grosse"},
    "azerty-fr": {"L'été": "lete", "cœur": "coeur"},
    "qwerty-es": {"niño": "niño", "pingüino": "pinguino"},
    "qwerty-br": {"coração": "coraçao"},
    "qwerty-pt": {"coração": "coracao"},
    "qwerty-pl": {"Łódź": "lodz"},
    "qwerty-da": {"Rødgrød": "rødgrød"},
    "qwerty-tr": {"İstanbul": "istanbul", "IŞIK": "ışık"},
    "jcuken-uk": {"П'ять": "пять", "Їжак": "їжак"},
    "jcuken-ru": {"объём": "обьем"},
    "greek": {"ΟΔΟΣ": "οδος", "ένας": "ενας"},
    "hebrew": {"שלום": "שלום"},
    "arabic": {"أحمد": "احمد"},
    "dubeolsik": {"한국": "ㅎㅏㄴㄱㅜㄱ", "있다": "ㅇㅣㅆㄷㅏ"},
    "inscript-hi": {"हिन्दी": "हिन्दी", "भाषा": "भाषा"},
    "georgian": {"ჭიქა": "ჭიქა"},
}


@pytest.mark.parametrize("name", FIRST)
def test_the_first_two_layouts_stay_where_they_are(name: str) -> None:
    language, width, height, wide, tall, rows = FIRST[name]
    keys = tuple(
        Key(letter, (offset + n + 0.5) * wide, (down + 0.5) * tall, wide, tall)
        for down, (offset, letters) in enumerate(rows)
        for n, letter in enumerate(letters)
    )
    keyboard = built_in(name)
    assert (keyboard.languages, keyboard.width, keyboard.height) == ((language,), width, height)
    assert keyboard.keys == keys


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_layout_of_the_package_is_a_keyboard_that_anybody_could_give(name: str) -> None:
    keyboard = built_in(name)
    assert keyboard_from_json(keyboard.to_json()) == keyboard
    assert languages_of(keyboard.languages) == keyboard.languages
    assert len(keyboard.letters) == len(keyboard.keys) >= 25
    assert all(unicodedata.category(letter)[0] in "LM" for letter in keyboard.letters)
    assert all(key.width / 2 <= key.x <= keyboard.width - key.width / 2 + 1e-9 for key in keyboard.keys)
    assert all(key.y < keyboard.height - key.height for key in keyboard.keys), "below is a row without letters"


@pytest.mark.parametrize("name", LETTERS)
def test_layouts_are_those_of_their_languages(name: str) -> None:
    languages, letters = LETTERS[name]
    assert built_in(name).languages == languages
    assert set(letters) <= set(built_in(name).letters)


@pytest.mark.parametrize(
    ("name", "word", "spelled"), [(name, *pair) for name, words in WRITTEN.items() for pair in words.items()]
)
def test_words_are_spelled_on_their_own_layouts(name: str, word: str, spelled: str) -> None:
    assert built_in(name).spelling().of(word) == spelled


def test_keys_of_scripts_from_the_right_stand_where_they_are_seen() -> None:
    at = {key.letter: key.x for key in built_in("arabic").keys}
    assert at["ض"] < at["ص"] < at["ج"]


def test_a_key_types_another_letter_with_shift_at_the_same_place() -> None:
    at = {key.letter: (key.x, key.y) for key in built_in("dubeolsik").keys}
    assert at["ㅅ"] == at["ㅆ"] != at["ㅈ"] == at["ㅉ"]


def test_only_the_layout_that_is_asked_for_is_made() -> None:
    built_in.cache_clear()
    built_in("jcuken-uk")
    assert built_in.cache_info().currsize == 1


ROWS = {
    "qwertyuiop asdfghjkl zxcvbnm": ("qwerty", ()),
    "  QWERTYUIOP\tasdfghjkl\nzxcvbnm ": ("qwerty", ()),
    "qwertzuiopu\u0308 asdfghjklo\u0308a\u0308 yxcvbnm": ("qwertz-de", ()),
    "azertyuiop qsdfghjklm wxcvbn'": ("azerty-fr", ("'",)),
    "',.pyfgcrl aoeuidhtns qjkxbmwvz": ("dvorak", ("'", ",", ".")),
}


@pytest.mark.parametrize("rows", ROWS)
def test_rows_are_drawn_as_phones_do(rows: str) -> None:
    name, left_out = ROWS[rows]
    taken = keyboard_of_rows(rows, ())
    assert taken.left_out == left_out
    assert (taken.keyboard.keys, taken.keyboard.height) == (built_in(name).keys, built_in(name).height)


def test_the_capitals_of_rows_are_those_of_the_language() -> None:
    rows = "QWERTYUIOPĞÜ ASDFGHJKLŞİ ZXCVBNMÖÇ"
    assert keyboard_of_rows(rows, ("tr",)).keyboard.keys == built_in("qwerty-tr").keys
    assert keyboard_of_rows(rows, ()).keyboard.letters == built_in("qwerty-tr").letters, "İ says so too"
    assert keyboard_of_rows("QWERTYUIOP", ()).keyboard.letters == "qwertyuiop"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ("qwerty qaz", "q is in them twice"),
        ("qwerty Qaz", "q is in them twice"),
        ("qwe\x07r", "is no letter"),
        ("qwe😀", "is no letter"),
        ("qwe=r", "is no letter"),
        ("q", "at least two letter"),
        ("12345", "at least two letter"),
        ("", "at least two letter"),
        (" \n", "at least two letter"),
        ("".join(map(chr, range(0x4E00, 0x4E00 + 201))), "200 keys at most"),
    ],
)
def test_rows_that_are_no_keyboard_are_refused_with_the_reason(rows: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as raised:
        keyboard_of_rows(rows, ())
    assert len(str(raised.value)) < 200


@given(st.lists(st.text(st.characters(categories=["Ll", "Lo", "Nd"]), min_size=1, max_size=12), min_size=1, max_size=5))
def test_rows_make_a_keyboard_or_say_why_not(rows: list[str]) -> None:
    try:
        keyboard = keyboard_of_rows(" ".join(rows), (), "mine").keyboard
    except UsageError:
        return
    assert keyboard_from_json(keyboard.to_json()) == keyboard


def test_there_is_no_other_layout() -> None:
    with pytest.raises(UsageError, match="unknown keyboard"):
        built_in("qwerty-xx")
