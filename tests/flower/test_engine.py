"""`swipefl simulate --engine flower`: the same as the built-in engine, bytes for bytes, and it ends as that does."""

import gzip
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import cast

import pytest

from swipefl.errors import UsageError
from swipefl.flower.engine.dispatching import CLIENT_MB
from swipefl.flower.engine.tasks import OURS, asked, here
from tests.support.command import ROOT, environment, swipefl
from tests.support.people import write_people
from tests.support.processes import session
from tests.support.readme import lines
from tests.support.swipes import SHARED
from tests.support.waiting import LONG_S, wait_until

pytest.importorskip("flwr")

from flwr.app import Context, Message

from swipefl.flower.engine.task_app import content, train

DEV = SHARED / "how_we_swipe" / "dev.jsonl.gz"
LINES = 300  # of recorded people: about four of them
TROUBLES = ("--clients-per-round", "4", "--dropout", "0.2", "--late", "0.5", "--byzantine", "0.2", "--seed", "3")
BEGINS_S = 5 * LONG_S  # Ray and what trains take 30 s of a processor to begin
QUIETLY = b"swipefl: interrupted; what was finished is kept\n"
ON_TWO_CORES = "import os; os.cpu_count = lambda: 2; from swipefl.__main__ import main; main()"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real people where there are recordings, else generated ones."""
    file = tmp_path_factory.mktemp("people") / "people.jsonl"
    if DEV.exists():
        with gzip.open(DEV) as lines, file.open("wb") as out:
            out.writelines(islice(lines, LINES))
    else:
        write_people(file, dict.fromkeys(range(8), 40))
    return file


@pytest.fixture(scope="module")
def judges(people: Path) -> Path:
    """Some of their swipes."""
    file = people.with_name("judges.jsonl")
    with people.open("rb") as lines, file.open("wb") as out:
        out.writelines(islice(lines, 0, None, 4))
    return file


def told(line: str) -> dict[str, object]:
    """A round, without how long it took."""
    return {name: value for name, value in json.loads(line).items() if name != "seconds"}


def test_both_engines_come_to_the_same_and_either_goes_on_with_what_the_other_began(
    people: Path, judges: Path, tmp_path: Path
) -> None:
    """Accuracies of every round, to the last digit, and the model's bytes."""

    def ran(out: str, rounds: int, *flags: str) -> list[dict[str, object]]:
        judged = ("--eval", str(judges), "--eval-every", "1")
        where = ("--rounds", str(rounds), "--out", str(tmp_path / out), "--json")
        done = swipefl(tmp_path, "simulate", str(people), *TROUBLES, *judged, *where, *flags)
        assert done.code == 0, done.err
        assert done.err.splitlines() == [f"the plot is {tmp_path / out / 'plot.png'}"], done.err
        return [told(line) for line in done.out.splitlines()]

    def model(out: str) -> str:
        return hashlib.sha256((tmp_path / out / "model.safetensors").read_bytes()).hexdigest()

    own, flower = ran("own", 4), ran("flower", 4, "--engine", "flower")
    assert len(own) == 5
    assert own == flower
    assert model("own") == model("flower")
    assert ran("mixed", 2) + ran("mixed", 3, "--resume", "--engine", "flower") + ran("mixed", 4, "--resume") == own
    assert model("mixed") == model("own")
    assert not (tmp_path / "flower" / "engine").exists()


