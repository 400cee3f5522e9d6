"""What programs write of a keyboard, each in its own words: the same keys come out, and what is left out is named."""

import json
import tracemalloc
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.errors import UsageError
from swipefl.gesture.keyboard import Key, Keyboard, built_in, given_keyboard, keyboard_from_json
from swipefl.gesture.spelling import folded
from tests.support.stores import fresh_store

QWERTY = built_in("qwerty")
TYPE_NOTHING = ("shift", "delete", ",", "space")


def written(key: Callable[[Key], dict[str, Any]], **board: Any) -> dict[str, Any]:
    """A file of qwerty, and of keys of another row which type no letter."""
    width, height = QWERTY.width, QWERTY.height
    others = [Key(label, 40.0 + 80 * n, 200, 60, 40) for n, label in enumerate(TYPE_NOTHING)]
    return {"width": width, "height": height, **board, "keys": [key(k) for k in (*QWERTY.keys, *others)]}


def code(key: Key) -> int:
    return {"space": 32, "shift": -1, "delete": -5}.get(key.letter) or ord(key.letter)


def corner(key: Key) -> tuple[float, float]:
    return key.x - key.width / 2, key.y - key.height / 2


def sized(key: Key, wide: str = "width", high: str = "height") -> dict[str, float]:
    return {wide: key.width, high: key.height}


def cornered(key: Key, left: str = "x", top: str = "y") -> dict[str, float]:
    return dict(zip((left, top), corner(key), strict=True))


