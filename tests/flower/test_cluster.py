"""examples/flower/CLUSTER.md on two nodes of one machine: its commands, in its order, in real processes.

`ray stop` ends all Ray of a machine, so they are in a namespace of processes of their own, which takes root.
"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.command import ROOT, environment, swipefl

ray = pytest.importorskip("ray")

PAGE = (ROOT / "examples" / "flower" / "CLUSTER.md").read_text("utf-8")
IN_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
SIZES = "--rounds 2 --clients-per-round 4 --epochs 1"
SMALL = "--num-cpus 1 --object-store-memory 100000000"
# Ctrl-C is for all of a terminal's job; what it took until no machine has a client any more, and who is still there, of
# which Ray's report is some seconds old.
INTERRUPTED = """\
set -m
{line} > rounds &
until grep -q '"round": 1' rounds; do kill -0 $!; sleep 0.1; done
pgrep -f "ClientApp[A]ctor" > /dev/null
kill -INT -- -$!; wait $! || echo "ended with $?"
for tenth in $(seq 300); do pgrep -f "ClientApp[A]ctor" > /dev/null || break; sleep 0.1; done
echo "gone after $tenth tenths"
for second in $(seq 600); do ray status > state; ! grep -q "0.0/2.0 CPU" state || break; sleep 1; done
cat state"""
PORTS = range(21_000, 30_000)  # what Ray gives to others of its own lies elsewhere


def can_have_namespaces() -> bool:
    command = [*IN_NAMESPACE, "true"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not can_have_namespaces(), reason="no namespace of processes to be had")


@dataclass(frozen=True)
class Ran:
    """What the page's commands came to, and the parents of the processes that did clients' work."""

    code: int
    out: str
    err: str
    shared: Path
    raylets: frozenset[int]


@pytest.fixture
def scratch() -> Iterator[Path]:
    """For Ray, whose paths must be short."""
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    for port in PORTS:
        with suppress(OSError), socket.socket() as tried:
            tried.bind(("", port))
            return port
    raise AssertionError("no free port")


def blocks() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", PAGE, flags=re.S)


def blind(text: str, shared: Path) -> str:
    """The second node does not see the folder."""
    line = next(line for line in text.splitlines() if "--address" in line and line.startswith("ray start"))
    return text.replace(line, f"unshare --mount sh -ec 'mount -t tmpfs none {shared}; {line}'")


def interrupted(text: str, shared: Path) -> str:
    """The simulation is interrupted in its second round."""
    line = next(line for line in text.splitlines() if line.startswith("swipefl simulate"))
    return text.replace(line, INTERRUPTED.format(line=line.replace("--rounds 2", "--rounds 40")))


def ran(
    swipes: Path, folder: Path, scratch: Path, change: Callable[[str, Path], str] = lambda text, shared: text
) -> Ran:
    """The page's commands, with its names for those of this machine, and what a test changes in them."""
    shared, home, bin = folder / "shared", folder / "home", folder / "bin"
    for each in (shared, home, bin):
        each.mkdir()
    shutil.copy(swipes, folder / "swipes.jsonl")
    shutil.copy(swipes, shared / "others.jsonl")
    (bin / "swipefl").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m swipefl "$@"\n')
    (bin / "swipefl").chmod(0o755)
    head, port = ray.util.get_node_ip_address(), free_port()
    text = "set -e\n" + "".join(blocks())
    names = {
        "HEAD:6379": f"{head}:{port}",
        "--port 6379": f"--port {port} --temp-dir {scratch}",
        "ray start": f"ray start {SMALL}",
        "/shared/": f"{shared}/",
        "ray stop": "ray stop --grace-period 600",
        "--rounds 40": f"{SIZES} --json",
    }
    for name, here in names.items():
        assert name in text
        text = text.replace(name, here)
    text = change(text, shared)
    path = f"{bin}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = environment(folder, HOME=str(home), PATH=path)
    env.pop("RAY_ADDRESS", None)
    command = [*IN_NAMESPACE, "bash", "-c", text]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=env, cwd=folder, start_new_session=True, **pipes) as process:
        raylets = set[int]()
        try:
            while True:
                raylets |= parents_of_clients()
                with suppress(subprocess.TimeoutExpired):
                    out, err = process.communicate(timeout=0.2)
                    return Ran(process.returncode, out, err, shared, frozenset(raylets))
        finally:
            process.kill()  # and with it, the first of its namespace, all that is in there


def parents_of_clients() -> set[int]:
    """Who began the processes that do clients' work in a namespace that is not ours."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            text = (stat.parent / "cmdline").read_text()
            ours = os.readlink("/proc/self/ns/pid")
            if "ClientAppActor" in text and os.readlink(stat.parent / "ns" / "pid") != ours:
                found.add(int(stat.read_text().rpartition(")")[2].split()[1]))
    return found


def test_the_page_s_commands_simulate_on_two_nodes_what_one_process_does(
    swipes: Path, tmp_path: Path, scratch: Path
) -> None:
    done = ran(swipes, tmp_path, scratch)
    assert done.code == 0, done.err
    assert len(done.raylets) == 2, done.err
    assert done.out.count('"round": ') == 3
    assert "Stopped all" in done.out + done.err
    others = ("--eval", str(swipes), "--out", str(tmp_path / "own"), "--json")
    assert swipefl(tmp_path, "simulate", str(swipes), *SIZES.split(), *others).code == 0
    models = [(folder / "model.safetensors").read_bytes() for folder in (done.shared / "run", tmp_path / "own")]
    assert hashlib.sha256(models[0]).hexdigest() == hashlib.sha256(models[1]).hexdigest()
    assert {"people", "engine"}.isdisjoint(file.name for file in (done.shared / "run").iterdir())


def test_a_node_that_does_not_see_the_folder_is_told_by_its_name(swipes: Path, tmp_path: Path, scratch: Path) -> None:
    done = ran(swipes, tmp_path, scratch, blind)
    assert done.code == 2, done.err
    told = f"{socket.gethostname()} does not see {done.shared / 'run'} of the machine that began"
    assert told in done.err
    assert "every machine must see the folder of --out" in done.err
    assert not (done.shared / "run" / "people").exists()


def test_ctrl_c_ends_it_on_all_machines_and_leaves_the_cluster_as_it_was(
    swipes: Path, tmp_path: Path, scratch: Path
) -> None:
    done = ran(swipes, tmp_path, scratch, interrupted)
    assert done.code == 0, done.err
    assert len(done.raylets) == 2, done.err
    assert "ended with 130" in done.out, done.out
    took = re.search(r"gone after (\d+) tenths", done.out)
    assert took
    assert int(took[1]) < 100, took  # within a second where the machine is idle
    status = done.out[took.end() :]
    assert status.count("1 node_") == 2, status
    assert "0.0/2.0 CPU" in status, status
    assert not (done.shared / "run" / "people").exists()
