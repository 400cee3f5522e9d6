"""Keyboards as they come in: whatever letters they have they come back whole, and none takes more than it may."""

import json
import math
import sys
import warnings
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import _index, load_lexicon
from swipefl.decoder.word_list import KEPT, _table
from swipefl.device.ingestion import Ingestion
from swipefl.errors import UsageError
from swipefl.gesture.gesture import Example, Gesture, checked_points, checked_size, verdict
from swipefl.gesture.keyboard import MOST_KEYS, built_in, is_size, keyboard_from_json
from swipefl.gesture.spelling import needs_no_key
from swipefl.store import keyboards as of_store
from swipefl.store.store import Store
from tests.support.keyboards import keyboard_of, row
from tests.support.stores import fresh_store
from tests.support.swipes import gesture, lines

LETTERS = [c for c in map(chr, range(sys.maxunicode + 1)) if c.isalpha() and c != "\u0374" and not needs_no_key(c)]
NOT_KEYBOARDS: dict[str, Any] = {
    "more keys than any": row(LETTERS[100:400]),
    "one key more than may be": row(LETTERS[100 : 101 + MOST_KEYS]),
    "one key": row("a"),
    "no letters": row("123"),
    "keys without end": row("ab") | {"keys": [row("a")["keys"][0]] * 100_000},
    "a width beyond numbers": row("ab") | {"width": 10**400},
    "a width of nothing": row("ab") | {"width": 0},
    "a width of less than nothing": row("ab") | {"width": -3},
    "a width that is none": row("ab") | {"width": math.nan},
    "a width without end": row("ab") | {"width": math.inf},
    "a width too small to divide by": row("ab", size=1e-320),
    "a width too large": row("ab", size=1e30),
    "a size of no screen": row("ab") | {"height": 1e6},
    "a key far away": row("ab", x=1e9),
    "a key beyond numbers": row("ab", x=10**400),
    "a key of no width": row("ab", width=0),
    "keys too narrow to see": row("ab", width=1e-30),
    "keys wider than any screen": row("ab", width=1e5),
    "a name of a megabyte": row("ab") | {"name": "x" * (1 << 20)},
    "a name of many parts": row("ab") | {"name": [[["x"]]] * 1000},
    "keys of one letter": row("q" * 26),
    "rows without end": {"rows": "ab" * 100_000},
    "rows by name": {"rows": {f"{n}": "ab" for n in range(100)}},
    "rows of objects": {"rows": [{"a": 1, "b": 2}] * 100},
    "rows of nothing": {"rows": [[]] * 1000 + ["ab"]},
    "one row without end": {"rows": ["ab" * 100_000]},
    "no keys": {"width": 1, "height": 1},
    "keys of nothing": {"width": 1, "height": 1, "keys": [None]},
    "no object": [1],
}


@pytest.mark.parametrize("data", NOT_KEYBOARDS.values(), ids=NOT_KEYBOARDS)
def test_what_no_phone_shows_is_refused(data: Any) -> None:
    with pytest.raises(UsageError) as raised:
        keyboard_from_json(data)
    assert len(str(raised.value)) < 200


def test_a_keyboard_of_any_letters_survives_its_own_round_trip() -> None:
    """One key types one letter, whatever that is in lower case, and a word of it can be held against its keys."""
    for at in range(0, len(LETTERS), MOST_KEYS):
        labels = LETTERS[at : at + MOST_KEYS]
        given = keyboard_of(labels)
        assert len(given.keys) == len(labels)
        assert keyboard_from_json(given.to_json()) == given
        assert len(given.letters) == len(set(given.letters)) <= len(given.keys)
        layout = given.layout(300, 100)
        assert all(math.isfinite(layout.distance(letter, 1, 1)) for letter in given.letters)


@pytest.mark.parametrize("label", ["İ", "i̇", "I", "i"])
def test_each_i_is_one_letter(label: str) -> None:
    """`i̇` is how a store may remember a key İ."""
    assert keyboard_of(["A", label]).letters == "ai"


def test_a_keyboard_that_a_store_holds_is_read_whatever_the_bounds_are_now(store: Store) -> None:
    with store.transaction():
        store.sql.run(
            "INSERT INTO keyboards (name, language, geometry) VALUES (?, ?, ?)",
            ("large", "", json.dumps(row(LETTERS[100:400]) | {"name": "large"})),
        )
    assert [len(keyboard.keys) for keyboard in store.keyboards.stored()] == [300]


def test_a_file_makes_no_more_keyboards_known_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_store, "MOST", 5)
    swipes = [gesture(keyboard=built_in("qwerty").to_json() | {"name": f"k{n}"}, gesture_id=f"g{n}") for n in range(9)]
    for n, swipe in enumerate(swipes):
        swipe["coords"][0]["x"] += n / 10
    with fresh_store() as (store, folder):
        (folder / "s.jsonl").write_bytes(lines(*swipes))
        report = Ingestion(store).run([folder / "s.jsonl"])
        assert (report.stored, report.reasons) == (5, {"many-keyboards": 4})
        assert len(store.keyboards.stored()) == 5


def test_an_alphabet_for_every_gesture_does_not_fill_the_memory() -> None:
    lexicon = load_lexicon("en").truncated(100)
    for letter in LETTERS[200:240]:
        assert lexicon.index(letter + "abc").letters == letter + "abc"
    assert _table.cache_info().currsize <= KEPT
    assert _index.cache_info().currsize <= KEPT


sizes = st.floats(1e-6, 1e6)


@given(st.tuples(sizes, sizes), st.tuples(sizes, sizes), st.floats(-9, 9), st.floats(1e-3, 9), st.floats(-1e6, 1e6))
@settings(max_examples=60)
def test_every_keyboard_that_is_taken_gives_finite_numbers(
    size: tuple[float, float], drawn: tuple[float, float], at: float, wide: float, x: float
) -> None:
    """However odd it is, and wherever the finger was."""
    assume(is_size(*size) and is_size(*drawn))
    width, height = size
    place = {"y": at * height, "width": wide * width, "height": wide * height}
    keys = [{"letter": letter, "x": at * width * n / 4, **place} for n, letter in enumerate("abcde")]
    keyboard = keyboard_from_json({"width": width, "height": height, "keys": keys, "language": "en"})
    swipe = Gesture("g", checked_points([x, 0, 5], [0, x, -x], [0, 0.1, 0.2]), keyboard, *checked_size(*drawn))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        verdict(Example(swipe, "ab"))
        found = Decoder(base_checkpoint(), lambda language: load_lexicon("en")).decode(swipe)
    assert all(math.isfinite(candidate.score) and 0 <= candidate.probability <= 1 for candidate in found)
