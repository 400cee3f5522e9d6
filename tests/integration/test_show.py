"""`swipefl show`: what the model saw of one gesture, drawn on a terminal and as JSON."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import Keyboard, built_in, keyboard_from_json
from tests.support.command import environment, swipefl
from tests.support.people import examples
from tests.support.swipes import EXAMPLE, GOOD, gesture, lines
from tests.support.terminal import CONTROL, seen, swipefl_on_terminal

KEYS = ["gesture_id", "handle", "keyboard", "frames", "greedy", "candidates", "word"]
FRAME_KEYS = ["x", "y", "meant_x", "meant_y", "letter", "probability"]
JCUKEN = built_in("jcuken")
HANGUL = keyboard_from_json(
    {
        "name": "hangul",
        "width": 3,
        "height": 1,
        "keys": [{"letter": c, "x": i + 0.5, "y": 0.5, "width": 1, "height": 1} for i, c in enumerate("ㅂㅈㄷ")],
    }
)
GENERATED = [*examples(3, seed=1), *examples(2, seed=2, keyboard=JCUKEN, words=("привет", "погода"))]


def as_lines(some: Iterable[Example]) -> bytes:
    return lines(
        *(
            gesture(
                gesture_id=e.gesture.id,
                word=e.word,
                keyboard=e.gesture.keyboard.name,
                width=e.gesture.width,
                height=e.gesture.height,
                coords=[dict(zip("xyt", map(float, point), strict=True)) for point in e.gesture.points],
            )
            for e in some
        )
    )


def add(home: Path, keyboard: Keyboard) -> None:
    path = home.parent / f"{keyboard.name}.json"
    path.write_text(json.dumps(keyboard.to_json()))
    assert swipefl(home, "keyboards", "add", str(path)).code == 0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the example's first gestures, generated ones, a tap, a stray, and one on wide letters."""
    home = tmp_path_factory.mktemp("show") / "home"
    add(home, HANGUL)
    tap = [{"x": 92, "y": 30, "t": 0.0}, {"x": 92, "y": 30, "t": 0.1}]
    stray = [{"x": 55, "y": 30, "t": 0.0}, {"x": 9e5, "y": -9e5, "t": 0.1}, {"x": 92, "y": 30, "t": 0.2}]
    on_hangul = [{"x": 0.5 + i / 4, "y": 0.5, "t": i / 50} for i in range(9)]
    others = lines(
        gesture(gesture_id="tap", word="e", coords=tap),
        gesture(gesture_id="stray", coords=stray),
        gesture(gesture_id="wide", word="ㅂㄷ", keyboard="hangul", width=3, height=1, coords=on_hangul),
        gesture(gesture_id="tap-2", word="e", coords=[*tap, {"x": 92, "y": 31, "t": 0.3}]),
        gesture(gesture_id="[red]", coords=[*stray[:1], {"x": 95, "y": 31, "t": 0.3}]),
    )
    first = b"".join(GOOD[:5])
    done = swipefl(home, "ingest", "-", "--json", given=first + as_lines(GENERATED) + others)
    assert (done.json["stored"], done.json["rejected"]) == (5 + len(GENERATED) + 5, 0)
    return home


FIRST = json.loads(EXAMPLE.read_bytes().splitlines()[0])


def picture(screen: list[str]) -> list[str]:
    """The lines within the frame."""
    return [line[1:-1] for line in screen if line.startswith("│")]


def told(home: Path, *words: str) -> dict[str, Any]:
    """What `show --json` says."""
    return swipefl(home, "show", *words, "--json").json


def dots(screen: Iterable[str]) -> list[str]:
    return re.findall("[\u2801-\u28ff]", "".join(screen))


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_picture_has_keys_path_both_ends_and_the_words(home: Path, columns: int) -> None:
    done = swipefl_on_terminal(home, "show", "example-0000", columns=columns)
    assert done.code == 0, done.out
    screen, answer = seen(done.out), told(home, "example-0000")
    drawn = "".join(picture(screen))
    assert max(map(len, screen)) <= columns
    assert "…" not in done.out
    assert answer["handle"] in done.out
    assert {*built_in("qwerty").letters} <= {*drawn.lower()}
    assert len(dots(picture(screen))) > columns / 4
    assert (drawn.count("○"), drawn.count("●")) == (1, 1)
    assert set(answer["greedy"].upper()) == {c for c in drawn if c.isupper()}
    rows = [line.split() for line in screen]
    assert all(any(row[:1] == [c["word"]] for row in rows) for c in answer["candidates"])
    spelled_so = [c["word"] for c in answer["candidates"] if c["spelled"] == FIRST["word"]]
    assert [row[0] for row in rows if row[-1:] == ["meant"]] == spelled_so != []


def test_the_picture_and_the_words_fit_a_small_terminal(home: Path) -> None:
    screen = swipefl_on_terminal(home, "show", "example-0000", LINES="24").out.rstrip("\n")
    assert screen.count("\n") + 1 < 24


def test_keys_stand_where_they_are(home: Path) -> None:
    rows = [re.findall("[a-z]", line.lower()) for line in picture(seen(swipefl_on_terminal(home, "show", "tap").out))]
    assert ["".join(row).replace("ee", "e") for row in rows if len(row) > 3] == ["qwertyuiop", "asdfghjkl", "zxcvbnm"]


