"""Runs every command that has something to say in JSON, and says which keys it has.

`python -m tests.support.interface` writes them into examples/interface.jsonl, out of which INTERFACE.md is made.
"""

import ast
import contextlib
import functools
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from swipefl.cli.app import app
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.federation.coordinator.lending import follow
from swipefl.federation.coordinator.policy import KEPT
from swipefl.federation.coordinator.state import State
from swipefl.federation.device import node
from swipefl.store.store import Store
from tests.support.command import ROOT, SHORT, environment
from tests.support.lending import FOLLOWING, Offered
from tests.support.people import write_people
from tests.support.processes import served
from tests.support.states import enrolled
from tests.support.swipes import GOOD, gesture, lines
from tests.support.systemd import Systemctl
from tests.support.waiting import wait_until

FILE = ROOT / "examples" / "interface.jsonl"
# Whose keys are what was given, and not of the interface.
OPEN = ("reasons", "by", "units", "top1_by", "top3_by", "facts", "parts")
ABSENT = "absent"  # of a key that some of a command's objects do not have
NOT_ALWAYS = "not always"
KINDS = {bool: "yes or no", int: "number", float: "number", str: "text", type(None): "nothing"}
APART = [("cycle", "--explain")]  # what has a line of its own
TYPES = {"bool": "yes or no", "int": "number", "float": "number", "str": "text", "None": "nothing"}
# What a command makes a sentence or an object of, and where a class has another field of the name.
SAID_BY_COMMANDS = {
    "sync": "text",
    "withheld": "text",
    "fault": "text",
    "verdict": "an object",
    "judged": "an object",
    "written": "number",
}
BASE = ROOT / "swipefl" / "decoder" / "base" / "base.safetensors"
# What a round on Flower says, which is not installed everywhere: tests/flower holds it against a real one.
COUNTS = {"version": 2, "round": 1, "coordinators": 2, "updates": 6, "examples": 626}
ROUND = {**COUNTS, "top1_before": 0.6, "top1_after": 0.7}
ROUNDS = [{**ROUND, "fault": None}, {**ROUND, "top1_before": None, "top1_after": None, "fault": "not finite"}]
ROWS = ("--rows", "azertyuiop qsdfghjklm wxcvbn", "--language", "fr", "--name", "mine")


def keys(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each key of a value of JSON with what it holds: `a.b`, `a[].b` in lists, `a.*` where any name may stand."""
    if isinstance(value, dict):
        is_open = path.rpartition(".")[2] in OPEN
        for name, each in value.items():
            yield from keys(each, f"{path}.{'*' if is_open else name}".lstrip("."))
        if is_open and not value:
            yield f"{path}.*", "nothing"
    elif isinstance(value, list):
        yield f"{path}[]", ""
        for each in value:
            yield from keys(each, f"{path}[]")
    else:
        yield path, KINDS[type(value)]


class Recorder:
    """Runs commands in this process, in one home, and keeps the keys of what they say."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.seen: dict[str, dict[str, set[str]]] = {}

    def run(self, *words: str, given: bytes = b"", home: Path | None = None, **extra: str) -> list[Any]:
        """The objects that `swipefl WORDS... --json` writes; errors that it ends with are no matter."""
        out, said = io.StringIO(), {**SHORT, **extra}
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(io.StringIO()),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(given)))),
            mock.patch.dict(os.environ, environment(home or self.home, **said), clear=True),
            contextlib.suppress(SystemExit),
        ):
            app([*words, "--json"], prog_name="swipefl", standalone_mode=False)
        told = [json.loads(line) for line in out.getvalue().splitlines()]
        depth = 2 if words[0] in ("words", "keyboards", "lexicons", "coordinator", "flower", "timer") else 1
        named = [*words[:depth], *(word for word in words[depth:] if (*words[:depth], word) in APART)]
        for each in told:
            self.note(" ".join(named), each)
        return told

    @contextlib.contextmanager
    def serving(self, home: Path, *words: str) -> Iterator[str]:
        """Where a server listens that `swipefl WORDS... --json` starts."""
        home.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "swipefl", *words, "--json"]
        with served(command, environment(home), home / "log") as (told, _):
            self.note(" ".join(words[: 2 if words[0] == "coordinator" else 1]), told)
            yield told["listening"]

    def note(self, command: str, told: Any) -> None:
        """Keeps the keys of one object."""
        is_first = f"swipefl {command}" not in self.seen
        known = self.seen.setdefault(f"swipefl {command}", {})
        before = {_own_name(path) for path in known}
        for path, kind in keys(told):
            known.setdefault(path, set()).add(kind)
        lacking = set() if is_first else before ^ told.keys()
        for path in known:
            if _own_name(path) in lacking and path.removesuffix("[]") == _own_name(path):
                known[path].add(ABSENT)


