"""What runs in the process of Flower's engine: Ray, the engine on it, and what sends its (virtual) SuperNodes tasks.

A SuperNode is a place for a task, and not one participant: Flower looks through all pairs of node and message ten times
a second, which with a node for each of 10,000 participants took half a core. Whose a task is, the task says.
"""

import logging
import os
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from swipefl.errors import Remedy, SwipeflError, UsageError, WorkerLost
from swipefl.flower.engine.tasks import OURS

if TYPE_CHECKING:  # the engine's process sets what they read before it loads them
    from flwr.app import Context, Message
    from flwr.serverapp import Grid

CLIENT_MB = 800  # that a process takes while it trains or judges, with all that it has loaded
AHEAD = 3  # tasks a client's place: Flower looks for new ones every tenth of a second
LOOKS_EVERY_S = 0.02
STORE_BYTES = 100_000_000  # of Ray's memory for what goes between processes: tasks and updates are small
DIED = ("ActorDied", "ActorUnavailable", "OutOfMemory", "WorkerCrashed", "NodeDied", "RayActorError")
PASSED_ON = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ONEDNN_PRIMITIVE_CACHE_CAPACITY", OURS)  # elsewhere, too

# Nothing is reported to anybody, and Ray, whose ports are open to the network, obeys only who has this run's token.
QUIET = {
    "FLWR_TELEMETRY_ENABLED": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",  # as processes of the built-in engine have it
    "RAY_gcs_rpc_server_reconnect_timeout_s": "3",
}


@dataclass(frozen=True)
class Where:
    """Where the engine runs: on the Ray cluster at `address`, or on this machine, on `cores` of it and in `folder`."""

    address: str | None
    cores: int
    folder: Path
    token: str


@dataclass(frozen=True)
class Lost:
    """Why nothing came of a task; `died` where a process did."""

    why: str
    died: bool


def serve(far: Connection, where: Where) -> None:
    """Begins the engine, says how many tasks it does at once, and does what comes from `far` until that is closed.

    All of it is one group of processes, which ends then at once. Tasks are (number, bytes), and so is what became of
    them.
    """
    os.setpgid(0, 0)
    _be_quiet(where)
    tasks: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
    threading.Thread(target=_hear, args=(far, tasks, where.folder), daemon=True).start()
    try:
        from flwr.simulation import run_simulation

        from swipefl.flower.engine.task_app import app

        logging.getLogger("flwr").setLevel(logging.CRITICAL)
        each = _start(where)
        places = sum(int(node.get("CPU", 0)) // each for node in _nodes())
        far.send(places)
        config: Any = {"client_resources": {"num_cpus": each, "num_gpus": 0.0}}
        run_simulation(_server(tasks, far, AHEAD * places), app, AHEAD * places, backend_config=config)
    except SwipeflError as error:
        far.send(error)
    except Exception as error:
        what = "Flower's engine did not start, or ended ({why})"
        far.send(WorkerLost("no-engine", what, None, why=_first_line(error)))


def _be_quiet(where: Where) -> None:
    """What Flower and Ray write is for nobody; of their own they read the environment when they are loaded."""
    with open(os.devnull, "r+b") as nowhere:
        for descriptor in (0, 1, 2):
            os.dup2(nowhere.fileno(), descriptor)
    os.environ.update(QUIET, FLWR_HOME=str(where.folder / "flwr"))  # else it leaves an id of its own in the home
    os.environ[OURS] = "1"
    if where.address is None:
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=where.token)


def _hear(far: Connection, tasks: "SimpleQueue[tuple[int, bytes]]", folder: Path) -> None:
    """Queues what comes, and ends all of this process's group where nothing can come any more."""
    with suppress(EOFError, OSError):
        while True:
            tasks.put(far.recv())
    shutil.rmtree(folder, ignore_errors=True)  # where who began is gone, nobody else would
    os.killpg(0, signal.SIGKILL)


def _start(where: Where) -> int:
    """Begins Ray, or joins a cluster; the cores that a client is given. Raises UsageError where there is no room."""
    import ray

    quiet: Any = {"log_to_driver": False, "logging_level": logging.CRITICAL, "configure_logging": False}
    passed = {"env_vars": {name: os.environ[name] for name in PASSED_ON if name in os.environ}}
    if where.address is not None:
        try:
            ray.init(where.address, runtime_env=passed, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            none = "no Ray cluster at {address} lets this machine in ({why})"
            facts = {"address": where.address, "why": _first_line(error)}
            raise UsageError("no-cluster", none, Remedy.CHECK_CLUSTER, **facts) from error
        return cores_each(_nodes(), CLIENT_MB * 1e6)
    ray.init(
        "local",
        num_cpus=where.cores,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        _temp_dir=str(where.folder / "ray"),  # which Ray opens to everybody; what it lies in stays closed
        **quiet,
    )
    return 1


def _nodes() -> list[Mapping[str, float]]:
    import ray

    listed: Any = ray.nodes  # without types
    return [node["Resources"] for node in listed() if node["Alive"]]


def cores_each(nodes: Sequence[Mapping[str, float]], client_bytes: float) -> int:
    """The fewest cores for a client with which as many as then fit on each machine fit in its memory, too.

    Flower counts clients by cores alone, and one for which there is no memory would be waited for forever.
    Raises UsageError where none fits anywhere.
    """
    for cores in range(1, int(max((node.get("CPU", 0) for node in nodes), default=0)) + 1):
        if all(node.get("CPU", 0) // cores * client_bytes <= node.get("memory", 0) for node in nodes):
            return cores
    none = "no machine has a core and {mb} MB of memory for a client"
    raise UsageError("no-room", none, None, mb=round(client_bytes / 1e6))


def _server(tasks: "SimpleQueue[tuple[int, bytes]]", far: Connection, places: int) -> Any:
    """The ServerApp: tasks go to whatever SuperNode has none, and what becomes of them goes back."""
    from flwr.serverapp import ServerApp

    def main(grid: "Grid", context: "Context") -> None:
        free = deque[int]()
        while len(free) < places:  # Flower calls this before all of them are there
            free = deque(grid.get_node_ids())
            time.sleep(LOOKS_EVERY_S)
        begun: dict[str, tuple[int, int]] = {}
        while True:  # until `_hear` ends it
            _send(grid, tasks, free, begun)
            for message in grid.pull_messages(list(begun)) if begun else ():
                number, node = begun.pop(message.metadata.reply_to_message_id)
                free.append(node)
                far.send((number, _answer(message)))
            time.sleep(LOOKS_EVERY_S)

    server = ServerApp()
    server.main()(main)
    return server


def _send(
    grid: "Grid",
    tasks: "SimpleQueue[tuple[int, bytes]]",
    free: deque[int],
    begun: dict[str, tuple[int, int]],
) -> None:
    """Sends as many tasks as wait and as there are places for."""
    from flwr.app import Message

    from swipefl.flower.engine.task_app import content

    while free:
        try:
            number, task = tasks.get_nowait()
        except Empty:
            return
        (sent,) = grid.push_messages([Message(content(task), free[0], "train")])
        begun[sent] = number, free.popleft()


def _answer(message: "Message") -> "bytes | Lost":
    from swipefl.flower.engine.task_app import held

    if not message.has_error():
        return held(message)
    why = str(message.error.reason)
    return Lost(_first_line(why), any(name in why for name in DIED))


def _first_line(what: object) -> str:
    return str(what).strip().partition("\n")[0][:300]
