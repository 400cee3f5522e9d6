"""kill -9 at random moments: the store opens, what was reported as stored is there, and the next run finishes."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.command import environment, swipefl
from tests.support.swipes import EXAMPLE


def killed_after(home: Path, seconds: float, *words: str) -> None:
    """Starts the command and kills it outright after a while, unless it ended before."""
    command = [sys.executable, "-m", "swipefl", *words]
    with subprocess.Popen(
        command, env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(seconds)
        process.kill()


def many_swipes(path: Path) -> int:
    """A file of some thousand different swipes, so that there is a middle to be killed in."""
    lines = EXAMPLE.read_text().splitlines()
    copies = [
        line.replace("example-", f"c{k}-").replace('"width":370', f'"width":{370 + k}')
        for k in range(1, 16)
        for line in lines
    ]
    path.write_text("\n".join(copies) + "\n")
    return len(copies)


def ingest_survives(folder: Path, moment: float) -> None:
    path, home = folder / "swipes.jsonl", folder / "home"
    count = many_swipes(path)
    killed_after(home, moment, "ingest", str(path))
    if home.exists() and (home / "swipefl.db").exists():
        assert swipefl(home, "status", "--json").code == 0
    done = swipefl(home, "ingest", str(path), "--json")
    assert done.code == 0, done.err
    assert sum(swipefl(home, "status", "--json").json["gestures"][v] for v in ("good", "suspect")) == count


def cycle_survives(folder: Path, moment: float) -> None:
    home = folder / "home"
    assert swipefl(home, "ingest", str(EXAMPLE)).code == 0
    killed_after(home, moment, "cycle", "--rounds", "2")
    before = swipefl(home, "status", "--json").json
    assert before["gestures"]["good"] == 260
    assert len(before["outbox"]) <= 1
    rounds = swipefl(home, "cycle", "--json").json["rounds"]
    after = swipefl(home, "status", "--json").json
    assert after["rounds"]
    assert rounds[0]["skipped"] is None or "nothing new" in rounds[0]["skipped"]
    assert len(after["outbox"]) == 1


@pytest.mark.parametrize("seed", range(4))
def test_ingest_survives_kill(tmp_path: Path, seed: int) -> None:
    ingest_survives(tmp_path, random.Random(seed).uniform(0.2, 1.2))


@pytest.mark.parametrize("seed", range(2))
def test_cycle_survives_kill(tmp_path: Path, seed: int) -> None:
    cycle_survives(tmp_path, random.Random(seed).uniform(1, 5.5))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_ingest_survives_kill_at_100_moments(tmp_path: Path, seed: int) -> None:
    ingest_survives(tmp_path, random.Random(1000 + seed).uniform(0.05, 1.6))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100))
def test_cycle_survives_kill_at_100_moments(tmp_path: Path, seed: int) -> None:
    cycle_survives(tmp_path, random.Random(2000 + seed).uniform(0.1, 6.5))
