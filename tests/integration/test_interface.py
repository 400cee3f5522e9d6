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

from examples.interface import logged
from swipefl.cli.app import app
from swipefl.settings.homes import COORDINATOR_PREFIX, PREFIX
from swipefl.settings.meanings import COORDINATOR, DEVICE
from tests.support.certificates import certificates
from tests.support.command import ROOT
from tests.support.coordinator import Coordinator, coordinator
from tests.support.interface import ABSENT, NOT_ALWAYS, recorded
from tests.support.updates import update

TREE: Any = typer.main.get_command(app)
PAGE = (ROOT / "examples" / "INTERFACE.md").read_text("utf-8")
TOLD = {
    row["command"]: row["keys"]
    for row in map(json.loads, (ROOT / "examples" / "interface.jsonl").read_text("utf-8").splitlines())
}
NOT_RUN = {"swipefl practise"}  # says what `serve` says
EMPTY = {  # words, letters, ids, paths: what no run here has
    ("swipefl lexicons add", "bad_lines[]"),
    ("swipefl keyboards add", "left_out[]"),
    ("swipefl status", "outbox[]"),
    ("swipefl timer remove", "kept[]"),
}
APART = {"swipefl cycle --explain"}  # an option that makes another answer of it


def test_the_page_is_what_the_code_says() -> None:
    wanted = re.search(r"^typer==(.*)$", (ROOT / "constraints.txt").read_text("utf-8"), re.M)
    if not wanted or version("typer") != wanted[1]:
        pytest.skip("another typer names arguments in another way")
    command = [sys.executable, "-m", "examples.interface", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_real_runs_have_the_keys_of_the_page(tmp_path: Path) -> None:
    """Neither more nor fewer, and those that are not always there: `python -m tests.support.interface` writes them."""
    real = recorded(tmp_path)
    assert {command: set(keys) for command, keys in real.items()} == {
        command: set(keys) for command, keys in TOLD.items()
    }
    missed = {(command, key) for command, keys in real.items() for key, kinds in keys.items() if ABSENT in kinds}
    assert missed == {
        (command, key) for command, keys in TOLD.items() for key, kind in keys.items() if NOT_ALWAYS in kind
    }


def commands(command: Any = TREE, path: str = "swipefl") -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", {})
    for name, each in below.items():
        yield from commands(each, f"{path} {name}")
    if not below:
        yield path, command


def test_every_command_that_speaks_json_is_there() -> None:
    speaking = {path for path, each in commands() if any("--json" in option.opts for option in each.params)}
    assert speaking - NOT_RUN | APART == TOLD.keys()


def test_of_every_key_it_is_said_what_it_may_hold() -> None:
    """Also of one that held nothing in all the runs that were recorded; and a list's things have keys, or a kind."""
    bare = {(command, key) for command, keys in TOLD.items() for key, kind in keys.items() if kind == "nothing"}
    assert bare == set()
    lists = {
        (command, key)
        for command, keys in TOLD.items()
        for key, kind in keys.items()
        if key.endswith("[]") and not kind and not any(other.startswith(f"{key}.") for other in keys)
    }
    assert lists == EMPTY


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


# What a function of ours, or of a library, reads for us.
READ_BY = {
    "user_config_path": "XDG_CONFIG_HOME",
    "user_data_dir": "XDG_DATA_HOME",
    "get_bus": "DBUS_SYSTEM_BUS_ADDRESS",
}
# Between the shell's script and the command, and between processes of an engine.
OUR_OWN = {"_SWIPEFL_COMPLETE", "OF_SWIPEFL_ENGINE"}


def test_every_variable_that_is_read_is_there() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "swipefl").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    constants = {
        target.id: node.value.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    read: set[str | None] = set()
    for node in nodes:
        asked = [node.slice] if isinstance(node, ast.Subscript) else node.args[:1] if isinstance(node, ast.Call) else []
        whose = node.value if isinstance(node, ast.Subscript) else getattr(node, "func", None)
        if asked and re.fullmatch(r"(os\.)?environ(ment)?(\.(get|setdefault))?", ast.unparse(whose)):  # type: ignore[arg-type]
            read |= {constants.get(each.id) for each in asked if isinstance(each, ast.Name)}
            read |= {each.value for each in asked if isinstance(each, ast.Constant)}
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            read.add(READ_BY.get(called))
    read.discard(None)
    assert {
        "TERM",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "DBUS_SYSTEM_BUS_ADDRESS",
        "INVOCATION_ID",
        "SWIPEFL_DEBUG",
    } <= read
    assert {name for name in read - OUR_OWN if f"| `{name}" not in PAGE} == set()


def test_what_a_coordinator_counts_is_there(collecting: Coordinator) -> None:
    with urllib.request.urlopen(collecting.metrics_url) as answer:
        text = answer.read().decode()
    kinds = dict(re.findall(r"^# TYPE (swipefl_\w+) (\w+)$", text, re.M))
    names = {name for name in kinds if not name.endswith("_created")}
    assert len(names) > 10
    assert {name for name in names if f"| `{name}` |" not in PAGE} == set()


HANDED_ON = {"swipefl/settings/logs.py"}  # what its callers say, and what libraries do


def test_each_call_that_logs_says_what_event_it_is() -> None:
    """In words that the page can find: a text, one of two, or a variable of the same file that is one."""
    unsaid = {where.partition(":")[0] for where, texts in logged().items() if not texts}
    assert unsaid == HANDED_ON


def test_each_event_in_the_log_of_a_real_coordinator_is_on_the_page(tmp_path: Path) -> None:
    said: set[str] = set()
    made = certificates(tmp_path / "expiring", days=(-9, 1))
    tls = ("--tls-cert", str(made.certificate), "--tls-key", str(made.key))
    for name, flags in (("few", ("--buffer", "1", "--least", "1")), ("expiring", tls)):
        with coordinator(tmp_path / name, *flags, SWIPEFL_COORDINATOR_LOG="json") as serving:
            if name == "few":
                device = serving.device()
                device.check_in()
                device.upload(update(1))
                serving.wait_for_version(2)
                device.leave()
        said |= {line["event"] for line in map(json.loads, serving.log().splitlines()) if "logger" not in line}
    wanted = {
        "serving",
        "visit",
        "update taken",
        "aggregated",
        "new version",
        "device left",
        "certificate expires soon",
    }
    assert wanted - said == set()
    assert {event for event in said if f"`{event}`" not in PAGE} == set()
