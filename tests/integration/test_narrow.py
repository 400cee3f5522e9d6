"""A narrow terminal, as a phone has: rows stack, and no id, date or word is cut; in a pipe nothing breaks at all."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.command import SHORT, swipefl
from tests.support.coordinator import coordinator
from tests.support.swipes import EXAMPLE, gesture, lines
from tests.support.terminal import seen, swipefl_on_terminal

PHONE, LAPTOP, ENDLESS = 42, 80, 2000
UUID = "7d3f6c1e-2b1c-4a86-9a0e-1f2d3c4b5a69"
LAYOUT = "the-keyboard-of-another-old-phone"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")

EMPTY = {"top-0"}  # the header of a column that nothing is in

# They change nothing; those that show a picture, or fewer columns where there is less room, are drawn and not told.
TOLD = (
    "status",
    "evaluate --by keyboard",
    "words list",
    "words phrases",
    "keyboards list",
    "lexicons list",
    "config",
    "coordinator config",
    "coordinator status",
    "coordinator devices",
    "predict FILE",
    "forget --word nobody --dry-run",
    "cycle --explain",
)
DRAWN = ("predict FILE --explain", f"show {UUID}", f"keyboards show {LAYOUT}", "doctor")
DONE = ("sync", "cycle", "train --epochs 1", f"relabel {UUID} were", "ingest FILE", "reset", "leave")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A device that learned and belongs to a federation, with long names; its coordinator has the same folder."""
    home = tmp_path_factory.mktemp("home")
    rows = ("--rows", "qwertzuiopü asdfghjklöä yxcvbnmß", "--language", "de,en,fr")
    assert swipefl(home, "keyboards", "add", *rows, "--name", LAYOUT).code == 0
    assert swipefl(home, "ingest", str(EXAMPLE)).code == 0
    (home / "swipes.jsonl").write_bytes(lines(gesture(gesture_id=UUID, before="and then ")) + b'{"coords": []}\n')
    assert swipefl(home, "ingest", str(home / "swipes.jsonl")).code == 0
    assert swipefl(home, "words", "add", "zuzanka", "--language", "cs,sk,de,fr,it").code == 0
    with coordinator(home, "--buffer", "1") as serving:
        token = swipefl(home, "coordinator", "token", "--name", "Grandmother's telephone in the kitchen").out.strip()
        assert swipefl(home, "enroll", serving.address, "--token", token).code == 0
        assert swipefl(home, "cycle", **SHORT).code == 0
    return home


def run(home: Path, command: str) -> list[str]:
    return [str(home / "swipes.jsonl") if word == "FILE" else word for word in command.split()]


def shown(home: Path, command: str, columns: int) -> list[str]:
    """What stands on standard output, which is a terminal that wide."""
    return seen(swipefl_on_terminal(home, *run(home, command), columns=columns, piped="err", **SHORT).out)


def words(text: list[str]) -> set[str]:
    """All that stands there, without the numbers of this run."""
    return {re.sub(r"\d+", "0", word.rstrip(":,;")) for line in text for word in line.split()}


def fit(text: list[str], columns: int) -> bool:
    """Whether each line has room, or is a word that has none anywhere, such as a path, which then is whole."""
    return all(cell_len(line) <= columns or len(line.split()) == 1 for line in text)


@pytest.mark.parametrize("command", TOLD)
def test_a_narrow_terminal_has_every_word_of_a_wide_one(home: Path, command: str) -> None:
    wide = shown(home, command, ENDLESS)
    for columns in (PHONE, LAPTOP):
        narrow = shown(home, command, columns)
        assert fit(narrow, columns)
        assert words(wide) - EMPTY <= words(narrow)
        assert MOMENT.findall("\n".join(narrow)) == MOMENT.findall("\n".join(wide))


@pytest.mark.parametrize("command", [*DRAWN, *DONE])
def test_nothing_is_wider_than_a_narrow_terminal_or_cut(home: Path, command: str) -> None:
    narrow = shown(home, command, PHONE)
    assert fit(narrow, PHONE)
    assert "…" not in "".join(narrow)


def test_how_far_training_is_has_room(home: Path) -> None:
    drawn = swipefl_on_terminal(home, "train", "--epochs", "1", columns=PHONE, piped="out", **SHORT).err
    assert "1/1" in drawn
    assert "…" not in drawn
    assert "━━━━━━━━" in drawn


def test_ids_are_whole(home: Path) -> None:
    (device,) = swipefl(home, "coordinator", "devices", "--json").json["devices"]
    assert device["id"] in words_as_they_are(shown(home, "coordinator devices", PHONE))
    assert UUID in words_as_they_are(shown(home, "predict FILE", PHONE))
    assert LAYOUT in words_as_they_are(shown(home, "keyboards list", PHONE))


def words_as_they_are(text: list[str]) -> list[str]:
    return [word for line in text for word in line.split()]


@pytest.mark.parametrize("command", TOLD)
def test_a_pipe_has_what_an_endless_terminal_shows(home: Path, command: str) -> None:
    piped = swipefl(home, *run(home, command)).out
    assert "\x1b" not in piped
    assert words(piped.splitlines()) <= words(shown(home, command, ENDLESS))
    assert max(map(len, piped.splitlines()), default=0) < ENDLESS


@pytest.mark.parametrize("command", ["--help", "words --help", "coordinator --help"])
def test_help_is_whole(home: Path, command: str) -> None:
    narrow = shown(home, command, PHONE)
    assert fit(narrow, PHONE)
    assert words(shown(home, command, LAPTOP)) <= words(narrow)
    assert "..." not in "".join(narrow).replace("[ARGS]...", "")
