"""Commands at once on one home, five for 50 times 20 rounds, and fifty: nothing that was acknowledged is lost."""

from pathlib import Path

import pytest

from tests.support.together import rounds


@pytest.mark.parametrize("seed", range(50))
def test_each_of_several_commands_at_once_ends_rightly(tmp_path: Path, seed: int) -> None:
    rounds(tmp_path, seed)


@pytest.mark.parametrize("seed", range(3))
def test_each_of_fifty_commands_at_once_ends_rightly(tmp_path: Path, seed: int) -> None:
    rounds(tmp_path, seed, count=8, at_once=50)
