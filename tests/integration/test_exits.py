"""How a command ends: by a signal, by a reader that has seen enough, by what is wrong, by a bug."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import environment, swipefl
from tests.support.swipes import EXAMPLE, GOOD
from tests.support.terminal import swipefl_on_terminal
from tests.support.waiting import LONG_S, rests, wait_until


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    command = f"'{sys.executable}' -m swipefl predict '{EXAMPLE}' | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env=environment(tmp_path), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c_ends_by_that_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "swipefl", "predict", "-", "--json"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(tmp_path), **pipes) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(GOOD[0])
        process.stdin.flush()
        assert process.stderr
        process.stdout.readline()
        wait_until(lambda: rests(process.pid))  # for the next line, which does not come
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG_S) == -signal.SIGINT
        assert b"interrupted" in process.stderr.read()


@pytest.mark.parametrize("is_heard", [True, False])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_an_ingest_that_is_ended_reports_what_landed(tmp_path: Path, signum: signal.Signals, is_heard: bool) -> None:
    command = [sys.executable, "-m", "swipefl", "ingest", "--json", str(EXAMPLE), "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(tmp_path), **pipes) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"{broken\n" + GOOD[0])
        process.stdin.flush()
        assert process.stderr.readline().startswith(b"standard input:1: ")  # the file before it has landed
        wait_until(lambda: rests(process.pid))
        if not is_heard:
            process.stdout.close()
        process.send_signal(signum)
        assert process.wait(LONG_S) == -signum
        assert process.stderr.read().count(b"interrupted") == 1
        if is_heard:
            report = json.loads(process.stdout.read())
            assert (report["read"], report["stored"], report["rejected"]) == (262, 260, 1)
    assert swipefl(tmp_path, "status", "--json").json["gestures"]["good"] == 260


def test_a_wrong_setting_is_exit_2(tmp_path: Path) -> None:
    done = swipefl(tmp_path, "train", SWIPEFL_EPOCHS="none")
    assert (done.code, "epochs" in done.err) == (2, True)


def test_a_bug_is_exit_1_and_one_line(tmp_path: Path) -> None:
    code = "from swipefl.cli import app\napp.app = lambda **given: 1 / 0\napp.main()"
    done = subprocess.run([sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("swipefl: a bug (ZeroDivisionError)")
    assert done.stderr.count(b"\n") == 1


SIGNALLED = """
import os, sys
signum, module, *sys.argv[1:] = sys.argv[1:]
class Import:
    def find_spec(self, name, *rest):
        if name == module: os.kill(os.getpid(), int(signum))
sys.meta_path.insert(0, Import())
from swipefl.__main__ import main
main()
"""


def signalled(home: Path, signum: signal.Signals, module: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    """`swipefl WORDS...` with a signal at the moment in which it imports `module`."""
    command = [sys.executable, "-c", SIGNALLED, str(int(signum)), module, *words]
    return subprocess.run(command, env=environment(home), capture_output=True, check=False, timeout=LONG_S)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "module", ["swipefl.cli.app", "typer", "swipefl.errors", "swipefl.home", "swipefl.store.store"]
)
def test_a_signal_before_all_is_loaded_ends_it_without_a_traceback(
    tmp_path: Path, signum: signal.Signals, module: str
) -> None:
    done = signalled(tmp_path, signum, module, "train")
    assert (done.returncode, b"Traceback" in done.stderr) == (-signum, False), done.stderr
    assert done.stderr.count(b"\n") <= 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("module", ["torch", "torch.nn", "swipefl.learning.trainer"])
def test_a_signal_while_training_is_loaded_ends_it_there(tmp_path: Path, signum: signal.Signals, module: str) -> None:
    """Nothing asks yet whether it is to end."""
    swipefl(tmp_path, "ingest", str(EXAMPLE))
    done = signalled(tmp_path, signum, module, "train", "--epochs", "100000")
    assert (done.returncode, b"Traceback" in done.stderr) == (-signum, False), done.stderr
    assert b"interrupted" in done.stderr
    assert swipefl(tmp_path, "status", "--json").json["gestures"]["good"] == 260


@pytest.mark.parametrize(("given", "code", "said"), [("'why'", 1, b"swipefl: why\n"), ("None", 0, b""), ("7", 7, b"")])
def test_what_leaves_early_ends_as_python_has_it(tmp_path: Path, given: str, code: int, said: bytes) -> None:
    text = f"from swipefl.cli import app\ndef leave(**given): raise SystemExit({given})\napp.app = leave\napp.main()"
    done = subprocess.run([sys.executable, "-c", text], env=environment(tmp_path), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (code, said)


def test_a_token_that_nobody_types_is_one_that_is_missing(tmp_path: Path) -> None:
    code = "import getpass\ndef none(prompt): raise EOFError\ngetpass.getpass = none\n"
    run = ("-c", code + "from swipefl.__main__ import main; main()")
    done = swipefl_on_terminal(tmp_path, "enroll", "127.0.0.1:1", "--token", "-", run=run)
    assert (done.code, "no token was given" in done.out) == (2, True), done.out
