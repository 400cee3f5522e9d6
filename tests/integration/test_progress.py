"""Whoever waits at a terminal sees at once that something happens, what it is, and how far it is; a pipe sees nothing.

What is tested is the order in which things come, never how fast: a line stands there before the work begins.
"""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from swipefl.database.migrations import migrate
from swipefl.store.schema import STORE
from tests.support.command import SHORT, swipefl
from tests.support.swipes import EXAMPLE, GOOD
from tests.support.terminal import CONTROL, swipefl_on_terminal

# Says on the terminal which of these modules is loaded now: what is slow begins with one of them.
LOADS = """
import os, sys
class Import:
    def find_spec(self, name, *rest):
        if name in ("sqlite_utils", "numpy", "torch"): os.write(2, b"<" + name.encode() + b">")
sys.meta_path.insert(0, Import())
from swipefl.__main__ import main
main()
"""
SIGN = "swipefl: one moment"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    assert swipefl(home, "ingest", str(EXAMPLE)).code == 0
    return home


def shown(home: Path, *words: str, **how: str) -> str:
    """All that ever stood on the terminal, as text."""
    done = swipefl_on_terminal(home, *words, run=("-c", LOADS), **SHORT, **how)
    assert done.code == 0, done.out
    return CONTROL.sub("", done.out + done.err)


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "config",
        "words list",
        "keyboards list",
        "lexicons list",
        "show",
        "reset",
        "cycle",
        "evaluate",
        f"ingest {EXAMPLE}",
        "predict SOME",
        "export",
        "forget --dry-run --all",
        "leave",
    ],
)
def test_the_first_thing_is_a_sign_of_life(home: Path, tmp_path: Path, command: str) -> None:
    some = tmp_path / "some.jsonl"
    some.write_bytes(GOOD[0])
    text = shown(home, *command.replace("SOME", str(some)).split())
    assert text.startswith(SIGN)
    assert text.count(SIGN) == 1
    assert all(text.index(SIGN) < text.index(f"<{name}>") for name in re.findall("<(\\w+)>", text))


def in_order(text: str, *parts: str) -> None:
    places = [text.find(part) for part in parts]
    assert -1 not in places, dict(zip(parts, places, strict=True))
    assert places == sorted(places), dict(zip(parts, places, strict=True))


def test_training_shows_what_comes_before_and_after_it_too(home: Path) -> None:
    text = shown(home, "train")
    in_order(
        text,
        SIGN,
        "getting ready",
        "getting ready to learn",
        "<torch>",
        "looking at swipes",
        "looking at what it knows",
        "epoch 1/1",
        "looking at what it learned",
        "comparing models",
        "held-out right",
    )


def test_reading_judging_and_erasing_show_what_they_are_at(tmp_path: Path) -> None:
    in_order(shown(tmp_path, "ingest", str(EXAMPLE)), "reading swipes", "260 stored")
    in_order(shown(tmp_path, "evaluate"), "reading swipes", "looking at swipes", "top-1")
    text = shown(tmp_path, "forget", "--all", "--yes")
    in_order(text, "erasing", "writing the file anew", "erased 260 gestures")


INTO_A_FILE = """
import os, sys
os.dup2(os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT), 1)
from swipefl.__main__ import main
main()
"""


@pytest.mark.parametrize(("words", "what"), [(["predict", str(EXAMPLE)], "predicting"), (["export"], "writing swipes")])
def test_what_goes_into_a_file_shows_how_far_it_is(home: Path, tmp_path: Path, words: list[str], what: str) -> None:
    file, some = tmp_path / "out", tmp_path / "some.jsonl"
    some.write_bytes(b"".join(GOOD[:5]))
    words = [str(some) if word == str(EXAMPLE) else word for word in words]
    done = swipefl_on_terminal(home, *words, run=("-c", INTO_A_FILE, str(file)))
    assert what in CONTROL.sub("", done.out)
    assert file.read_text("utf-8") == swipefl(home, *words).out
    assert what not in swipefl_on_terminal(home, *words).out


@pytest.mark.parametrize(
    "words", [["cycle"], ["evaluate"], ["ingest", str(EXAMPLE)], ["forget", "--word", "unheard", "--yes"]]
)
def test_pipes_and_json_see_nothing_of_it(home: Path, words: list[str]) -> None:
    done = swipefl(home, *words, **SHORT)
    assert (done.code, "━" in done.out + done.err, SIGN in done.out + done.err) == (0, False, False)
    (line,) = swipefl_on_terminal(home, *words, "--json", **SHORT).out.splitlines()
    assert json.loads(line)


def test_lines_that_are_told_meanwhile_stand_whole(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(EXAMPLE.read_bytes() + b"{broken\n")
    text = CONTROL.sub("", swipefl_on_terminal(tmp_path / "home", "ingest", str(bad), columns=300).out)
    assert f"{bad}:261: broken-json: the line is not valid JSON\n" in text.replace("\r", "\n")


def test_an_upgrade_says_what_is_waited_for_once(tmp_path: Path) -> None:
    path = tmp_path / "swipefl.db"
    with closing(Database(path)) as old:
        migrate(old, STORE.steps[:-1])
    text = shown(tmp_path, "status")
    in_order(text, SIGN, "bringing the store of an older swipefl up to date", "Predictions use")
    assert "bringing" not in shown(tmp_path, "status")
