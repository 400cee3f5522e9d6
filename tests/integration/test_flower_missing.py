"""What needs Flower says so where it is not installed, and what does not need it goes on."""

import subprocess
import sys
from pathlib import Path

from tests.support.command import environment

WITHOUT = "import sys; sys.modules['flwr'] = sys.modules['ray'] = None\nfrom swipefl.cli.app import main\nmain()"


def without_flower(home: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """`swipefl WORDS...` where nothing of Flower can be imported."""
    command = [sys.executable, "-c", WITHOUT, *words]
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)


def test_running_a_project_without_flower_says_what_to_install(tmp_path: Path) -> None:
    assert without_flower(tmp_path, "flower", "init", str(tmp_path / "project")).returncode == 0
    done = without_flower(tmp_path, "flower", "run", str(tmp_path / "project"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no flwr" in done.stderr
    assert "'flwr[simulation]>=1.42,<1.43'" in done.stderr


def test_help_needs_no_flower(tmp_path: Path) -> None:
    done = without_flower(tmp_path, "flower", "run", "--help")
    assert (done.returncode, done.stdout[:14]) == (0, "Usage: swipefl")
