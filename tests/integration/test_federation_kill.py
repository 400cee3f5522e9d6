"""kill -9 of the coordinator under load and of devices in the middle of a visit: what was acknowledged counts once."""

from pathlib import Path

import pytest

from tests.support.coordinator import Coordinator
from tests.support.federation_kills import coordinator_survives, joined_cycle_survives, sync_survives


@pytest.mark.parametrize("seed", [1])
def test_what_was_acknowledged_counts_once_after_3_kills_of_the_coordinator(tmp_path: Path, seed: int) -> None:
    coordinator_survives(tmp_path, seed, kills=3)


@pytest.mark.parametrize("seed", range(2))
def test_a_device_killed_in_its_visit_goes_on(tmp_path: Path, collecting: Coordinator, seed: int) -> None:
    sync_survives(tmp_path, collecting, seed)


def test_a_cycle_killed_with_a_coordinator_contributes_once(tmp_path: Path, collecting: Coordinator) -> None:
    joined_cycle_survives(tmp_path, collecting, 3.0)
