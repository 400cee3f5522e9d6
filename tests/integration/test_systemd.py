import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command import ROOT
from tests.support.readme import readme_block

# There is no user's systemd to speak to here: `--now` is left out, everything else is done for real, on files.
OFFLINE = 'systemctl() { [ "$3" = --now ] && command systemctl "$1" "$2" "$4"; }\n'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_lines_of_the_readme_enable_a_valid_timer(tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "SYSTEMD_OFFLINE": "1"}
    env.pop("XDG_CONFIG_HOME", None)
    subprocess.run(["sh", "-euc", OFFLINE + readme_block("Every night")], cwd=ROOT, env=env, check=True)
    units = tmp_path / ".config" / "systemd" / "user"
    assert (units / "timers.target.wants" / "swipefl-cycle.timer").resolve() == units / "swipefl-cycle.timer"
    command = ["systemd-analyze", "--user", "verify", "swipefl-cycle.timer", "swipefl-cycle.service"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_unit_of_the_coordinator_is_valid(tmp_path: Path) -> None:
    unit = (ROOT / "examples" / "systemd" / "swipefl-coordinator.service").read_text()
    there = tmp_path / "swipefl-coordinator.service"
    there.write_text(unit.replace("/usr/local/bin/swipefl", "/bin/true"))  # where it is not installed
    done = subprocess.run(["systemd-analyze", "verify", str(there)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