def test_only_processes_of_the_engine_do_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its app has a name that any SuperNode could be asked for, and a task is whatever who sent it likes."""
    (tmp_path / "mark").write_text("token")
    task = Message(content(asked(here(tmp_path / "mark", "token"), (tmp_path / "done").touch)), 1, "train")
    with pytest.raises(UsageError, match="does no tasks"):
        train(task, cast(Context, None))
    assert not (tmp_path / "done").exists()
    monkeypatch.setenv(OURS, "1")
    train(task, cast(Context, None))
    assert (tmp_path / "done").exists()


def test_it_leaves_nothing_in_the_home_and_reports_to_nobody(swipes: Path, tmp_path: Path) -> None:
    home = tmp_path / "person"
    home.mkdir()
    with running(swipes, tmp_path, HOME=str(home)) as process:
        wait_for_a_round(tmp_path)
        raylet = raylet_of(process.pid)
        said = dict(
            entry.split("=", 1) for entry in Path(f"/proc/{raylet}/environ").read_text().split("\0") if "=" in entry
        )
        assert (said["FLWR_TELEMETRY_ENABLED"], said["RAY_USAGE_STATS_ENABLED"]) == ("0", "0")
        scratch = scratch_of(process.pid)
        assert stat.S_IMODE(scratch.parent.stat().st_mode) == 0o700
        clients = named(process.pid, "ray::ClientAppActor")
        assert len(clients) == 2
        assert all(peak_mb(client) < CLIENT_MB for client in clients)
        assert_obeys_who_has_the_token_alone(process.pid, said["RAY_AUTH_TOKEN"])
        process.terminate()
        assert process.wait(LONG_S) == -signal.SIGTERM
    assert not scratch.parent.exists()
    assert list(home.iterdir()) == []


def assert_obeys_who_has_the_token_alone(leader: int, token: str) -> None:
    """Ray runs whatever it is told to, and its ports are open to the network."""
    raylet = raylet_of(leader)
    address = next(word for word in command_of(raylet).split(" ") if word.startswith("--gcs-address="))
    code = f"import ray; ray.init('{address.partition('=')[2]}', logging_level='CRITICAL'); print('let in')"
    for extra, lets_in in (
        ({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}, True),
        ({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64}, False),
        ({}, False),
    ):
        env = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", **extra}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=False, timeout=LONG_S)
        assert (b"let in" in done.stdout, done.returncode == 0) == (lets_in, lets_in), done.stderr


class running:
    """A long simulation in a session of its own."""

    def __init__(self, people: Path, folder: Path, **extra: str) -> None:
        out = ("--rounds", "1000", "--clients-per-round", "4", "--epochs", "20", "--out", str(folder / "out"))
        command = [sys.executable, "-c", ON_TWO_CORES, "simulate", str(people), *out, "--engine", "flower"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = environment(folder, **extra)
        self.process = subprocess.Popen(command, env=env, start_new_session=True, **pipes)

    def __enter__(self) -> subprocess.Popen[bytes]:
        return self.process

    def __exit__(self, *raised: object) -> None:
        self.process.kill()
        for each in session(self.process.pid):
            with suppress(ProcessLookupError):  # what was killed may take a moment to be gone
                os.kill(each, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def begun(swipes: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with running(swipes, tmp_path) as process:
        yield process


def named(leader: int, name: str) -> list[int]:
    """The processes of a session whose command is called so."""
    return [each for each in session(leader) if name in command_of(each).split(" ")[0]]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def raylet_of(leader: int) -> int:
    """What it begins is called the same for a moment, and has a higher number."""
    return min(named(leader, "raylet"))


def wait_for_a_round(folder: Path) -> None:
    wait_until(lambda: list((folder / "out").glob("*/round.jsonl")), seconds=BEGINS_S)


def scratch_of(leader: int) -> Path:
    words = command_of(raylet_of(leader)).split(" ")
    return Path(next(word for word in words if word.startswith("--session_dir=")).partition("=")[2]).parent


def peak_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1000


@pytest.mark.parametrize(
    ("signum", "to", "when"),
    [
        (signal.SIGTERM, "the first", "begins"),
        (signal.SIGINT, "all", "begins"),
        (signal.SIGTERM, "the first", "trains"),
        (signal.SIGTERM, "all", "trains"),
        (signal.SIGINT, "all", "trains"),
        (signal.SIGKILL, "the first", "begins"),
        (signal.SIGKILL, "the first", "trains"),
    ],
)
def test_all_of_ray_ends_with_the_simulation(
    begun: subprocess.Popen[bytes], tmp_path: Path, signum: signal.Signals, to: str, when: str
) -> None:
    wait_until(lambda: named(begun.pid, "raylet"), seconds=BEGINS_S)
    scratch = scratch_of(begun.pid)
    if when == "trains":
        wait_for_a_round(tmp_path)
    (os.kill if to == "the first" else os.killpg)(begun.pid, signum)
    assert begun.wait(LONG_S) == -signum
    wait_until(lambda: session(begun.pid) == [])
    assert begun.stdout
    assert begun.stderr
    assert b"engine" not in begun.stdout.read()
    assert begun.stderr.read() == (b"" if signum == signal.SIGKILL else QUIETLY)
    assert (tmp_path / "out" / "people").exists() is (signum == signal.SIGKILL)
    assert not scratch.parent.exists()


@pytest.mark.parametrize("name", ["ray::ClientAppActor", "raylet", "gcs_server", "its own"])
def test_a_killed_process_is_told_as_one_of_the_built_in_engine_is(
    begun: subprocess.Popen[bytes], tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out"
    wait_for_a_round(tmp_path)
    victim = named(begun.pid, name)[0] if name != "its own" else its_own(begun.pid)
    os.kill(victim, signal.SIGKILL)
    assert begun.wait(LONG_S) == 5
    assert begun.stderr
    assert "was killed, maybe for want of memory; --resume goes on" in begun.stderr.read().decode()
    wait_until(lambda: session(begun.pid) == [])
    assert not (out / "people").exists()


def its_own(leader: int) -> int:
    """The process that all of Ray is begun by."""
    return int(Path(f"/proc/{raylet_of(leader)}/stat").read_text().rpartition(")")[2].split()[1])


def test_the_lines_of_the_page_make_many_clients_and_measure_the_engine(people: Path, tmp_path: Path) -> None:
    """With fewer of them, and of rounds: ten clients, two a round, and three rounds."""
    make, beside, memory = lines("examples/SIMULATION.md", "On Flower's engine, and on many machines")
    assert memory.startswith(beside)
    many = tmp_path / "many.jsonl"

    def run(line: str) -> str:
        line = line.replace("python", sys.executable, 1).replace("many.jsonl", str(many))
        done = subprocess.run(
            ["sh", "-euc", line], cwd=ROOT, env=environment(tmp_path), check=True, capture_output=True
        )
        return done.stdout.decode()

    run(make.replace("train.jsonl.gz 10000", f"{people} 10"))
    assert Counter(json.loads(line)["user"] for line in many.read_text().splitlines()) == {
        f"client-{number}": 12 for number in range(10)
    }
    assert "MB" in run(memory.replace("200 --memory 25", "2 --memory 3"))


def test_a_cluster_that_is_not_there_is_told(swipes: Path, tmp_path: Path) -> None:
    where = (
        "--rounds",
        "1",
        "--clients-per-round",
        "1",
        "--out",
        str(tmp_path / "out"),
        "--engine",
        "flower",
        "--json",
    )
    done = swipefl(tmp_path, "simulate", str(swipes), *where, RAY_ADDRESS="127.0.0.1:1")
    assert (done.code, done.out) == (2, ""), done.err
    assert "no Ray cluster at 127.0.0.1:1 lets this machine in" in done.err
