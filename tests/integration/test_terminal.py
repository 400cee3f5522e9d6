"""What a person sees at a terminal: aligned tables that fit 80 columns, and nothing read as markup."""

import json
import os
import pty
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from swipefl.gesture.keyboard import built_in
from swipefl.store.store import Store
from tests.support.command import SHORT, Done, environment, swipefl
from tests.support.swipes import EXAMPLE, GOOD, gesture, lines
from tests.support.terminal import CONTROL, seen, shown_until, swipefl_on_terminal

NEW_MODEL = re.compile(r"Your model of \d+ \w+ is new: of the ")


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    """A home after ingest and a cycle of two rounds, and what the cycle showed."""
    home = tmp_path_factory.mktemp("home")
    assert swipefl(home, "ingest", str(EXAMPLE)).code == 0
    return home, swipefl_on_terminal(home, "cycle", "--rounds", "2", **SHORT)


def test_predict_answers_in_aligned_columns_under_one_header(tmp_path: Path) -> None:
    path, home = tmp_path / "some.jsonl", tmp_path / "home"
    path.write_bytes(b"".join(GOOD[:5]) + b"{broken\n" + GOOD[5])
    header, *rows = seen(swipefl_on_terminal(home, "predict", str(path)).out)
    assert header.split() == ["gesture", "word", "sure", "or"]
    starts = [match.start() for match in re.finditer(r"\S+", header)]
    cells = [[row[a:b].strip() for a, b in pairwise([*starts, None])] for row in rows]
    cells = [row for row in cells if row[0]]  # the rest of long lists of words
    for i, line in enumerate(swipefl(home, "predict", "--json", str(path)).out.splitlines()[:5]):
        first, second = json.loads(line)["candidates"][:2]
        assert cells[i][:3] == [f"example-000{i}", first["word"], f"{first['probability']:.0%}"]
        assert cells[i][3].startswith(second["word"])
    assert cells[5] == ["line 6", "", "", "the line is not valid JSON"]
    assert cells[6][0] == "example-0005"


def test_predict_says_what_is_no_swipe(tmp_path: Path) -> None:
    given = lines({"gesture_id": "a", "delete": True}, {"word": "kiwi", "language": "en", "personal": "added"})
    given += lines({"keyboard": {**built_in("qwerty").to_json(), "name": "mine"}})
    shown = seen(swipefl_on_terminal(tmp_path, "predict", "-", given=given, columns=100).out)
    assert [row.split(maxsplit=1 + (row[0] == "l"))[-1] for row in shown[1:] if row] == [
        "takes a swipe back",
        "a personal word",
        "a keyboard",
    ]


def test_predict_from_a_person_who_types_answers_before_the_end(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "swipefl", "predict"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=theirs, stderr=theirs, env=environment(tmp_path)
    ) as process:
        assert process.stdin
        process.stdin.write(GOOD[0])
        process.stdin.flush()
        shown_until(ours, "example-0000")
        assert process.poll() is None
    os.close(theirs)


@pytest.mark.parametrize("columns", [80, 120])
def test_no_table_breaks(lived_in: tuple[Path, Done], columns: int) -> None:
    home, _ = lived_in
    alone = (["status"], ["evaluate"], ["words", "list"], ["keyboards", "list"])
    for words in (*alone, ["keyboards", "show", "jcuken"], ["show", "example-0000"]):
        done = swipefl_on_terminal(home, *words, columns=columns)
        assert done.code == 0
        assert max(map(len, seen(done.out))) <= columns
        assert "…" not in done.out


def sentence_of(cycle: Done) -> str:
    """What a cycle printed, without the bar that showed how it went."""
    return " ".join(line for line in seen(cycle.out) if line and "━" not in line)


def test_cycle_tells_its_night_in_one_sentence(lived_in: tuple[Path, Done]) -> None:
    home, cycle = lived_in
    told = r"260 new swipes; \d+ of \d+ held-out right, \d+ before; kept the new model; nothing shared"
    assert re.fullmatch(told, sentence_of(cycle))
    again = swipefl_on_terminal(home, "cycle")
    assert sentence_of(again) == "nothing to do: nothing new since the last cycle; nothing shared"


