"""`swipefl relabel` and `forget --id`: one gesture, by its id or its handle."""

from pathlib import Path

import pytest

from swipefl.gesture.formats.own import to_line
from tests.support.command import swipefl
from tests.support.stores import renamed, train_uses
from tests.support.swipes import lines

ONE, TWO, THREE = (renamed(e, id) for e, id in zip(train_uses("zyzzogeton", 3), ["0", "0", "1"], strict=True))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three swipes of a word that only this person has, two of them with one id."""
    home = tmp_path / "home"
    done = swipefl(home, "ingest", "-", "--json", given=lines(*map(to_line, (ONE, TWO, THREE))))
    assert done.json["stored"] == 3
    return home


HANDLES = [example.gesture.trace_hash().hex() for example in (ONE, TWO, THREE)]


def exported(home: Path) -> list[str]:
    return swipefl(home, "export").out.splitlines()


def test_the_word_that_is_said_counts_and_no_log_changes_it(home: Path) -> None:
    done = swipefl(home, "relabel", "1", "zyzzogetom", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json == {"gesture_id": "1", "handle": HANDLES[2][:12], "verdict": "good", "changed": True}
    again = swipefl(home, "ingest", "-", "--json", given=lines(to_line(THREE))).json
    assert (again["stored"], again["corrected"], again["duplicates"]) == (0, 0, 1)
    assert swipefl(home, "show", "--json", "1").json["word"] == "zyzzogetom"
    said = swipefl(home, "relabel", HANDLES[2][:12], "pizza")
    assert said.out == ""
    assert "pizza" not in said.err
    assert "not learned from" in said.err


def test_a_word_for_an_id_of_several_lists_them_and_changes_nothing(home: Path) -> None:
    before = exported(home)
    done = swipefl(home, "relabel", "0", "hello", "--json")
    assert (done.code, len(done.json["could_be"])) == (2, 2)
    assert "hello" not in done.err
    assert exported(home) == before
    assert swipefl(home, "relabel", HANDLES[0][:12], "zyzzogetons").code == 0
    assert [line for line, old in zip(exported(home), before, strict=True) if line != old] == exported(home)[:1]


@pytest.mark.parametrize(("id", "word"), [("nobody", "hello"), ("1", "привет"), ("1", ""), ("1", "\udcff")])
def test_what_cannot_be_said_is_an_error_that_repeats_nothing(home: Path, id: str, word: str) -> None:
    done = swipefl(home, "relabel", id, word)
    assert (done.code, done.out) == (2, "")
    assert id == "1" or id not in done.err
    assert not word or word not in done.err


@pytest.mark.parametrize("which", ["1", HANDLES[0][:12], HANDLES[1]])
def test_one_gesture_is_erased_as_the_preview_says(home: Path, which: str) -> None:
    assert swipefl(home, "words", "add", "pizzeria").code == 0
    preview = swipefl(home, "forget", "--id", which, "--dry-run", "--json")
    assert (preview.code, preview.json["erased"], preview.json["words"]) == (0, 1, 0)
    assert len(exported(home)) == 4
    assert swipefl(home, "forget", "--id", which, "--json").json == preview.json
    assert len(exported(home)) == 3
    others = [name for name in ("1", HANDLES[0][:12], HANDLES[1]) if name != which]
    assert swipefl(home, "forget", "--id", others[0], "--dry-run", "--json").json["words"] == 1
    assert swipefl(home, "forget", "--id", others[0], "--json").json["words"] == 1
    assert [word["word"] for word in swipefl(home, "words", "list", "--json").json["words"]] == ["pizzeria"]


def test_an_id_of_several_erases_nothing(home: Path) -> None:
    for more in ([], ["--dry-run"], ["--yes"]):
        done = swipefl(home, "forget", "--id", "0", "--json", *more)
        assert (done.code, len(done.json["could_be"])) == (2, 2)
    assert len(exported(home)) == 3


@pytest.mark.parametrize("more", [["--all"], ["--word", "zyzzogeton"], ["--before", "2999-01-01"]])
def test_an_id_says_all_that_is_to_go(home: Path, more: list[str]) -> None:
    assert swipefl(home, "forget", "--id", "1", *more).code == 2
    assert swipefl(home, "forget", "--id", "").code == 2
    assert len(exported(home)) == 3


def test_what_was_erased_by_its_id_leaves_no_trace(home: Path) -> None:
    assert swipefl(home, "relabel", "1", "zuzanka").code == 0
    points = THREE.gesture.points[1:5].tobytes()
    assert any(b"zuzanka" in f.read_bytes() for f in home.iterdir())
    assert swipefl(home, "forget", "--id", "1").code == 0
    for file in home.iterdir():
        assert b"zuzanka" not in file.read_bytes()
        assert points not in file.read_bytes()
