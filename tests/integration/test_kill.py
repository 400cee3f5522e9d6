"""kill -9 at random moments: the store opens, what was reported as stored is there, and the next run finishes."""

import random
from pathlib import Path

import pytest

from tests.support.kills import cycle_survives, ingest_survives


@pytest.mark.parametrize("seed", range(4))
def test_ingest_survives_kill(tmp_path: Path, seed: int) -> None:
    ingest_survives(tmp_path, random.Random(seed).uniform(0.2, 1.2))


@pytest.mark.parametrize("seed", range(2))
def test_cycle_survives_kill(tmp_path: Path, seed: int) -> None:
    cycle_survives(tmp_path, random.Random(seed).uniform(1, 5.5))
