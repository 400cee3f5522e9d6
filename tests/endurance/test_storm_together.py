"""Commands at once on one home, 50 times 20 rounds: each ends rightly, and nothing that was acknowledged is lost."""

from pathlib import Path

import pytest

from tests.support.together import rounds


@pytest.mark.parametrize("seed", range(50))
def test_each_of_several_commands_at_once_ends_rightly(tmp_path: Path, seed: int) -> None:
    rounds(tmp_path, seed)
