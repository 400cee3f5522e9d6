"""Every command, code and example of the README and of the pages beside the examples does what it says."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from swipefl.cli.app import app
from swipefl.errors import SwipeflError
from tests.support.command import ROOT, environment, swipefl
from tests.support.readme import LINKING, PAGES, README, blocks, lines, sections
from tests.support.serving import Serving, serving
from tests.support.swipes import EXAMPLE, GOOD
from tests.support.waiting import LONG_S, wait_until

# A command of the table with arguments that it can work with, given one gesture; `train` has tests of its own.
ROWS = {
    "ingest": "-",
    "cycle": "",
    "predict": "-",
    "evaluate": "- --model base",
    "show": "example-0000",
    "relabel": "example-0000 hello",
    "status": "",
    "doctor": "",
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
    "completion": "bash",
    "coordinator config": "",
    "coordinator token": "--count 2",
    "coordinator devices": "",
    "coordinator publish": str(ROOT / "swipefl" / "decoder" / "base" / "base.safetensors"),
    "coordinator status": "",
    "coordinator doctor": "",
    "coordinator rollback": "1",
    "coordinator rotate-key": "",
}
ELSEWHERE = {
    "train",
    "sync",
    "enroll",
    "simulate",
    "coordinator init",
    "coordinator serve",
    "serve",
    "practise",
    "timer install",
    "timer remove",
    "backup",
    "restore",
    "coordinator backup",
    "coordinator restore",
    "flower init",  # tests/flower
    "flower run",
}

COMMANDS = "examples/COMMANDS.md"

# Whose lines of shell are run, and by which test.
RUN = {
    ("README.md", ""): "test_the_lines_to_try_it_are_targets_of_make",
    ("README.md", "How big it is, how to install it"): "test_it_is_installed_as_it_says",
    ("examples/COMMANDS.md", "The main job"): "test_the_main_job_of_the_page_works",
    ("examples/COMMANDS.md", "Every night"): "test_a_timer_is_installed_as_the_commands_say",
    ("examples/COORDINATOR.md", ""): "test_the_lines_of_the_page",
    ("examples/COORDINATOR.md", "Without PyTorch"): "test_the_list_is_all_but_torch",
    ("examples/HTTP.md", ""): "test_the_api_is_asked_as_it_says",
    ("examples/HTTP.md", "From a phone, or another machine"): "test_others_are_served_as_it_says",
    ("examples/KEYBOARDS.md", "The process: words for a swipe"): "test_each_line_of_the_page_is_answered_as_it_says",
    ("examples/LAYOUTS.md", "Your language, your layout"): "test_a_language_and_a_layout_are_tried_as_it_says",
    ("examples/LAYOUTS.md", "The words before"): "test_words_in_order_are_shown_and_forgotten_as_it_says",
    ("examples/NIGHTS.md", "Is all well?"): "test_the_page_says_how_to_ask_whether_all_is_well",
    ("examples/NIGHTS.md", "From nothing to a timer"): "test_the_way_of_a_new_user",
    ("examples/NIGHTS.md", "Without a trace"): "test_the_way_of_a_new_user",
    ("examples/NIGHTS.md", "Logs and numbers"): "test_the_lines_of_the_page_keep_a_log_and_numbers",
    ("examples/NIGHTS.md", "What it keeps, and for how long"): "test_what_is_kept_is_set_as_it_says",
    ("examples/NIGHTS.md", "Back up, move"): "test_the_lines_of_the_page_back_up_and_bring_back",
    ("examples/NIGHTS.md", "Upgrade, and the way back"): "test_the_lines_of_the_page_upgrade_and_go_back",
    (
        "examples/NIGHTS.md",
        "When it works, and when it leaves the battery alone",
    ): "test_conditions_are_as_it_says",
    ("examples/SIMULATION.md", "Once more"): "test_the_lines_to_try_it_are_targets_of_make",
    ("examples/SIMULATION.md", "With your own file"): "test_the_line_of_the_page_simulates",
    # these where Flower is: `make test-flower`
    (
        "examples/SIMULATION.md",
        "On Flower's engine, and on many machines",
    ): "test_the_lines_of_the_page_make_many_clients_and_measure_the_engine",
    ("examples/flower/README.md", "On real machines"): "test_the_lines_of_the_page_set_it_up_and_begin_rounds",
    ("examples/flower/README.md", "A lab without coordinators"): "test_the_line_for_a_lab_writes_a_project_of_devices",
}


OURS = re.compile(r"`(swipefl [^`]+|make [^`]+)`")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one gesture, and a coordinator's state."""
    home = tmp_path_factory.mktemp("home")
    assert swipefl(home, "ingest", "-", given=EXAMPLE.read_bytes().splitlines()[0]).code == 0
    assert swipefl(home, "coordinator", "init").code == 0
    return home


