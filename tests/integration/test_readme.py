"""Every command, code and example of the README does what it says. The systemd lines: test_systemd.py."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from swipefl.cli.app import app
from swipefl.errors import SwipeflError
from tests.support.command import ROOT, environment, swipefl
from tests.support.readme import README, readme_block
from tests.support.swipes import EXAMPLE, GOOD

# A command of the table with arguments that it can work with, given one gesture; `train` has tests of its own.
ROWS = {
    "ingest": "-",
    "cycle": "",
    "predict": "-",
    "evaluate": "- --model base",
    "show": "example-0000",
    "relabel": "example-0000 hello",
    "status": "",
    "words list": "",
    "words phrases": "",
    "words add": "zuzanka",
    "words remove": "zuzanka",
    "words hide": "zuzanka",
    "words unhide": "zuzanka",
    "lexicons list": "",
    "lexicons add": "--from-wordfreq tr --language xx",
    "lexicons remove": "xx",
    "keyboards list": "",
    "keyboards show": "qwerty",
    "keyboards add": '--rows "azertyuiop qsdfghjklm wxcvbn" --language fr --name mine',
    "keyboards remove": "mine",
    "reset": "",
    "export": "",
    "forget": "--word zuzanka",
    "leave": "",
    "config": "",
    "coordinator config": "",
    "coordinator token": "--count 2",
    "coordinator devices": "",
    "coordinator publish": str(ROOT / "swipefl" / "decoder" / "base" / "base.safetensors"),
    "coordinator status": "",
    "coordinator rollback": "1",
    "coordinator rotate-key": "",
}
ELSEWHERE = {"train", "sync", "enroll", "simulate", "coordinator init", "coordinator serve"}  # have tests of their own


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one gesture, and a coordinator's state."""
    home = tmp_path_factory.mktemp("home")
    assert swipefl(home, "ingest", "-", given=EXAMPLE.read_bytes().splitlines()[0]).code == 0
    assert swipefl(home, "coordinator", "init").code == 0
    return home


def test_the_lines_to_try_it_are_targets_of_make() -> None:
    for line in (*readme_block("Try it").splitlines(), *readme_block("What it gives").splitlines()):
        subprocess.run(["make", "--dry-run", *shlex.split(line, comments=True)[1:]], cwd=ROOT, check=True)


def test_a_language_and_a_layout_are_tried_as_it_says(tmp_path: Path) -> None:
    for line in readme_block("Your language, your layout").splitlines():
        assert swipefl(tmp_path, *shlex.split(line, comments=True)[1:]).code == 0


def test_words_in_order_are_shown_and_forgotten_as_it_says(home: Path) -> None:
    for line in readme_block("The words before").splitlines():
        assert swipefl(home, *shlex.split(line, comments=True)[1:], "--json").code == 0


def test_the_lines_of_python_do_what_they_say(tmp_path: Path) -> None:
    (shown,) = (block.split("```")[0] for block in README.split("```python\n")[1:])
    (tmp_path / "swipes.jsonl").write_bytes(EXAMPLE.read_bytes())
    run = [sys.executable, "-c", shown]
    surroundings = environment(tmp_path / "home", SWIPEFL_EPOCHS="1")
    done = subprocess.run(run, cwd=tmp_path, env=surroundings, capture_output=True, check=True)
    assert done.stdout.decode().strip().isalpha()


def test_words_of_each_language_come_back_as_they_are_written(tmp_path: Path) -> None:
    meant = [json.loads(line) for line in (ROOT / "examples" / "languages.jsonl").read_text("utf-8").splitlines()]
    done = swipefl(tmp_path, "predict", "--json", str(ROOT / "examples" / "languages.jsonl"))
    found = [json.loads(line)["candidates"][0]["word"] for line in done.out.splitlines()]
    assert found == [line["word"] for line in meant]
    promised = readme_block("Your language, your layout").splitlines()[0].split("#")[1].strip().split(", ")
    assert set(promised) <= set(found)


def test_the_table_has_every_command() -> None:
    command = r"`(?:swipefl )?(coordinator [a-z-]+|[a-z]+(?: (?:list|add|remove|hide|unhide|show|phrases))?)\b[^`]*`"
    named = set(re.findall(command, readme_rows("command")))
    assert named == {*ROWS, *ELSEWHERE}
    groups = {str(group.name) for group in app.registered_groups}
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback}
    assert {name.split()[0] for name in named} == commands | groups
    assert all(command.callback and command.callback.__doc__ for command in app.registered_commands)


@pytest.mark.parametrize("command", ROWS)
def test_a_command_of_the_table_answers_in_json_lines(home: Path, command: str) -> None:
    given = GOOD[0]
    done = swipefl(home, *command.split(), *shlex.split(ROWS[command]), "--json", given=given)
    assert done.code == 0, done.err
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert all(isinstance(answer, dict) for answer in answers)
    assert len(answers) == 1 or command == "export"


def test_sync_says_that_no_coordinator_is_configured(home: Path) -> None:
    done = swipefl(home, "sync")
    assert (done.code, "no coordinator is configured" in done.err) == (2, True)


def test_the_line_that_a_keyboard_appends_is_a_good_gesture(tmp_path: Path) -> None:
    shown = [block.split("```")[0] for block in README.split("```json\n")[1:]]
    report = swipefl(tmp_path, "ingest", "-", "--json", given="".join(shown).encode()).json
    assert (report["stored"], report["suspect"], report["rejected"]) == (len(shown), 0, 0)


def test_the_exit_codes_are_those_of_the_errors() -> None:
    """Each is met in a test: 2, 3, 4, 8 and the signals in test_main_job.py, 3 and 5 in test_files.py.

    6 and 7 in test_coordinator.py.
    """
    documented = {int(code) for code in re.findall(r"\d+", " ".join(re.findall(r"^\| ([\d, ]+) \|", README, re.M)))}

    def family(error: type[SwipeflError]) -> set[int]:
        return {error.exit_code}.union(*map(family, error.__subclasses__()))

    assert documented == family(SwipeflError) | {0, 130, 143}


def readme_rows(heading: str) -> str:
    """The rows of the table whose first column is `heading`."""
    return README.split(f"| {heading} |")[1].split("\n\n")[0]
