"""kill -9 of commands at hundreds of moments."""

import random
from pathlib import Path

import pytest

from tests.support.kills import cycle_survives, ingest_survives


@pytest.mark.parametrize("seed", range(100))
def test_ingest_survives_kill_at_100_moments(tmp_path: Path, seed: int) -> None:
    ingest_survives(tmp_path, random.Random(1000 + seed).uniform(0.05, 1.6))


@pytest.mark.parametrize("seed", range(100))
def test_cycle_survives_kill_at_100_moments(tmp_path: Path, seed: int) -> None:
    cycle_survives(tmp_path, random.Random(2000 + seed).uniform(0.1, 6.5))
