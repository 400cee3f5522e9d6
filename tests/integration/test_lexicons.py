"""`swipefl lexicons`: word lists of one's own."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from swipefl.decoder.lexicon import shipped
from tests.support.command import Done, swipefl
from tests.support.terminal import seen, swipefl_on_terminal
from tests.support.vocabularies import unlabelled, words_of


def listed(home: Path) -> dict[str, tuple[str | None, int]]:
    rows = swipefl(home, "lexicons", "list", "--json").json["lexicons"]
    return {row["language"]: (row["name"], row["words"]) for row in rows}


def added(home: Path, content: str, language: str, file: str = "words.txt", *flags: str) -> Done:
    path = home / file
    path.write_text(content)
    return swipefl(home, "lexicons", "add", str(path), "--language", language, *flags)


def test_a_list_of_ones_own_is_used_lies_in_the_store_and_gives_the_packages_back(tmp_path: Path) -> None:
    before = listed(tmp_path)
    assert before.keys() == set(shipped())
    assert all(name is None and words > 10_000 for name, words in before.values())
    done = added(tmp_path, "hells 3\n\nc++ 4\nbad -1\n", "en")
    assert (done.code, done.out) == (0, "")
    assert "1 word that no keyboard can spell" in done.err
    assert "1 line that cannot be read: 4" in done.err
    assert "c++" not in done.err
    assert listed(tmp_path) == {**before, "en": ("words.txt", 1)}
    swipe = unlabelled("hello", ("en-gb",))
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=swipe)) == ["hells"]
    (tmp_path / "words.txt").unlink()
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=swipe)) == ["hells"]
    assert "hells" not in swipefl(tmp_path, "export").out
    screen = seen(swipefl_on_terminal(tmp_path, "lexicons", "list").out)
    assert any(line.split()[:2] == ["en", "1"] and "your own: words.txt" in line for line in screen)
    assert swipefl(tmp_path, "lexicons", "remove", "en").code == 0
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=swipe))[0] == "hello"
    assert listed(tmp_path) == before
    again = swipefl(tmp_path, "lexicons", "remove", "en")
    assert (again.code, "swipefl lexicons list" in again.err) == (2, True)


def test_lists_of_other_programs_are_read(tmp_path: Path) -> None:
    combined = "dictionary=main:xa,locale=xa\n word=Hello,f=200\n word=Hells,f=90\n word=hell,f=0\n"
    report = added(tmp_path, combined, "xa", "main_xa.combined", "--json")
    assert report.json == {
        "language": "xa", "name": "main_xa.combined", "words": 2, "left_out": {"offensive": 1}, "bad_lines": [],
            "is_guessed": False,
    }  # fmt: skip
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=unlabelled("hello", ("xa",))))[0] == "Hello"
    assert added(tmp_path, "2\nHello/S\nHells\n", "xb", "xb.dic", "--name", "mine").code == 0
    assert listed(tmp_path)["xb"] == ("mine", 2)


def test_wordfreqs_list_is_taken_where_it_is_installed_and_else_told_of(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "lexicons", "add", "--from-wordfreq", "da", "--json")
    assert (done.code, done.json["language"], done.json["words"] > 10_000) == (0, "da", True)
    assert (
        words_of(swipefl(tmp_path, "predict", "--json", "-", "--language", "da", given=unlabelled("hygge")))[0]
        == "hygge"
    )
    unknown = swipefl(tmp_path, "lexicons", "add", "--from-wordfreq", "xx")
    assert (unknown.code, "wordfreq has no list of 'xx'" in unknown.err) == (2, True)
    hidden = tmp_path / "hidden" / "wordfreq.py"
    hidden.parent.mkdir()
    hidden.write_text("raise ImportError\n")
    root = Path(__file__).resolve().parents[2]
    without = swipefl(tmp_path, "lexicons", "add", "--from-wordfreq", "da", PYTHONPATH=f"{hidden.parent}:{root}")
    assert (without.code, "pip install wordfreq`" in without.err) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        ("add",),
        ("add", "words.txt"),
        ("add", "words.txt", "--language", "de,en"),
        ("add", "words.txt", "--language", "no tag"),
        ("add", "words.txt", "--language", "de", "--from-wordfreq", "de"),
        ("remove", "de,en"),
        ("remove", "xx"),
    ],
)
def test_what_is_not_said_or_said_wrong_is_exit_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "words.txt").write_text("the 5\n")
    given = [str(tmp_path / word) if word.endswith(".txt") else word for word in words]
    done = swipefl(tmp_path, "lexicons", *given)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00secret", b"secret\x00\xff 5\n", b"\x1f\x8bsecret"])
def test_what_is_no_list_is_exit_3_and_changes_nothing(tmp_path: Path, content: bytes) -> None:
    assert added(tmp_path, "mine 5\n", "xx").code == 0
    (tmp_path / "words.txt").write_bytes(content)
    done = swipefl(tmp_path, "lexicons", "add", str(tmp_path / "words.txt"), "--language", "xx")
    assert (done.code, "secret" in done.err, "bug" in done.err) == (3, False, False)
    assert listed(tmp_path)["xx"] == ("words.txt", 1)
    assert swipefl(tmp_path, "lexicons", "add", str(tmp_path / "none.txt"), "--language", "xx").code == 3


def test_a_damaged_list_in_the_store_is_told_of_and_stops_no_other_language(tmp_path: Path) -> None:
    assert added(tmp_path, "mine 5\n", "xx").code == 0
    with closing(sqlite3.connect(tmp_path / "swipefl.db")) as db, db:
        db.execute("UPDATE lexicons SET content = zeroblob(9)")
    given = unlabelled("mine", ("xx",))
    assert (
        swipefl(tmp_path, "predict", "--json", "-", given=given).json["code"] == "damaged-database"
    )  # the session goes on
    (tmp_path / "one.jsonl").write_bytes(given)
    done = swipefl(tmp_path, "predict", str(tmp_path / "one.jsonl"))
    assert (done.code, "bug" in done.err) == (5, False)
    assert words_of(swipefl(tmp_path, "predict", "--json", "-", given=unlabelled("hello", ("en",))))[0] == "hello"