def test_the_lines_to_try_it_are_targets_of_make() -> None:
    for line in (*lines("README.md", ""), *lines("examples/SIMULATION.md", "Once more")):
        command, target = line.split()
        subprocess.run([command, "--dry-run", target], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def test_the_page_says_how_to_ask_whether_all_is_well(tmp_path: Path) -> None:
    """And names all that it looks at, but for what pages beside it are about."""
    assert swipefl(tmp_path, "ingest", "-", given=GOOD[0]).code == 0
    for line in lines("examples/NIGHTS.md", "Is all well?"):
        done = swipefl(tmp_path, *line.split()[1:])
        assert done.code == 0, done.err
    told = {each["name"] for each in done.json["findings"]}
    assert {name for name in told if ":" not in name} <= set(
        re.findall("`(\\w+)`", sections("examples/NIGHTS.md")["Is all well?"])
    )


def test_every_line_of_shell_is_run_by_a_test() -> None:
    shown = {(page, heading) for page in PAGES for heading in sections(page) if blocks(page, heading)}
    tests = "".join(file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    assert shown - {("examples/API.md", "")} == RUN.keys()
    assert [name for name in RUN.values() if f"def {name}(" not in tests] == []


def test_what_stands_in_a_sentence_is_a_command_and_its_options_too() -> None:
    group = typer.main.get_command(app)
    for page, text in PAGES.items():
        for said in OURS.findall(text):
            first, *words = shlex.split(said)
            if first == "make":
                subprocess.run([first, "--dry-run", *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
                continue
            command = group
            while words and words[0] in getattr(command, "commands", {}):
                command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
            assert command is not group or not words or words[0].startswith("-"), (page, said)
            known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
            assert {word for word in words if word.startswith("--")} <= known, (page, said)


def anchors(page: str) -> set[str]:
    """Of its headings, as GitHub makes them."""
    return {
        re.sub(" ", "-", re.sub(r"[^\w\- ]", "", heading.strip().lower()))
        for heading in re.findall(r"^#+ (.+)$", LINKING[page], re.M)
    }


@pytest.mark.parametrize("page", LINKING)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", LINKING[page]):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        name = target.resolve().relative_to(ROOT).as_posix()
        if anchor and name != "examples/API.md":  # made of our code; its own test has its anchors
            assert anchor in anchors(name), link


def test_every_page_is_linked_from_the_first_one_or_from_the_list_of_examples() -> None:
    linked = README + PAGES["examples/README.md"]
    assert [page for page in PAGES if Path(page).name not in linked] == []


def test_nothing_is_said_twice() -> None:
    """No sentence of some length stands on two pages."""
    found: dict[str, str] = {}
    for page, text in PAGES.items():
        if page == "examples/API.md":
            continue
        for sentence in re.split(r"(?<=[.:]) |\n\n|\n\|", re.sub(r"(?<!\n)\n(?![\n|])", " ", text)):
            if len(sentence) > 60:
                assert found.setdefault(sentence.strip(), page) == page, sentence


def test_what_it_says_of_gains_is_what_was_measured() -> None:
    gains = sections("README.md")["What you gain"]
    measured = sections("examples/SIMULATION.md")
    rows = re.findall(r"^\| (.+?) \| ([\d.]+|\*\*[\d.]+\*\*) \|", measured["Measured"], re.M)
    in_sentences = [share.strip("*") for _, share in rows]
    assert re.findall(r"^- \*\*([\d.]+)\*\*", gains, re.M) == [in_sentences[0], in_sentences[1], in_sentences[3]]
    own = measured["A person's own model"]
    assert re.search(r"\*\*([\d.]+)\*\* more", gains)[1] == re.search(r"gets ([\d.]+) points", own)[1]  # type: ignore[index]
    low, high = re.search(r"interval -([\d.]+) to ([\d.]+)", own).groups()  # type: ignore[union-attr]
    assert f"between {low} fewer and {high} more" in gains


def test_it_is_installed_as_it_says(tmp_path: Path) -> None:
    """The line that needs no other program, and of it all but what is fetched."""
    *others, by_hand = lines("README.md", "How big it is, how to install it")
    assert [shlex.split(line)[-1] for line in (*others, by_hand)] == [".[api]"] * 3
    here = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    offline = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}  # "0" is what pip means by yes
    env = {**environment(tmp_path, HOME=str(tmp_path), **offline), "PYTHONPATH": str(here)}
    subprocess.run(["sh", "-euc", by_hand.replace("pip install", "pip install -q")], cwd=ROOT, env=env, check=True)
    done = subprocess.run(
        [tmp_path / "swipefl" / "bin" / "swipefl", "--version"], env=env, capture_output=True, check=True
    )
    assert done.stdout.startswith(b"swipefl ")


def test_the_demo_says_that_its_person_is_generated_and_what_comes_next(tmp_path: Path) -> None:
    env = environment(tmp_path, TMPDIR=str(tmp_path), SWIPEFL_EPOCHS="1")
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    done = subprocess.run(
        ["sh", "examples/demo.sh"],
        cwd=ROOT,
        env=env,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert "GENERATED" in done.stdout
    [gained] = re.findall(r"\*\*(\S+)\*\* more are right", README)
    assert f"than real people do: those get {gained} more words of a hundred" in done.stdout
    assert "Next: `make try`" in done.stdout
    assert '{"' not in done.stdout
    assert not list(tmp_path.glob("tmp.*"))  # its home is gone


def test_the_page_opens_and_says_where_swipes_lie(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    for browser in ("xdg-open", "browser"):
        (tmp_path / browser).write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >> "{opened}"\n')
        (tmp_path / browser).chmod(0o755)
    env = environment(tmp_path / "home", BROWSER=str(tmp_path / "browser"))
    env["PATH"] = f"{tmp_path}:{Path(sys.executable).parent}:{env['PATH']}"
    command = ["sh", "examples/try.sh", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until(lambda: opened.exists() and opened.read_text().endswith("\n"))
        page = urllib.request.urlopen(opened.read_text().strip(), timeout=LONG_S).read()
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=LONG_S)
    assert b"<main" in page
    assert str(tmp_path / "home") in said
    assert "Ctrl-C stops it" in said
    assert process.returncode == 0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


def test_the_api_is_asked_as_it_says(served: Serving) -> None:
    if not shutil.which("curl"):
        pytest.skip("no curl here")
    _, asked = blocks("examples/HTTP.md", "")
    answers = []
    for line in asked.splitlines():
        line = line.replace("http://127.0.0.1:8000", served.url).split("   #")[0]
        done = subprocess.run(["sh", "-euc", line], cwd=ROOT, check=True, capture_output=True)
        answers.append(json.loads(done.stdout))
    stats, predicted, kept = answers
    assert stats["gestures"]["good"] == 0
    assert len(predicted["candidates"]) == 3
    assert kept["stored"] == 1


def test_others_are_served_as_it_says(tmp_path: Path) -> None:
    (line,) = lines("examples/HTTP.md", "From a phone, or another machine")
    with serving(tmp_path, *line.split()[2:]) as running:
        assert running.token
        path = next(tmp_path.glob("*token*"))
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_api_has_every_path_of_the_page_and_the_page_every_path_of_the_api(served: Serving) -> None:
    document = json.loads(urllib.request.urlopen(f"{served.url}/api/v1/openapi.json", timeout=LONG_S).read())
    there = {f"{verb.upper()} {path}" for path, verbs in document["paths"].items() for verb in verbs}
    told = set(re.findall(r"`((?:GET|POST|PATCH|DELETE) /[^`]+)`", PAGES["examples/HTTP.md"]))
    assert told - {"GET /metrics"} == there - {"GET /metrics"}
    assert urllib.request.urlopen(f"{served.url}/metrics", timeout=LONG_S).status == 200


def test_a_language_and_a_layout_are_tried_as_it_says(tmp_path: Path) -> None:
    for line in blocks("examples/LAYOUTS.md", "Your language, your layout")[0].splitlines():
        assert swipefl(tmp_path, *shlex.split(line, comments=True)[1:]).code == 0


def test_what_is_kept_is_set_as_it_says(tmp_path: Path) -> None:
    *exports, last = lines("examples/NIGHTS.md", "What it keeps, and for how long")
    given = dict(line.removeprefix("export ").split("=") for line in exports)
    done = swipefl(tmp_path, *last.split()[1:], "--json", **given)
    shown = {setting["name"]: setting for setting in done.json["settings"]}
    assert [(shown[name]["value"], shown[name]["source"]) for name in ("keep_days", "keep_swipes")] == [
        (0, "SWIPEFL_KEEP_DAYS"),
        (50_000, "SWIPEFL_KEEP_SWIPES"),
    ]


def test_words_in_order_are_shown_and_forgotten_as_it_says(home: Path) -> None:
    for line in lines("examples/LAYOUTS.md", "The words before"):
        assert swipefl(home, *line.split()[1:], "--json").code == 0


def test_the_lines_of_python_do_what_they_say(tmp_path: Path) -> None:
    (shown,) = blocks("examples/README.md", "From Python", "python")
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
    promised = (
        blocks("examples/LAYOUTS.md", "Your language, your layout")[0].splitlines()[0].split("#")[1].strip().split(", ")
    )
    assert set(promised) <= set(found)


def test_the_table_has_every_command() -> None:
    second = "list|add|init|install|remove|run|hide|unhide|show|phrases"
    command = rf"`(?:swipefl )?(coordinator [a-z-]+|[a-z]+(?: (?:{second}))?)\b[^`]*`"
    named = set(re.findall(command, rows_of("command")))
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
    shown = [block for page in ("SWIPES", "LAYOUTS") for _, block in json_blocks(f"examples/{page}.md")]
    report = swipefl(tmp_path, "ingest", "-", "--json", given="".join(shown).encode()).json
    assert (report["stored"], report["suspect"], report["rejected"]) == (len(shown), 0, 0)


def test_the_exit_codes_are_those_of_the_errors() -> None:
    """Each is met in a test: 2, 3, 4, 8 and the signals in test_main_job.py, 3 and 5 in test_files.py.

    6 and 7 in test_coordinator.py.
    """
    documented = {
        int(code)
        for code in re.findall(
            r"\d+", " ".join(re.findall(r"^\| ([\d, ]+) \|", sections(COMMANDS)["Exit codes"], re.M))
        )
    }

    def family(error: type[SwipeflError]) -> set[int]:
        return {error.exit_code}.union(*map(family, error.__subclasses__()))

    assert documented == family(SwipeflError) | {0, 129, 130, 143}


def rows_of(heading: str) -> str:
    """The rows of the table whose first column is `heading`."""
    return PAGES[COMMANDS].split(f"| {heading} |")[1].split("\n\n")[0]


def json_blocks(page: str) -> list[tuple[str, str]]:
    """The blocks of JSON of a page, with the headings that they stand under."""
    return [(heading, block) for heading in sections(page) for block in blocks(page, heading, "json")]
