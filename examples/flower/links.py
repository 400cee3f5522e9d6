"""What a SuperLink holds: seconds of a round and memory with 2, 4 and 8 nodes, for trivial apps; real processes.

python examples/flower/links.py, in an environment with swipefl[flower]; some minutes.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

BIN = Path(sys.executable).parent
NODES = (2, 4, 8)
FLOATS = {"nothing": 1, "2.1 MB of float32": 535_000}  # the base model's
ROUNDS = 4  # of which the first, in which all is loaded, is not counted
LONG_S = 1800.0

PROJECT = """\
[project]
name = "links"
version = "1.0.0"
dependencies = []

[tool.flwr.app]
publisher = "swipefl"

[tool.flwr.app.components]
serverapp = "trivial:server"
clientapp = "trivial:client"

[tool.flwr.app.config]
nodes = {nodes}
floats = {floats}
rounds = {rounds}
file = "{file}"
"""

APPS = '''\
"""A server that sends an array to each node, and nodes that send it back."""

import time

import numpy as np
from flwr.app import Array, ArrayRecord, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp

client = ClientApp()
server = ServerApp()


@client.train()
def train(message, context):
    return Message(message.content, reply_to=message)


@server.main()
def main(grid, context):
    config = context.run_config
    while len(nodes := list(grid.get_node_ids())) < config["nodes"]:
        time.sleep(0.2)
    array = Array(np.zeros(config["floats"], np.float32))
    for _ in range(config["rounds"]):
        began = time.perf_counter()
        content = RecordDict({"arrays": ArrayRecord({"a": array})})
        replies = list(grid.send_and_receive([Message(content, node, "train") for node in nodes]))
        assert len(replies) == len(nodes) and not any(reply.has_error() for reply in replies)
        with open(config["file"], "a") as file:
            file.write(f"{time.perf_counter() - began}\\n")
'''


def port() -> int:
    """One that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def with_children(pid: int) -> Iterator[int]:
    """A process and all that it has begun."""
    yield pid
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from with_children(int(child))


def resident_mb(pid: int) -> float:
    """The memory of a process and of all that it has begun: what they share is divided among them."""
    total = 0
    for each in with_children(pid):
        with suppress(OSError):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


@contextmanager
def process(folder: Path, env: Mapping[str, str], name: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Flower's, ended with all that it began."""
    with (folder / f"{name}.log").open("ab") as log:
        started = subprocess.Popen([BIN / words[0], *words[1:]], env=env, stdout=log, stderr=log)
    try:
        yield started
    finally:
        family = list(with_children(started.pid))
        started.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.wait(10)
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, 9)
        started.wait()


def measured(folder: Path, nodes: int, what: str) -> dict[str, float]:
    """One SuperLink with so many SuperNodes: seconds a round, and MB of memory while they have one."""
    home, project, at = folder / "flwr", folder / "project", port()
    home.mkdir(parents=True)
    project.mkdir()
    (project / "pyproject.toml").write_text(
        PROJECT.format(nodes=nodes, floats=FLOATS[what], rounds=ROUNDS, file=folder / "rounds")
    )
    (project / "trivial.py").write_text(APPS)
    (home / "config.toml").write_text(f'[superlink.here]\naddress = "127.0.0.1:{at}"\ninsecure = true\n')
    off = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1"}
    env = {**os.environ, **off, "FLWR_HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    with ExitStack() as running:
        words = ("--insecure", "--disable-runtime-dependency-installation", "--host", "127.0.0.1", "--port", str(at))
        link = running.enter_context(process(folder, env, "superlink", "flower-superlink", *words))
        wait_for(at)
        there = [
            running.enter_context(
                process(
                    folder,
                    env,
                    f"node-{number}",
                    *("flower-supernode", "--insecure", "--superlink", f"127.0.0.1:{at}", "--port", str(port())),
                )
            )
            for number in range(nodes)
        ]
        subprocess.run([BIN / "flwr", "run", project, "here"], env=env, stdout=subprocess.DEVNULL, check=True)
        seconds, memory = followed(folder / "rounds", link.pid, [node.pid for node in there])
    links, each = zip(*memory, strict=True)
    return {"s a round": statistics.median(seconds[1:]), "MB SuperLink": max(links), "MB each SuperNode": max(each)}


def followed(rounds: Path, link: int, nodes: Sequence[int]) -> tuple[list[float], list[tuple[float, float]]]:
    """Seconds of each round, and MB of the SuperLink and of a SuperNode, on average, as each ended."""
    until, seconds, memory = time.monotonic() + LONG_S, list[float](), list[tuple[float, float]]()
    while len(seconds) < ROUNDS and time.monotonic() < until:
        time.sleep(0.2)
        known = rounds.read_text().splitlines() if rounds.exists() else []
        if len(known) > len(seconds):
            memory.append((resident_mb(link), statistics.mean(map(resident_mb, nodes))))
            seconds = [float(line) for line in known]
    if len(seconds) < ROUNDS:
        raise SystemExit("the rounds did not come to an end")
    return seconds, memory


def wait_for(at: int) -> None:
    """Returns when somebody listens."""
    until = time.monotonic() + LONG_S
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", at), 1):
            return
        time.sleep(0.1)
    raise SystemExit("no SuperLink came up")


def main() -> None:
    """Prints a line for each."""
    for what in FLOATS:
        for nodes in NODES:
            with tempfile.TemporaryDirectory() as folder:
                figures = measured(Path(folder), nodes, what)
            told = ", ".join(f"{name} {value:,.1f}" for name, value in figures.items())
            print(f"{nodes} nodes, {what}: {told}", flush=True)


if __name__ == "__main__":
    main()
