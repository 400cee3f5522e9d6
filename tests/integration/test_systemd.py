import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import ROOT, environment
from tests.support.readme import blocks

# There is no user's systemd to speak to here: `--now` is left out, everything else is done for real, on files.
OFFLINE = 'systemctl() { [ "$3" = --now ] && command systemctl "$1" "$2" "$4"; }\n'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_lines_of_the_page_enable_a_valid_timer(tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "SYSTEMD_OFFLINE": "1"}
    env.pop("XDG_CONFIG_HOME", None)
    subprocess.run(
        ["sh", "-euc", OFFLINE + blocks("examples/COMMANDS.md", "Every night")[0]], cwd=ROOT, env=env, check=True
    )
    units = tmp_path / ".config" / "systemd" / "user"
    assert (units / "timers.target.wants" / "swipefl-cycle.timer").resolve() == units / "swipefl-cycle.timer"
    command = ["systemd-analyze", "--user", "verify", "swipefl-cycle.timer", "swipefl-cycle.service"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_rules_against_floods_can_be_loaded_again() -> None:
    """In a network of their own, so that nothing here is changed."""
    rules = ROOT / "examples" / "systemd" / "swipefl-coordinator.nft"

    def loaded(times: int) -> subprocess.CompletedProcess[str]:
        script = "\n".join(["set -e", *['nft -f "$0"'] * times, "nft list ruleset"])
        command = ["unshare", "--map-root-user", "--net", "sh", "-c", script, str(rules)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    if not shutil.which("nft") or not shutil.which("unshare") or loaded(0).returncode:
        pytest.skip("no nftables here, or no right to them")
    once, again = loaded(1), loaded(3)
    assert (once.returncode, once.stderr) == (0, "")
    assert once.stdout.count("drop") == rules.read_text().count(" drop\n") == 4
    assert (again.stdout, again.stderr) == (once.stdout, "")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_unit_of_the_coordinator_is_valid(tmp_path: Path) -> None:
    unit = (ROOT / "examples" / "systemd" / "swipefl-coordinator.service").read_text()
    there = tmp_path / "swipefl-coordinator.service"
    there.write_text(unit.replace("/usr/local/bin/swipefl", "/bin/true"))  # where it is not installed
    done = subprocess.run(["systemd-analyze", "verify", str(there)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_night_learns_whatever_became_of_its_ingest(tmp_path: Path) -> None:
    """The unit's own lines, one after the other as systemd runs them: a file that is missing ends no night."""
    unit = (ROOT / "examples" / "systemd" / "swipefl-cycle.service").read_text().replace("%h", str(tmp_path))
    commands = [line.removeprefix("ExecStart=") for line in unit.splitlines() if line.startswith("ExecStart=")]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "swipefl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m swipefl "$@"\n')
    (tmp_path / "bin" / "swipefl").chmod(0o755)
    env = environment(tmp_path / "home", PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    codes = []
    for command in commands:
        done = subprocess.run(command.removeprefix("-").split(), env=env, capture_output=True, check=False)
        codes.append(done.returncode)
        if done.returncode and not command.startswith("-"):
            break
    assert codes == [3, 0]
    assert b"too few swipes yet" in done.stdout + done.stderr
