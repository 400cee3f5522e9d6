"""Runs every command that has something to say in JSON, and says which keys it has.

`python -m tests.support.interface` writes them into examples/interface.jsonl, out of which INTERFACE.md is made.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from swipefl.cli.app import app
from tests.support.command import ROOT, environment
from tests.support.people import write_people
from tests.support.processes import served
from tests.support.swipes import GOOD, gesture, lines

FILE = ROOT / "examples" / "interface.jsonl"
# Whose keys are what was given, and not of the interface.
OPEN = ("reasons", "by", "units", "top1_by", "top3_by", "facts", "parts")
KINDS = {bool: "yes or no", int: "number", float: "number", str: "text", type(None): "nothing"}
BASE = ROOT / "swipefl" / "decoder" / "base" / "base.safetensors"
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

    def run(self, *words: str, given: bytes = b"", home: Path | None = None) -> list[Any]:
        """The objects that `swipefl WORDS... --json` writes; errors that it ends with are no matter."""
        out, said = io.StringIO(), {"SWIPEFL_EPOCHS": "1", "SWIPEFL_CONTRIBUTION_EPOCHS": "1"}
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(io.StringIO()),
            mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(given)))),
            mock.patch.dict(os.environ, environment(home or self.home, **said), clear=True),
            contextlib.suppress(SystemExit),
        ):
            app([*words, "--json"], prog_name="swipefl", standalone_mode=False)
        told = [json.loads(line) for line in out.getvalue().splitlines()]
        depth = 2 if words[0] in ("words", "keyboards", "lexicons", "coordinator", "timer") else 1
        for each in told:
            self.note(" ".join(words[:depth]), each)
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
        known = self.seen.setdefault(f"swipefl {command}", {})
        for path, kind in keys(told):
            known.setdefault(path, set()).add(kind)


def recorded(folder: Path) -> dict[str, dict[str, set[str]]]:
    """The keys of every command, each having something to say; takes some seconds."""
    at = Recorder(folder / "device")
    _words_and_layouts(at, folder)
    _swipes(at, folder)
    _federation(at, folder / "coordinator")
    _keeping(at, folder)
    return at.seen


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
    at.run("train")
    write_people(folder / "people.jsonl", dict.fromkeys(range(3), 10))
    people = str(folder / "people.jsonl")
    at.run(
        "simulate", people, "--rounds", "1", "--clients-per-round", "2", "--eval", people, "--out", str(folder / "out")
    )


def _federation(at: Recorder, there: Path) -> None:
    at.run("coordinator", "init", home=there)
    address = at.serving(
        there, "coordinator", "serve", "--listen", "127.0.0.1:0", "--buffer", "1", "--metrics", "127.0.0.1:0"
    )
    with address as listening:
        ((token, *_),) = [told["tokens"] for told in at.run("coordinator", "token", home=there)]
        at.run("enroll", listening, "--token", token)
        at.run("sync")
        at.run("cycle", "--explain")
        at.run("cycle", "--now")
        at.run("cycle")
        at.run("sync")
        for words in (
            "publish " + str(BASE),
            "rollback 1",
            "rotate-key",
            "doctor",
            "devices",
            "status",
            "config",
            "config --default",
        ):
            at.run("coordinator", *words.split(), home=there)
        at.run("status")
        at.run("leave")
    files = (str(there / "state"), "--signing-key", str(there / "key"))
    at.run("coordinator", "backup", *files, home=there)
    at.run("coordinator", "restore", *files, home=there)


def _keeping(at: Recorder, folder: Path) -> None:
    at.run("doctor")
    at.run("backup", str(folder / "backup"))
    at.run("restore", str(folder / "backup"), "--yes")
    at.run("timer", "install", "--print")
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
        {"command": command, "keys": {key: _kind(kinds) for key, kinds in known.items()}}
        for command, known in seen.items()
    )
    FILE.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _kind(kinds: set[str]) -> str:
    return ", or ".join(sorted(kinds - {"nothing"}) + (["nothing"] if "nothing" in kinds else [])).removeprefix(", or ")


if __name__ == "__main__":
    main()
