"""A simulation put together in a folder: begun or gone on with, in processes of its own or of another engine."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path

from swipefl.database.files import make_folder
from swipefl.database.lock import hold
from swipefl.decoder.checkpoint import Checkpoint
from swipefl.errors import Remedy, UsageError, WorkerLost
from swipefl.processes import workers
from swipefl.simulation.participants import participants_of
from swipefl.simulation.scenario import Scenario
from swipefl.simulation.simulation import ROUNDS_FILE, Simulation

SCENARIO = "scenario.json"
Workers = Callable[[], AbstractContextManager[tuple[Executor, int]]]
"""What does tasks inside a block, and how many at once; a task whose process is killed raises BrokenProcessPool."""


@contextmanager
def own_workers() -> Iterator[tuple[Executor, int]]:
    """As many processes as there are cores."""
    parallel = os.cpu_count() or 1
    with workers(parallel) as processes:
        yield processes, parallel


@contextmanager
def running(
    file: Path,
    scenario: Scenario,
    start: Checkpoint,
    out: Path,
    resume: bool = False,
    begin_workers: Workers = own_workers,
) -> Iterator[Simulation]:
    """A simulation of the people of `file` in `out`, where the newest model lies afterwards.

    Raises UsageError where `out` holds one that is not to be gone on with, or another one; StoreBusy where another run
    is at it; DataError for a file of nobody's swipes; WorkerLost where a process was killed.
    """
    if (out / ROUNDS_FILE).exists() and not (out / SCENARIO).exists():
        of_before = "{out} holds a simulation of an earlier swipefl"
        raise UsageError("simulation-of-before", of_before, Remedy.CHOOSE_OUT, out=out)
    if resume and not (out / SCENARIO).exists():
        none = "{out} holds no simulation to go on with"
        raise UsageError("no-simulation", none, Remedy.START_ANEW, out=out)
    try:
        make_folder(out)
    except OSError as error:
        no_folder = "{out} cannot be made a folder ({why})"
        raise UsageError("no-folder-for-it", no_folder, Remedy.CHOOSE_OUT, out=out, why=error.strerror) from error
    with hold(out), _begun(file, scenario, start, out, resume, begin_workers) as simulation:
        yield simulation


@contextmanager
def _begun(
    file: Path, scenario: Scenario, start: Checkpoint, out: Path, resume: bool, begin_workers: Workers
) -> Iterator[Simulation]:
    """What `running` gives, in a folder that is there and held."""
    written = _written(scenario, file, start.fingerprint)
    if resume:
        _check_same(out, written)
    elif (out / SCENARIO).exists():
        raise UsageError("simulation-there", "{out} holds a simulation", Remedy.RESUME_OR_CHOOSE_OUT, out=out)
    people = out / "people"
    try:
        participants = participants_of(file, people)
        (out / SCENARIO).write_text(written, "utf-8")
        with begin_workers() as (processes, parallel):
            simulation = Simulation(participants, scenario, start, out, processes, parallel)
            yield simulation
        shutil.copyfile(simulation.newest(), out / "model.safetensors")
    except BrokenProcessPool as error:
        killed = "a process of the simulation was killed, maybe for want of memory"
        raise WorkerLost("worker-lost", killed, Remedy.RESUME) from error
    finally:  # copies of people's swipes are not left lying about
        shutil.rmtree(people, ignore_errors=True)


def _written(scenario: Scenario, file: Path, start: str) -> str:
    """What it is a simulation of; the swipes by their hash, too: another file may have come in the place of theirs."""
    with file.open("rb") as swipes:
        sha256 = hashlib.file_digest(swipes, "sha256").hexdigest()
    about = {"file": str(file.resolve()), "swipes": sha256, "start": start, **asdict(scenario)}
    return json.dumps(about, indent=1, sort_keys=True) + "\n"


def _check_same(out: Path, written: str) -> None:
    """Raises UsageError where `out` holds another simulation than `written`; only the rounds may be more or fewer."""
    try:
        before = json.loads((out / SCENARIO).read_text("utf-8"))
    except (OSError, ValueError) as error:
        broken = "{out} holds no simulation that can be read"
        raise UsageError("unreadable-simulation", broken, Remedy.CHOOSE_OUT, out=out) from error
    now = json.loads(written)
    if other := [name for name in now if name != "rounds" and before.get(name) != now[name]]:
        otherwise = "the simulation in {out} was begun otherwise ({other})"
        raise UsageError("begun-otherwise", otherwise, Remedy.CHOOSE_OUT, out=out, other=", ".join(other))
