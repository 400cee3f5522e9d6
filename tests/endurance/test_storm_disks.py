"""Disks that fail 500 times while commands write: what each of them promises, and may lose, says its trial.

Each ends with an exit code that examples/COMMANDS.md promises, and goes on where the disk does.
"""

from pathlib import Path

import pytest

from tests.support.coordinator import Coordinator
from tests.support.faults import endures, endures_full_disk
from tests.support.killings import Ground
from tests.support.trials import TRIALS
from tests.support.trials_of_networks import Serve, Sync

ERRORS = {
    "ingest": 60,
    "train": 20,
    "cycle": 60,
    "migrate-from-4": 10,
    "migrate-from-6": 10,
    "migrate-from-9": 10,
    "migrate-from-12": 10,
    "migrate-from-14": 10,
    "forget": 60,
    "backup": 40,
    "restore": 40,
    "restore-over-damage": 30,
}
FULL = {
    "ingest": 20,
    "train": 10,
    "cycle": 20,
    "migrate-from-6": 10,
    "forget": 15,
    "backup": 10,
    "restore": 10,
    "restore-over-damage": 5,
}


def each(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Every seed of every command."""
    return [(name, seed) for name, count in counts.items() for seed in range(count)]


@pytest.mark.parametrize(("name", "seed"), each(ERRORS))
def test_nothing_acknowledged_is_lost_by_an_error_of_the_disk(ground: Ground, name: str, seed: int) -> None:
    endures(ground, name, TRIALS[name], seed)


@pytest.mark.parametrize("seed", range(20))
def test_a_sync_counts_once_whatever_the_disk_does(ground: Ground, collecting: Coordinator, seed: int) -> None:
    endures(ground, "sync", Sync(collecting), seed)


@pytest.mark.parametrize("seed", range(20))
def test_a_server_answers_for_what_is_there(ground: Ground, seed: int) -> None:
    endures(ground, "serve", Serve(), seed)


@pytest.mark.parametrize(("name", "seed"), each(FULL))
def test_nothing_acknowledged_is_lost_on_a_full_disk(ground: Ground, tmp_path: Path, name: str, seed: int) -> None:
    endures_full_disk(ground, tmp_path, name, TRIALS[name], seed)
