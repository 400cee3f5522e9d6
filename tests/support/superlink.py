"""A real SuperLink and real SuperNodes in processes of their own, started again wherever they end: as a service is."""

import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from examples.federation.make_certificate import write as write_certificate
from examples.flower.make_key import write as write_key
from tests.support.command import environment
from tests.support.waiting import LONG_S, wait_until

BIN = Path(sys.executable).parent
OFF = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1"}
AGAIN_S = 2.0  # after which a service is started again
LONG_LOST_S = 180.0  # Flower takes a minute to notice that a process is gone; this is longer, on any machine


def free_port() -> int:
    """One that nobody listens on, nor is given unasked: Flower takes no 0, and is slow to begin."""
    for port in random.sample(range(10_000, 20_000), 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no port is free")


def below(pid: int) -> list[int]:
    """The processes that a process has begun, and those that these have, which still run."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent, *_ = stat.read_text().rpartition(")")[2].split()
            if state != "Z":
                parents.setdefault(int(parent), []).append(int(stat.parent.name))
    found, left = [], [pid]
    while left:
        left += (begun := parents.get(left.pop(), []))
        found += begun
    return found


def named(pid: int, what: str) -> list[int]:
    """Those below a process that run a program of Flower's, such as flwr-clientapp."""
    found = []
    for each in below(pid):
        with suppress(OSError):
            if what.encode() in Path(f"/proc/{each}/cmdline").read_bytes():
                found.append(each)
    return found


def kill(pid: int) -> None:
    """Outright."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Service:
    """A command that runs until it is stopped, or ends well, and is started again wherever it ends otherwise."""

    def __init__(self, command: list[str], env: Mapping[str, str], log: Path, again_s: float = AGAIN_S) -> None:
        self._command, self._env, self._log, self._again_s = command, env, log, again_s
        self._stopped = Event()
        self.starts = 0
        self.process = self._start()
        self._keeper = Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, env=self._env, stdout=log, stderr=log)

    def _keep(self) -> None:
        while not self._stopped.is_set() and self.process.wait() != 0:
            if not self._stopped.wait(self._again_s):
                self.process = self._start()

    def kill(self) -> None:
        """Ends it outright; it comes back."""
        kill(self.process.pid)

    @property
    def is_done(self) -> bool:
        """Whether it ended well."""
        return self.process.poll() == 0

    def log(self) -> str:
        """What it wrote, in all its lives."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """Ends it for good, with all that it began."""
        self._stopped.set()
        begun = below(self.process.pid)
        self.process.terminate()
        self._keeper.join(LONG_S)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for pid in [self.process.pid, *begun]:
            kill(pid)
        self.process.wait()


@dataclass
class Link:
    """A SuperLink, and what it takes to come to it; `folder` has its certificate, logs and database."""

    folder: Path
    port: int
    env: Mapping[str, str]
    service: Service
    nodes: dict[str, Service] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"localhost:{self.port}"

    @property
    def ca(self) -> Path:
        return self.folder / "cert.pem"

    def answers(self) -> bool:
        """Whether it is there."""
        with suppress(OSError):
            context = ssl.create_default_context(cafile=str(self.ca))
            with urllib.request.urlopen(f"https://{self.address}/health", timeout=5, context=context) as answer:
                return bool(answer.status == 200)
        return False

    def register(self, name: str) -> None:
        """A SuperNode of that name may come: its key is known from now on."""
        write_key(self.folder / f"{name}.key")
        key = str(self.folder / f"{name}.key.pub")
        subprocess.run([BIN / "flwr", "supernode", "register", key, "here"], env=self.env, check=True)

    def node_command(self, name: str, home: Path, ca: Path | None = None) -> list[str]:
        """What starts the SuperNode of a coordinator's home."""
        key, where = str(self.folder / f"{name}.key"), f'home="{home}"'
        trust = ["--root-certificates", str(ca or self.ca)]
        at = ["--superlink", self.address, "--port", str(free_port())]
        return [str(BIN / "flower-supernode"), *at, *trust, "--auth-supernode-private-key", key, "--node-config", where]

    def start_node(self, name: str, home: Path) -> Service:
        """A SuperNode that is known, beside a coordinator."""
        self.register(name)
        log = self.folder / f"{name}-node.log"
        self.nodes[name] = Service(self.node_command(name, home), self.env, log)
        return self.nodes[name]


@contextmanager
def superlink(folder: Path) -> Iterator[Link]:
    """One over TLS to which only SuperNodes with registered keys may come, and which keeps what it knows in a file."""
    folder.mkdir(exist_ok=True)
    write_certificate(folder)
    port, home = free_port(), folder / "flwr"
    home.mkdir(exist_ok=True)
    where = f'address = "localhost:{port}"\nroot-certificates = "{folder / "cert.pem"}"\n'
    (home / "config.toml").write_text(f"[superlink.here]\n{where}")
    path = f"{BIN}:{os.environ['PATH']}"
    env = environment(folder, **OFF, FLWR_HOME=str(home), PATH=path, OMP_NUM_THREADS="1")
    tls = ["--ssl-certfile", "cert.pem", "--ssl-keyfile", "key.pem", "--ssl-ca-certfile", "cert.pem"]
    tls = [str(folder / each) if each.endswith(".pem") else each for each in tls]
    kept = ["--database", str(folder / "superlink.db"), "--disable-runtime-dependency-installation"]
    command = [str(BIN / "flower-superlink"), "--host", "localhost", "--port", str(port), "--enable-supernode-auth"]
    link = Link(folder, port, env, Service([*command, *tls, *kept], env, folder / "superlink.log"))
    try:
        wait_until(link.answers, "a SuperLink")
        yield link
    finally:
        for service in [*link.nodes.values(), link.service]:
            service.stop()
