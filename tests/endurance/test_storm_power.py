"""Power cuts at 500 points of ingest and cycle, and at others of what looks after a home.

Acknowledged is what a command has said on standard output: its swipes, its round with model, night and contribution,
its backup, its forgetting. What it had not said yet is there as a whole, or in whole batches of an ingest, or not.
"""

from functools import cache
from pathlib import Path

import pytest

from tests.support.cuts import SCRIPTS, Recorded, is_all_recorded, recorded, survives_cut
from tests.support.killings import Ground

POINTS = {"ingest": 250, "cycle": 250, "upkeep": 150}


@cache
def done(folder: Path, name: str) -> Recorded:
    return recorded(folder / "recorded", name)


@pytest.mark.parametrize("name", SCRIPTS)
def test_all_that_is_done_to_the_disk_is_recorded(ground: Ground, name: str) -> None:
    assert is_all_recorded(done(ground.folder, name))


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, count in POINTS.items() for seed in range(count)])
def test_what_was_acknowledged_is_there_after_a_power_cut(ground: Ground, tmp_path: Path, name: str, seed: int) -> None:
    survives_cut(done(ground.folder, name), tmp_path, seed)
