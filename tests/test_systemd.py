import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import ROOT


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("unit", ["swipefl-cycle.service", "swipefl-cycle.timer"])
def test_units_are_valid(tmp_path: Path, unit: str) -> None:
    path = ROOT / "examples" / "systemd" / unit
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(path)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