def test_any_keyboard_and_any_path_can_be_drawn(home: Path) -> None:
    for example in GENERATED[3:]:
        drawn = "".join(picture(seen(swipefl_on_terminal(home, "show", example.gesture.id).out)))
        assert {*JCUKEN.letters} <= {*drawn.lower()}
    wide = swipefl_on_terminal(home, "show", "wide")
    assert {*HANGUL.letters} <= {*wide.out}
    assert "no word found\nmeant: ㅂㄷ" in wide.out
    for id in ("stray", "tap-2"):
        done = swipefl_on_terminal(home, "show", id)
        assert done.code == 0
        assert max(map(len, seen(done.out))) <= 80
    assert "[red] on qwerty" in swipefl_on_terminal(home, "show", "[red]").out


def test_the_colours_of_certainty_are_left_out_with_no_color(home: Path) -> None:
    def colours(text: str) -> set[str]:
        return {code for codes in CONTROL.findall(text) for code in codes[2:-1].split(";") if len(code) == 2}

    drawn = [swipefl_on_terminal(home, "show", f"example-{number:04}").out for number in range(3)]
    assert {"42", "43", "41"} & set[str]().union(*map(colours, drawn))
    assert not colours(swipefl_on_terminal(home, "show", "example-0000", NO_COLOR="1").out)


def test_in_a_pipe_it_is_drawn_too(home: Path) -> None:
    done = swipefl(home, "show", "example-0000")
    assert {*built_in("qwerty").letters} <= {*"".join(picture(done.out.splitlines())).lower()}
    assert max(map(len, done.out.splitlines())) <= 110
    assert not CONTROL.search(done.out)


def test_with_json_it_is_one_object(home: Path) -> None:
    done = swipefl(home, "show", "example-0000", "--top", "3", "--model", "base", "--json")
    answer = done.json
    assert list(answer) == KEYS
    assert (answer["gesture_id"], answer["keyboard"], answer["word"]) == ("example-0000", "qwerty", FIRST["word"])
    assert all(list(frame) == FRAME_KEYS for frame in answer["frames"])
    predicted = swipefl(home, "predict", "-", "--top", "3", "--json", given=EXAMPLE.read_bytes().splitlines()[0]).json
    assert answer["candidates"] == predicted["candidates"]
    assert done.out.count("\n") == 1


def test_an_id_may_be_cut_short_where_it_is_the_only_one(home: Path) -> None:
    for given, meant in (("example-0002", "example-0002"), ("g2-1", "g2-1"), ("str", "stray"), ("tap", "tap")):
        assert told(home, given)["gesture_id"] == meant


@pytest.mark.parametrize("given", ["walk", "example-00000", "EXAMPLE-0000", "%", "example_0000", "\udcff", "~"])
def test_an_unknown_id_is_an_error_that_repeats_nothing(home: Path, given: str) -> None:
    done = swipefl(home, "show", given)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("swipefl: no gesture in the store has that id")
    assert given not in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("given", ["example-", "g", "ta"])
def test_a_beginning_of_several_ids_is_an_error(home: Path, given: str) -> None:
    done = swipefl(home, "show", given)
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(
        r"swipefl: more than one gesture has that id, or one that begins so: "
        r"(?:[0-9a-f]{12} of [-0-9]{10} [:0-9]{5} on \w+(?:; |(?=[;] and)))+(?:and others; )?give one of these in its "
        r"place\n",
        done.err,
    )
    listed = swipefl(home, "show", given, "--json")
    assert (listed.code, listed.out.count("\n")) == (2, 1)
    for choice in listed.json["could_be"]:
        assert list(choice) == ["handle", "stored_at", "keyboard"]
        assert choice["handle"] in done.err
        assert told(home, choice["handle"])["handle"] == choice["handle"]


def test_without_an_id_the_newest_is_drawn_and_a_word_or_the_worst_chooses(home: Path) -> None:
    assert told(home)["gesture_id"] == "[red]"
    of_word = told(home, "--word", "E")
    assert (of_word["gesture_id"], of_word["word"]) == ("tap-2", "e")
    assert list(told(home, "--worst")) == KEYS  # which one that is: test_worst.py


@pytest.mark.parametrize("words", [["tap", "--worst"], ["tap", "--word", "e"], ["--word", "e", "--worst"]])
def test_only_one_way_to_choose_is_taken(home: Path, words: list[str]) -> None:
    assert swipefl(home, "show", *words).code == 2


def test_nothing_to_draw_is_an_error_that_repeats_nothing(home: Path, tmp_path: Path) -> None:
    done = swipefl(home, "show", "--word", "unheard")
    assert (done.code, done.out, "unheard" in done.err) == (2, "", False)
    for words in ([], ["--worst"], ["--word", "e"]):
        assert swipefl(tmp_path / "empty", "show", *words).code == 2


def test_an_unknown_model_is_an_error(home: Path) -> None:
    assert swipefl(home, "show", "tap", "--model", "nonsense").code == 2


def test_torch_is_never_loaded(home: Path) -> None:
    code = (
        "import sys\nfrom swipefl.cli.app import app\n"
        "try: app(['show', 'tap'])\nexcept SystemExit: pass\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(home), capture_output=True, check=True)
