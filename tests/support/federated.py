"""Two coordinators with Flower between them, in real processes, and devices whose updates say nothing."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.command import ROOT, environment, swipefl
from tests.support.coordinator import Coordinator, coordinator
from tests.support.superlink import LONG_LOST_S, Link, superlink
from tests.support.updates import update
from tests.support.waiting import wait_until

NAMES = ("north", "south")
EACH = 2  # updates that a coordinator lends at least


def make_home(home: Path, buffer: int = EACH) -> None:
    """A coordinator's, whose versions come from Flower."""
    assert swipefl(home, "coordinator", "init").code == 0
    (home / "coordinator.toml").write_text(f'versions_from = "flower"\nbuffer = {buffer}\n')


def make_project(folder: Path, rounds: int, nodes: str = "coordinators", **numbers: Any) -> None:
    """A project of so many rounds, whose server keeps its versions beside it; `numbers` are of its config."""
    where = ["--state", str(folder / "versions"), "--nodes", nodes]
    made = swipefl(folder, "flower", "init", str(folder / "project"), *where)
    assert made.code == 0, made.err
    set_config(folder / "project", rounds=rounds, **numbers)


def set_config(project: Path, **numbers: Any) -> None:
    """Other numbers in a project's file: those of a line with that name."""
    file = project / "pyproject.toml"
    lines = file.read_text("utf-8").splitlines()
    for name, value in numbers.items():
        key = name.replace("_", "-")
        (at,) = (number for number, line in enumerate(lines) if line.startswith(f"{key} = "))
        lines[at] = f"{key} = {json.dumps(value)}"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    tomllib.loads(file.read_text("utf-8"))


@dataclass(frozen=True)
class Federated:
    """A SuperLink with a project, and the coordinators beside its SuperNodes, by name."""

    folder: Path
    link: Link
    coordinators: dict[str, Coordinator]

    def run_command(self) -> list[str]:
        """What runs the project to its last round, a JSON line each."""
        at = ["--superlink", self.link.address, "--ca", str(self.link.ca)]
        return [sys.executable, "-m", "swipefl", "flower", "run", str(self.folder / "project"), *at, "--json"]

    def begin(self) -> "subprocess.Popen[str]":
        """Runs it."""
        env = environment(self.folder, **{name: value for name, value in self.link.env.items() if name[:4] == "FLWR"})
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(self.run_command(), env=env, cwd=ROOT, text=True, **pipes)  # type: ignore[call-overload, no-any-return]

    def run(self) -> list[dict[str, Any]]:
        """Runs it to its end, which has to be a good one; its rounds."""
        with self.begin() as running:
            out, err = running.communicate(timeout=5 * LONG_LOST_S)
        assert running.returncode == 0, err + self.link.service.log()[-5000:]
        return [json.loads(line) for line in out.splitlines()]

    def lines(self) -> list[dict[str, Any]]:
        """What the server noted of its rounds."""
        file = self.folder / "versions" / "rounds.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def give(self, name: str, count: int = EACH) -> None:
        """So many new devices give a coordinator an update each, of its newest version."""
        there = self.coordinators[name]
        with there.state() as state:
            newest = state.versions.newest()
        for seed in range(count):
            answer = there.device().upload(
                update(seed), base_version=newest.number, base_fingerprint=newest.fingerprint
            )
            assert answer.outcome == 1, answer

    def consumed(self, name: str) -> int:
        """How many updates went into versions."""
        with self.coordinators[name].state() as state:
            return sum(each.updates for each in state.versions.all())

    def waiting(self, name: str) -> int:
        """How many wait."""
        with self.coordinators[name].state() as state:
            return state.updates.backlog()[0]


@contextmanager
def federated(folder: Path, rounds: int, **numbers: Any) -> Iterator[Federated]:
    """All of it, ready to run."""
    make_project(folder, rounds, **numbers)
    with superlink(folder / "link") as link:
        for name in NAMES:
            make_home(folder / name)
        with coordinator(folder / "north", init=False) as north, coordinator(folder / "south", init=False) as south:
            both = {"north": north, "south": south}
            for name in NAMES:
                link.start_node(name, both[name].home)
            wait_until(lambda: all("SuperNode ID" in node.log() for node in link.nodes.values()), "two SuperNodes")
            yield Federated(folder, link, both)