@pytest.mark.parametrize("columns", [42, 80, 200])
def test_status_begins_with_what_was_gained(lived_in: tuple[Path, Done], columns: int) -> None:
    home, cycle = lived_in
    lines = seen(swipefl_on_terminal(home, "status", columns=columns).out)
    assert all(len(line) <= columns or len(line.split()) == 1 for line in lines)  # a long path stays whole
    said, *_ = " ".join(lines).split("  ", 1)
    assert NEW_MODEL.match(said)
    assert sentence_of(cycle) in said
    assert "Nothing is shared: this device belongs to no federation." in said
    assert any(set(line) <= set("▁▂▃▄▅▆▇█·") for line in lines if line)
    piped = swipefl(home, "status").out
    assert NEW_MODEL.match(piped)
    assert "\x1b" not in piped


def test_status_says_what_to_do_next(lived_in: tuple[Path, Done], tmp_path: Path) -> None:
    home, _ = lived_in
    assert "swipefl ingest" in swipefl_on_terminal(tmp_path, "status").out
    assert "nothing new since the last cycle" in swipefl_on_terminal(home, "status").out
    swipefl(tmp_path, "ingest", str(EXAMPLE))
    assert "`swipefl cycle`" in swipefl_on_terminal(tmp_path, "status").out


def test_evaluate_shows_percents_and_milliseconds(lived_in: tuple[Path, Done]) -> None:
    scores = {line.split()[0]: line for line in seen(swipefl_on_terminal(lived_in[0], "evaluate").out) if line}
    assert "%" in scores["top-1"]
    assert " ms" in scores["time"]


def test_train_keeps_its_data_apart_from_its_progress(tmp_path: Path) -> None:
    swipefl(tmp_path, "ingest", str(EXAMPLE))
    done = swipefl_on_terminal(tmp_path, "train", "--epochs", "1", piped="out")
    assert done.out.startswith("Learned from ")
    assert "epoch" not in done.out
    assert "epoch 1/1" in done.err
    done = swipefl_on_terminal(tmp_path, "train", "--epochs", "1", piped="err")
    assert "held-out right" in done.out
    assert "epoch 1/1" not in done.out + done.err


def test_names_are_never_markup_nor_control_sequences(tmp_path: Path) -> None:
    names = ["[red]x[/red]", "[/nonsense]", ":smile:", "a\x1b[2Jb\rc"]
    path = tmp_path / "[bold].jsonl"
    path.write_bytes(lines(*(gesture(gesture_id=name) for name in names)) + b"{broken\n")
    done = swipefl_on_terminal(tmp_path / "home", "predict", str(path))
    rows = seen(done.out)
    assert [row.split()[0] for row in rows[1:4]] == names[:3]
    assert "\x1b[2J" not in done.out
    shown = swipefl_on_terminal(tmp_path / "home", "ingest", str(path))
    assert f"{path}:5: broken-json" in "".join(seen(shown.out))
    own = tmp_path / "own.json"
    own.write_text(json.dumps(built_in("qwerty").to_json() | {"name": "[red]mine[/]"}))
    assert swipefl(tmp_path, "keyboards", "add", str(own)).code == 0
    assert "[red]mine[/]" in swipefl_on_terminal(tmp_path, "keyboards", "list").out


def test_no_color_is_honoured(lived_in: tuple[Path, Done]) -> None:
    def colours(text: str) -> bool:
        return any(code.endswith("m") and code[2:-1] not in ("0", "1", "") for code in CONTROL.findall(text))

    broken = b"{broken\n"
    assert colours(swipefl_on_terminal(lived_in[0], "predict", "-", given=broken).out)
    assert not colours(swipefl_on_terminal(lived_in[0], "predict", "-", given=broken, NO_COLOR="1").out)


def test_errors_are_a_sentence_on_standard_error(tmp_path: Path) -> None:
    for words, code in ((("predict", "none.jsonl"), 3), (("sync",), 2), (("train",), 3), (("forget",), 2)):
        done = swipefl_on_terminal(tmp_path, *words, piped="err")
        assert (done.code, done.out) == (code, "")
        assert done.err.startswith("swipefl: ")
        assert done.err.count("\n") == 1


def test_what_a_file_says_of_a_word_moves_no_cursor(tmp_path: Path) -> None:
    """No export is taken that names such a language; an older swipefl took it."""
    line = {"word": "swipes", "language": "\x1b[2Jen", "personal": "added"}
    refused = swipefl_on_terminal(tmp_path, "ingest", "-", given=json.dumps(line).encode())
    with Store(tmp_path / "swipefl.db") as store:
        assert store.words.all() == []
        store.sql.run("INSERT INTO words VALUES ('swipes', ?, 0, 1)", (line["language"],))
    listed = swipefl_on_terminal(tmp_path, "words", "list").out
    assert "swipes" in listed
    assert "\x1b[2J" not in listed + refused.out + refused.err
