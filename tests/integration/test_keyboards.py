"""`swipefl keyboards` as a person types it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from swipefl.cli.keyboards import drawn
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.keyboard import BUILT_IN, built_in, keyboard_from_json
from tests.support.command import swipefl
from tests.support.people import examples
from tests.support.swipes import gesture, lines
from tests.support.terminal import swipefl_on_terminal

ROWS = "qwertzuiopü asdfghjklöä yxcvbnmß"


def test_a_keyboard_by_its_rows_is_swiped_on(tmp_path: Path) -> None:
    added = swipefl(tmp_path, "keyboards", "add", "--rows", ROWS, "--language", "de,en", "--name", "mine", "--json")
    assert added.json == {"name": "mine", "languages": ["de", "en"], "keys": 30, "own": True, "left_out": []}
    mine = keyboard_from_json(swipefl(tmp_path, "keyboards", "show", "--json", "mine").json)
    swipes = [to_line(e) | {"keyboard": "mine"} for e in examples(4, keyboard=mine, words=("größe", "straße"))]
    report = swipefl(tmp_path, "ingest", "-", "--json", given=lines(*swipes)).json
    assert (report["stored"], report["suspect"]) == (4, 0)
    refused = swipefl(tmp_path, "keyboards", "remove", "mine")
    assert (refused.code, "4 stored swipes" in refused.err) == (2, True)
    assert swipefl(tmp_path, "forget", "--all", "--yes").code == 0
    assert swipefl(tmp_path, "keyboards", "remove", "mine", "--json").json == {"removed": "mine"}
    assert swipefl(tmp_path, "keyboards", "show", "mine").code == 2


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    keys = [{"label": label, "x": 9 * n, "y": 0, "width": 9, "height": 9} for n, label in enumerate(["a", "b", "⇧"])]
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps({"width": 27, "height": 9, "keys": keys}).encode())
    done = swipefl(tmp_path / "home", "keyboards", "add", str(path))
    assert done.code == 0
    assert "2 letter keys" in done.err
    assert "⇧" in done.err
    assert swipefl(tmp_path / "home", "keyboards", "add", str(path), "--json").json["left_out"] == ["⇧"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "either a file"),
        (["there", "--rows", "abc def"], "either a file"),
        (["--rows", "abc abc"], "twice"),
        (["--rows", ""], "at least two letter"),
        (["--rows", "abc def", "--language", "de en"], "tag such as de"),
        (["--rows", "abc def", "--language", ""], "tag such as de"),
        (["--rows", "abc def", "--name", "qwerty"], "another keyboard"),
        (["--rows", "abc def", "--name", "x" * 101], "100 characters"),
        (["there"], "no file"),
    ],
)
def test_what_cannot_be_added_is_refused_with_the_reason(tmp_path: Path, words: list[str], why: str) -> None:
    done = swipefl(tmp_path, "keyboards", "add", *words)
    assert (done.code, done.out) == (2, "")
    assert why in done.err
    assert len(done.err.splitlines()) == 1


def test_all_layouts_are_listed_with_their_languages(tmp_path: Path) -> None:
    swipefl(tmp_path, "keyboards", "add", "--rows", "abc def", "--name", "mine")
    listed = {
        keyboard.pop("name"): keyboard
        for keyboard in swipefl(tmp_path, "keyboards", "list", "--json").json["keyboards"]
    }
    assert [*listed] == [*BUILT_IN, "mine"]
    assert listed["qwertz-ch"] == {"languages": ["de-ch", "fr"], "keys": 29, "own": False}
    assert listed["mine"] == {"languages": [], "keys": 6, "own": True}
    shown = swipefl_on_terminal(tmp_path, "keyboards", "list").out
    assert all(name in shown for name in listed)


def test_predict_takes_a_layout_of_the_package_by_name(tmp_path: Path) -> None:
    swipe = to_line(examples(1, keyboard=built_in("dvorak"), words=("hello",))[0])
    assert swipe["keyboard"] == "dvorak"
    found = swipefl(tmp_path, "predict", "--json", "-", given=lines(swipe)).json["candidates"]
    assert "hello" in [candidate["word"] for candidate in found]
    report = swipefl(tmp_path, "ingest", "-", "--json", given=lines(swipe, gesture(gesture_id="plain"))).json
    assert report["stored"] == 2


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_letter_is_drawn_once_and_rows_stay_rows(name: str) -> None:
    keyboard = built_in(name)
    text = drawn(keyboard)
    rows = text.split("\n\n")
    assert len(rows) == len({key.y for key in keyboard.keys})
    for letter in keyboard.letters:
        assert sum(row.count(letter) for row in rows) == 1
    assert max(len(row.replace("\u200e", "")) for row in rows) <= 79


def test_marks_stand_on_a_circle_and_letters_from_the_right_stay_in_place() -> None:
    assert "◌ि" in drawn(built_in("inscript-hi"))
    assert drawn(built_in("arabic")).index("ض") < drawn(built_in("arabic")).index("ص")
    assert "\u200eض\u200e" in drawn(built_in("arabic"))


def test_a_crooked_keyboard_is_drawn_in_rows() -> None:
    qwerty = built_in("qwerty")
    crooked = replace(qwerty, keys=tuple(replace(key, y=key.y + n % 5) for n, key in enumerate(qwerty.keys)))
    assert len(drawn(crooked).split("\n\n")) == 3
