"""What examples/INTERFACE.md promises: all that there is stands on it, and real runs say what it says."""

import ast
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer

from swipefl.cli.app import app
from swipefl.errors import SwipeflError
from swipefl.settings.homes import COORDINATOR_PREFIX, PREFIX
from swipefl.settings.meanings import COORDINATOR, DEVICE
from tests.support.command import ROOT
from tests.support.coordinator import Coordinator
from tests.support.interface import recorded

TREE: Any = typer.main.get_command(app)
PAGE = (ROOT / "examples" / "INTERFACE.md").read_text("utf-8")
TOLD = {
    row["command"]: row["keys"]
    for row in map(json.loads, (ROOT / "examples" / "interface.jsonl").read_text("utf-8").splitlines())
}
# What changes the machine that it runs on: their keys are those of the Python API's Installed and Removed.
NOT_RUN = {"swipefl timer remove", "swipefl practise"}


def test_the_page_is_what_the_code_says() -> None:
    wanted = re.search(r"^typer==(.*)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)
    if not wanted or version("typer") != wanted[1]:
        pytest.skip("another typer names arguments in another way")
    command = [sys.executable, "-m", "examples.interface", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_real_runs_have_the_keys_of_the_page(tmp_path: Path) -> None:
    """Neither more nor fewer: `python -m tests.support.interface` writes them anew."""
    assert {command: set(keys) for command, keys in recorded(tmp_path).items()} == {
        command: set(keys) for command, keys in TOLD.items()
    }


def commands(command: Any = TREE, path: str = "swipefl") -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", {})
    for name, each in below.items():
        yield from commands(each, f"{path} {name}")
    if not below:
        yield path, command


def test_every_command_that_speaks_json_is_there() -> None:
    speaking = {path for path, each in commands() if any("--json" in option.opts for option in each.params)}
    assert speaking - NOT_RUN == TOLD.keys()


def test_every_exit_code_is_there() -> None:
    def kinds(kind: type[SwipeflError]) -> Iterator[int]:
        yield kind.exit_code
        for below in kind.__subclasses__():
            yield from kinds(below)

    said = set(re.findall(r"\d+", " ".join(re.findall(r"^\| ([\d, ]+) \| ", PAGE, re.M))))
    assert {str(code) for code in kinds(SwipeflError)} <= said


def test_every_variable_of_ours_is_there() -> None:
    texts = {
        node.value
        for path in (ROOT / "swipefl").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    named = {text for text in texts if re.fullmatch(rf"{PREFIX}[A-Z][A-Z_]*[A-Z]", text)}
    settings = {f"{PREFIX}{name}".upper() for name in DEVICE} | {
        f"{COORDINATOR_PREFIX}{n}".upper() for n in COORDINATOR
    }
    assert {name for name in named - settings if f"`{name}`" not in PAGE} == set()


def test_what_a_coordinator_counts_is_there(collecting: Coordinator) -> None:
    with urllib.request.urlopen(collecting.metrics_url) as answer:
        text = answer.read().decode()
    kinds = dict(re.findall(r"^# TYPE (swipefl_\w+) (\w+)$", text, re.M))
    names = {name for name in kinds if not name.endswith("_created")}
    assert len(names) > 10
    assert {name for name in names if f"| `{name}` |" not in PAGE} == set()
