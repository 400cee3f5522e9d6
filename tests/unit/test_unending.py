"""A test that waits for ever fails, and the next one runs."""

import subprocess
import sys
from pathlib import Path

from tests.support.command import environment
from tests.support.waiting import LONG_S

HOOKS = """
from tests.support import unending
from tests.support.overheard import Overheard
from tests.support.unending import pytest_runtest_protocol
unending.MOST_S, unending.AGAIN_S = 1, 30
"""
TESTS = """
import os, subprocess, threading, time
import pytest
FOR_EVER = ["sh", "-c", "while :; do sleep 1; done"]

@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return open(tmp_path / "pipe")

def test_of_a_fixture(pipe):
    pass

def test_of_a_process_that_is_run():
    subprocess.run(FOR_EVER)

def test_of_a_process_that_was_begun():
    with subprocess.Popen(FOR_EVER) as process:
        process.wait()

def test_of_a_thread():
    try:
        threading.Event().wait()
    finally:
        threading.Event().wait()

@pytest.mark.slow
def test_that_takes_its_time():
    time.sleep(3)
"""


def test_what_hangs_fails_where_it_hangs(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(HOOKS)
    (tmp_path / "test_planted.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "test_planted.py"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=2 * LONG_S,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert "3 failed" in done.stdout
    assert "1 error" in done.stdout
    assert done.stdout.count("it waits here, and has not ended within 1 s") >= 4
