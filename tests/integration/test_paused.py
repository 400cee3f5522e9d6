"""A real training that is told to end, by each signal, and the next one that goes on: to the very same model."""

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import environment, swipefl
from tests.support.swipes import EXAMPLE
from tests.support.terminal import CONTROL, all_of, shown_until
from tests.support.waiting import LONG_S

TRAIN = ["train", "--epochs", "4"]  # long enough to be told to end in the middle


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The fingerprint of the model that a training comes to that nobody stops."""
    home = tmp_path_factory.mktemp("whole")
    swipefl(home, "ingest", str(EXAMPLE))
    return str(swipefl(home, *TRAIN, "--json").json["checkpoint"])


def stopped(home: Path, signum: signal.Signals) -> str:
    """What a training showed that gets a signal once it is at its batches."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "swipefl", *TRAIN]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment(home, TERM="xterm")) as process:
        os.close(theirs)
        shown = shown_until(ours, "epoch")
        process.send_signal(signum)
        rest = all_of(ours)
        assert process.wait(LONG_S) == -signum
    return CONTROL.sub("", shown.decode() + rest)


def test_what_was_trained_is_not_lost_to_signals_and_comes_to_the_same_model(tmp_path: Path, whole: str) -> None:
    swipefl(tmp_path, "ingest", str(EXAMPLE))
    done = 0
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        text = stopped(tmp_path, signum)
        if signum is not signal.SIGKILL:
            (found,) = re.findall(r"stopped after (\d+) of (\d+) steps; goes on next time", text)
            assert max(done, 1) <= int(found[0]) < int(found[1])
            done = int(found[0])
    assert swipefl(tmp_path, *TRAIN, "--json").json["checkpoint"] == whole