FILES: dict[str, dict[str, Any] | list[Any]] = {
    "swipefl": written(lambda k: {"letter": k.letter, "x": k.x, "y": k.y, **sized(k)}),
    "a grid of hitboxes": written(lambda k: {"label": k.letter, "hitbox": cornered(k) | sized(k, "w", "h")}),
    "boundaries": written(lambda k: {"label": k.letter, "boundaries": cornered(k) | sized(k, "w", "h")}),
    "actions without a letter": written(
        lambda k: {"action" if len(k.letter) > 1 else "label": k.letter, "hitbox": cornered(k) | sized(k, "w", "h")}
    ),
    "codes and centres": written(lambda k: {"centerX": k.x, "centerY": k.y, "codePoint": code(k)}),
    "codes, centres and sizes": written(lambda k: {"centerX": k.x, "centerY": k.y, "code": code(k), **sized(k)}),
    "values from left and top": written(
        lambda k: {**cornered(k, "left", "top"), **sized(k), "value": k.letter, "alts": ["1", "é"]}
    ),
    "left, top, right, bottom": written(
        lambda k: {
            "label": k.letter,
            "bounds": cornered(k, "left", "top") | {"right": k.x + k.width / 2, "bottom": k.y + k.height / 2},
        }
    ),
    "x and y of the corner": written(lambda k: {"key": k.letter, **cornered(k), **sized(k)}),
    "x and y of the centre": written(lambda k: {"char": k.letter, "x": k.x, "y": k.y, **sized(k, "w", "h")}),
    "centres and half-sizes": written(
        lambda k: {"label": k.letter, "x": k.x, "y": k.y, "halfWidth": k.width / 2, "halfHeight": k.height / 2}
    ),
    "short names": written(lambda k: {"char": k.letter, "cx": k.x, "cy": k.y, "hw": k.width / 2, "hh": k.height / 2}),
    "x and y alone": written(lambda k: {"label": k.letter, "x": k.x, "y": k.y}),
    "capitals": written(lambda k: {"label": k.letter.upper(), "x": k.x, "y": k.y}),
    "fractions": {
        "keys": [
            {"char": k.letter, "cx": k.x / 370, "cy": k.y / 222, "w": k.width / 370, "h": k.height / 222}
            for k in QWERTY.keys
        ]
    },
    "by letter": {
        "keyboard_width": 370,
        "keyboard_height": 222,
        "keys": {k.letter: {"cx": k.x, "cy": k.y} for k in QWERTY.keys},
    },
    "inside of a gesture": {"word": "x", "keyboardInfo": written(lambda k: {"value": k.letter, "cx": k.x, "cy": k.y})},
    "inside of a list of gestures": [{"keyboardInfo": written(lambda k: {"value": k.letter, "cx": k.x, "cy": k.y})}],
    "a list of keys": [{"label": k.letter, "cx": k.x / 370, "cy": k.y / 222} for k in QWERTY.keys],
    "rows of labels": [[{"$": "auto_text_key", "code": ord(c), "label": c} for c in row] for row in
                       ("qwertyuiop", "asdfghjkl", "zxcvbnm")],
    "rows of codes": {"rows": [[{"code": ord(c)} for c in row] for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")]},
    "rows of letters": {"rows": ["qwertyuiop", "asdfghjkl", "zxcvbnm"]},
    "rows that hang on shift": [
        [{"$": "case_selector", "lower": {"label": c}, "upper": {"label": c.upper()}} for c in row]
        for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    ],
}  # fmt: skip


@pytest.mark.parametrize("file", FILES)
def test_the_same_keys_come_out_of_all_files(file: str) -> None:
    keyboard = given_keyboard(json.loads(json.dumps(FILES[file])), "qwerty").keyboard
    assert (keyboard.width, keyboard.height) == (370, 222)
    assert keyboard.letters == QWERTY.letters
    for key, right in zip(keyboard.keys, QWERTY.keys, strict=True):
        assert (key.x, key.y, key.width, key.height) == pytest.approx((right.x, right.y, right.width, right.height))


def test_nothing_is_left_out_without_a_word() -> None:
    for file, data in FILES.items():
        left_out = given_keyboard(data).left_out
        if "codes" in file and "rows" not in file:
            assert left_out == ("code -1", "code -5", ",", "space")
        elif isinstance(data, dict) and len(data.get("keys", ())) > 26:
            assert tuple(map(str.lower, left_out)) == TYPE_NOTHING, file
        else:
            assert left_out == () or "inside" in file


@pytest.mark.parametrize(
    ("label", "letter"),
    [
        *(("ñ", "ñ"), ("Ñ", "ñ"), ("n\u0303", "ñ"), ("N\u0303", "ñ"), ("ẞ", "ß"), ("ß", "ß"), ("ŉ", "ŉ")),
        *(("ǰ", "ǰ"), ("J\u030c", "ǰ"), ("\u0958", "\u0958"), ("가", "가"), ("ㅆ", "ㅆ"), ("\u0301", "\u0301")),
        *(("Σ", "σ"), ("ς", "ς"), ("5", "5"), ("٣", "٣"), ("ﬁ", "ﬁ"), ("𐐀", "𐐨"), ("ё", "ё"), ("Ё", "ё")),
        *(("İ", "i"), ("i\u0307", "i"), ("ि", "ि"), ("😀", None), ("'", None), ("shift", None), ("", None)),
        *(("q\u0323\u0308", None), ("ab", None), ("\ud83d", None), ("x" * 10_000, None), ("½", None), ("€", None)),
        *(("\u200d", None), ("◌", None)),
    ],
)  # fmt: skip
def test_a_label_is_one_letter_or_named(label: str, letter: str | None) -> None:
    keys = [{"label": text, "x": 10 + 20 * n, "y": 10} for n, text in enumerate(("a", "b", label))]
    taken = given_keyboard({"width": 60, "height": 20, "keys": keys})
    assert taken.keyboard.letters == "ab" + (letter or "")
    assert len(taken.left_out) == (letter is None)
    assert all(0 < len(text) <= 20 and text.encode() for text in taken.left_out)


@pytest.mark.parametrize(
    ("labels", "letters"), [("Iıa", "ıa"), ("İIŞAS", "iışas"), ("Iia", "ia"), ("İia", "ia"), ("iIıİ", "iı")]
)
def test_a_keyboard_with_both_letters_i_has_both_capitals(labels: str, letters: str) -> None:
    keys = [{"letter": label, "x": 5 + 10 * n, "y": 5, "width": 10, "height": 10} for n, label in enumerate(labels)]
    keyboard = keyboard_from_json({"width": 10 * len(labels), "height": 10, "keys": keys})
    assert keyboard.letters == letters
    assert keyboard_from_json(keyboard.to_json()) == keyboard


odd = st.sampled_from(
    ["İ", "I", "ı", "i", "i̇", "ß", "ẞ", "ŉ", "ǰ", "\u0958", "क़", "가", "ㄲ", "ᄀ", "😀", "é", "e\u0301", "ǅ"]
)
labels = odd | st.text(max_size=4) | st.characters() | st.characters(categories=["L", "M", "Nd"])
languages = st.lists(st.sampled_from(["tr", "de", "az-latn", "pt-br"]), max_size=2, unique=True)
places = st.floats(0, 1000)


def laid_out(labels: Iterable[str], field: str) -> list[dict[str, Any]]:
    return [{field: label, "x": 50.0 + 20 * n, "y": 10, "width": 20, "height": 30} for n, label in enumerate(labels)]


@given(st.lists(labels, max_size=30), languages, st.sampled_from(["letter", "label", "char"]))
@settings(max_examples=300)
def test_a_keyboard_of_any_labels_equals_itself_after_every_round_trip(
    labels: list[str], languages: list[str], field: str
) -> None:
    data = {"width": 1000, "height": 30, "languages": languages, "keys": laid_out(["a", "b", *labels], field)}
    taken = given_keyboard(data)
    keyboard = taken.keyboard
    assert len(keyboard.keys) + len(taken.left_out) <= len(labels) + 2
    assert bool(taken.left_out) == (len(keyboard.keys) < len(labels) + 2)
    assert keyboard_from_json(keyboard.to_json()) == keyboard
    assert keyboard_from_json(json.loads(json.dumps(keyboard.to_json()))) == keyboard
    assert given_keyboard(keyboard.to_json()).left_out == ()


def test_a_keyboard_of_any_labels_equals_itself_after_the_store() -> None:
    with fresh_store() as (store, _):

        @given(st.lists(labels, max_size=30), languages)
        def comes_back(labels: list[str], languages: list[str]) -> None:
            data = {
                "width": 1000,
                "height": 30,
                "languages": languages,
                "keys": laid_out(["a", "b", *labels], "letter"),
            }
            keyboard = keyboard_from_json(data, name="mine")
            store.keyboards.add(keyboard)
            assert store.keyboards.get("mine") == keyboard
            assert store.keyboards.stored() == [keyboard]
            store.keyboards.remove("mine")

        comes_back()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["keys", "rows", "label", "letter", "code", "x", "y", "width", "height", "hitbox", "cx", "cy"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(anything)
@settings(max_examples=500)
def test_what_is_no_keyboard_is_refused_and_no_bug(data: Any) -> None:
    with suppress(UsageError):
        assert isinstance(keyboard_from_json(data), Keyboard)


@pytest.mark.parametrize("field", ["letter", "code", "codes", "lower", "upper", "hitbox"])
def test_a_label_in_labels_without_end_is_none(field: str) -> None:
    label: Any = "q"
    for _ in range(5_000):
        label = {field: label}
    for data in ({"width": 30, "height": 10, "keys": laid_out([*"ab", label], "label")}, {"rows": ["ab", [label]]}):
        taken = given_keyboard(data)
        assert taken.keyboard.letters == "ab"
        assert taken.left_out == ("without a label",)


def test_nothing_long_of_a_stranger_is_kept() -> None:
    """Whatever was read: the labels and words of a thousand lines may be megabytes each."""
    long = "q" * 300_000
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for n in range(30):
            given_keyboard({"width": 30, "height": 10, "keys": laid_out([*"ab", f"{n}{long}"], "label")})
            folded(f"{n}{long}")
            QWERTY.spelling().of(f"a{chr(0x300 + n)}" + "\u0323" * 300_000)
        assert tracemalloc.get_traced_memory()[0] - before < 1_000_000
    finally:
        tracemalloc.stop()
