"""`make flower`, from the first line to the last."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.command import ROOT, environment
from tests.support.processes import session
from tests.support.waiting import wait_until


def test_two_coordinators_are_as_good_as_one_and_nothing_is_left(tmp_path: Path) -> None:
    env = {**environment(tmp_path), "TMPDIR": str(tmp_path)}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    command = ["sh", "examples/flower/run.sh", "1"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=env, text=True, start_new_session=True, **pipes) as running:  # type: ignore[call-overload]
        out, err = running.communicate()
    assert running.returncode == 0, out + err
    (line,) = re.findall(r"round 1: .*: ([\d.]+) % -> ([\d.]+) %", out)
    before, after = map(float, line)
    assert after > before + 5
    one, two = map(float, re.findall(r"([\d.]+) %", out.splitlines()[-1]))
    assert abs(one - two) <= 0.5
    wait_until(lambda: session(running.pid) == [], "the end of what it started")
    assert not list(tmp_path.glob("tmp.*"))
