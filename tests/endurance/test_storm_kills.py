"""kill -9 of commands at 2,000 moments; what each of them promises, and may lose, says its trial."""

import pytest

from tests.support.coordinator import Coordinator
from tests.support.killings import Ground, survives
from tests.support.trials import TRIALS
from tests.support.trials_of_networks import Serve, Sync

KILLS = {
    "ingest": 300,
    "train": 150,
    "cycle": 250,
    "migrate-from-4": 50,
    "migrate-from-6": 50,
    "migrate-from-9": 50,
    "migrate-from-12": 50,
    "migrate-from-14": 50,
    "forget": 250,
    "backup": 200,
    "restore": 150,
    "restore-over-damage": 100,
}


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, count in KILLS.items() for seed in range(count)])
def test_nothing_acknowledged_is_lost_by_a_kill(ground: Ground, name: str, seed: int) -> None:
    survives(ground, name, TRIALS[name], seed)


@pytest.mark.parametrize("seed", range(200))
def test_what_a_killed_sync_sent_counts_once(ground: Ground, collecting: Coordinator, seed: int) -> None:
    survives(ground, "sync", Sync(collecting), seed)


@pytest.mark.parametrize("seed", range(150))
def test_what_a_killed_server_answered_is_there(ground: Ground, seed: int) -> None:
    survives(ground, "serve", Serve(), seed)
