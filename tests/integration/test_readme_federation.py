"""The federation of examples/COORDINATOR.md, word by word, and the example of it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import ROOT, SHORT, environment, swipefl
from tests.support.coordinator import Coordinator, coordinator
from tests.support.readme import blocks
from tests.support.swipes import GOOD


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Coordinator]:
    """What `swipefl coordinator serve` of the page is, on a port that is free."""
    with coordinator(tmp_path / "coordinator", "--buffer", "1") as running:
        yield running


def test_the_lines_of_the_page(serving: Coordinator, tmp_path: Path) -> None:
    ours, theirs = blocks("examples/COORDINATOR.md", "")
    assert [line.split("#")[0].split() for line in ours.splitlines()] == [
        ["swipefl", "coordinator", verb] for verb in ("init", "token", "serve")
    ]
    env = {**environment(tmp_path / "device"), "TOKEN": serving.token()}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    assert "localhost:8443" in theirs
    theirs = theirs.replace("localhost:8443", serving.address.replace("127.0.0.1", "localhost"))
    subprocess.run(["sh", "-euc", theirs], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)


def test_the_example_makes_a_better_model_of_three_devices(tmp_path: Path) -> None:
    env = {**environment(tmp_path), "TMPDIR": str(tmp_path)}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    done = subprocess.run(
        ["sh", "examples/federation/run.sh", "1"], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("round 1"))
    before, after = (float(word) for word in line.replace("%", "").split() if "." in word)
    assert after > before + 5
    assert not list(tmp_path.glob("tmp.*"))  # what it made is gone


def test_a_cycle_pushes_its_contribution_and_takes_what_came_of_it(serving: Coordinator, tmp_path: Path) -> None:
    home = tmp_path / "device"
    swipefl(home, "ingest", "-", given=b"".join(GOOD[:60]))
    swipefl(home, "enroll", serving.address, "--token", serving.token())
    first = swipefl(home, "cycle", "--json", **SHORT).json
    assert (first["rounds"][0]["push"], first["sync"]) == ("sent", None)
    serving.wait_for_version(2)
    second = swipefl(home, "cycle", "--json", **SHORT).json
    assert second["rounds"][0]["skipped"] is None  # a new global model is something to do
    kinds = [c["kind"] for c in swipefl(home, "status", "--json").json["checkpoints"]]
    assert "global" in kinds
