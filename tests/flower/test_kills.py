"""kill -9 of every process of a federation on Flower, at seeded moments: it goes on, and every update counts once."""

from pathlib import Path

import pytest

from tests.support.flower_kills import survives


@pytest.mark.slow
def test_every_update_counts_once_after_20_kills(tmp_path: Path) -> None:
    survives(tmp_path, seed=18, kills=20, told=print)
