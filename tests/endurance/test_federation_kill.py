"""kill -9 of coordinators and devices, dozens of times."""

import random
from pathlib import Path

import pytest

from tests.support.coordinator import Coordinator
from tests.support.federation_kills import coordinator_survives, joined_cycle_survives, sync_survives


@pytest.mark.parametrize("seed", range(2, 7))
def test_what_was_acknowledged_counts_once_after_50_kills_of_the_coordinator(tmp_path: Path, seed: int) -> None:
    coordinator_survives(tmp_path, seed, kills=10)


@pytest.mark.parametrize("seed", range(100, 140))
def test_a_device_killed_in_its_visit_goes_on_at_80_moments(tmp_path: Path, collecting: Coordinator, seed: int) -> None:
    sync_survives(tmp_path, collecting, seed)


@pytest.mark.parametrize("seed", range(20))
def test_a_cycle_killed_with_a_coordinator_contributes_once_at_20_moments(
    tmp_path: Path, collecting: Coordinator, seed: int
) -> None:
    joined_cycle_survives(tmp_path, collecting, random.Random(3000 + seed).uniform(0.4, 7))
