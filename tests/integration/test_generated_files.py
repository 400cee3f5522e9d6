"""Files of the package that a script writes."""

import subprocess
import sys

import pytest

from tests.support.command import ROOT


def test_the_files_are_what_the_build_script_writes() -> None:
    pytest.importorskip("wordfreq")
    pytest.importorskip("badwords")
    script = ROOT / "examples" / "build_lexicons.py"
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