def _own_name(path: str) -> str:
    """The key of an object itself that a path begins with."""
    return re.split(r"[.[]", path)[0]


def recorded(folder: Path) -> dict[str, dict[str, set[str]]]:
    """The keys of every command, each having something to say; takes some seconds."""
    at = Recorder(folder / "device")
    _words_and_layouts(at, folder)
    _swipes(at, folder)
    _federation(at, folder / "coordinator")
    _keeping(at, folder)
    _flower(at, folder)
    return at.seen


@functools.cache
def declared() -> dict[str, list[set[str]]]:
    """Of each name of a field in the package what it may hold, in each class that has one."""
    found: dict[str, list[set[str]]] = {}
    for path in (ROOT / "swipefl").rglob("*.py"):
        kinds = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)]
        for field in (each for kind in kinds for each in kind.body):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                names = {ast.unparse(each) for each in ast.walk(field.annotation)}
                found.setdefault(field.target.id, []).append({TYPES[name] for name in names & TYPES.keys()})
    return found


def possible(name: str) -> set[str]:
    """What a key of that name may hold."""
    return {SAID_BY_COMMANDS[name]} if name in SAID_BY_COMMANDS else set().union(*declared().get(name, []))


def _words_and_layouts(at: Recorder, folder: Path) -> None:
    (folder / "words.txt").write_text("ahoj\nkroket\n")
    at.run("lexicons", "add", str(folder / "words.txt"), "--language", "sk")
    at.run("lexicons", "list")
    at.run("lexicons", "remove", "sk")
    at.run("keyboards", "add", *ROWS)
    at.run("keyboards", "list")
    at.run("keyboards", "show", "mine")
    at.run("keyboards", "remove", "mine")
    for command in ("add", "hide", "unhide", "remove"):
        at.run("words", command, "zuzanka", "--language", "en")
    at.run("words", "add", "zuzanka")
    at.run("words", "list")
    at.run("completion", "bash")
    at.run("config")
    at.run("config", "--default")


def _swipes(at: Recorder, folder: Path) -> None:
    twins = [gesture(width=371, gesture_id="twin", before="so "), gesture(width=372, gesture_id="twin")]
    some = folder / "some.jsonl"
    some.write_bytes(b"".join(GOOD[:60]))
    at.run("ingest", str(some), "-", given=lines(*twins) + b'{"coords": []}\n')
    at.run("words", "phrases")
    at.run("predict", "-", "--explain", given=GOOD[0] + b"no JSON\n" + b'{"word": "zuzanka"}\n')
    at.run("evaluate", "--model", "base")
    at.run("evaluate", str(some), "--by", "keyboard")
    with contextlib.suppress(Exception):
        at.run("show", "twin")
    at.run("show", "example-0000")
    with contextlib.suppress(Exception):
        at.run("relabel", "twin", "were")
    at.run("relabel", "example-0000", "hello")
    at.run("status")
    at.run("cycle", "--explain")
    at.run("train")
    write_people(folder / "people.jsonl", dict.fromkeys(range(3), 10))
    people = str(folder / "people.jsonl")
    at.run(
        "simulate", people, "--rounds", "1", "--clients-per-round", "2", "--eval", people, "--out", str(folder / "out")
    )


def _flower(at: Recorder, folder: Path) -> None:
    at.run("flower", "init", str(folder / "project"))
    for told in ROUNDS:
        at.note("flower run", told)


def _federation(at: Recorder, there: Path) -> None:
    at.run("coordinator", "init", home=there)
    at.run("coordinator", "status", home=there)  # before it has served
    with at.serving(there, "coordinator", "serve", "--listen", "127.0.0.1:0"):
        pass
    at.run("leave")  # of nobody
    address = at.serving(
        there, "coordinator", "serve", "--listen", "127.0.0.1:0", "--buffer", "1", "--metrics", "127.0.0.1:0"
    )
    with address as listening:
        ((token, *_),) = [told["tokens"] for told in at.run("coordinator", "token", home=there)]
        at.run("enroll", listening, "--token", token)
        at.run("sync")
        at.run("cycle", "--explain", SWIPEFL_QUIET_HOURS="00:00-12:00,12:00-24:00", SWIPEFL_LEAST_DISK_MB="1")
        at.run("cycle", "--now")
        at.run("sync")
        wait_until(lambda: at.run("coordinator", "status", home=there)[0]["version"] > 1)  # made of what was shared
        at.run("cycle")
        with State(there / "coordinator.db") as state:
            enrolled(state)  # another one, which is on the second page
        (there / "coordinator.db").chmod(0o644)  # which --fix mends
        for words in (
            "doctor --fix",
            "publish " + str(BASE),
            "rollback 1",
            "rotate-key",
            "devices",
            "devices --limit 1",
            "status",
            "config",
            "config --default",
        ):
            at.run("coordinator", *words.split(), home=there)
        with Store(at.home / "swipefl.db") as store:  # and a node of Flower's, once
            node.follow(store.meta, node.Followed(bytes(32), 1, bytes(32), b""))
        at.run("status")
        at.run("leave")
    for _ in range(2):
        at.run("cycle")  # the second one has nothing to do
    with State(there / "coordinator.db") as state:
        state.serves_with(KEPT, 1, follows=True)
        follow(state, FOLLOWING, Offered(model=base_checkpoint()))
        state.node_came()
    at.run("coordinator", "status", home=there, SWIPEFL_COORDINATOR_VERSIONS_FROM="flower")
    files = (str(there / "state"), "--signing-key", str(there / "key"))
    at.run("coordinator", "backup", *files, home=there)
    for home in (there, there.parent / "moved"):  # where it was made, and where nothing was
        at.run("coordinator", "restore", *files, home=home)


def _keeping(at: Recorder, folder: Path) -> None:
    (at.home / "swipefl.db").chmod(0o644)
    at.run("doctor", "--fix")
    at.run("backup", str(folder / "backup"))
    at.run("restore", str(folder / "backup"), "--yes")
    systemctl = Systemctl(folder / "bin")
    where = {"HOME": str(folder / "person"), "XDG_CONFIG_HOME": "", "PATH": systemctl.path}
    at.run("timer", "install", **where)
    at.run("timer", "remove", **where)
    at.run("reset")
    at.run("export")
    at.run("forget", "--word", "hello")
    for command in (("serve",), ("serve", "--host", "0.0.0.0", "--insecure")):
        with at.serving(folder / "served", *command, "--port", "0"):
            pass


def main() -> None:
    """Writes the file."""
    with tempfile.TemporaryDirectory() as folder:
        seen = recorded(Path(folder))
    rows = (
        {"command": command, "keys": {key: _kind(key, kinds, known) for key, kinds in known.items()}}
        for command, known in seen.items()
    )
    FILE.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _kind(key: str, kinds: set[str], known: Iterable[str]) -> str:
    """What a key held in the runs, and what the code says that it may hold where it always, or never, held nothing."""
    if ABSENT in kinds:
        return ", ".join(filter(None, (_kind(key, kinds - {ABSENT}, known), NOT_ALWAYS)))
    name = key.rpartition(".")[2]
    if kinds == {"nothing"}:
        is_object = any(each.startswith((f"{key}.", f"{key}[")) for each in known)
        kinds = kinds | ({"an object"} if is_object else possible(name))
    elif (fields := declared().get(name)) and all("nothing" in each for each in fields):
        kinds = kinds | {"nothing"}
    return ", or ".join(sorted(kinds - {"nothing"}) + (["nothing"] if "nothing" in kinds else [])).removeprefix(", or ")


if __name__ == "__main__":
    main()
