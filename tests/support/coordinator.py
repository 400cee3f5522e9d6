"""A real coordinator in a real process, devices that belong to it, and certificates made for a test."""

import asyncio
import secrets
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import Holdout
from swipefl.federation.coordinator.server import Listening, Serving, serve
from swipefl.federation.coordinator.service import CHUNK_BYTES as PART_BYTES
from swipefl.federation.coordinator.state import State
from swipefl.federation.device.client import Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceStub
from tests.support.command import environment, swipefl
from tests.support.processes import served
from tests.support.states import enrolled
from tests.support.updates import Held, header_for, parts_of
from tests.support.waiting import LONG_S, wait_until


@dataclass(frozen=True)
class Coordinator:
    """A process that serves; `home` has its coordinator.db."""

    home: Path
    address: str
    metrics_url: str
    process: subprocess.Popen[bytes] | None  # None: this one

    def token(self) -> str:
        return swipefl(self.home, "coordinator", "token").out.strip()

    def metric(self, name: str) -> float:
        """The value of a line of /metrics, such as `swipefl_version`; 0 where there is none."""
        with urllib.request.urlopen(self.metrics_url) as answer:
            lines = answer.read().decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name), 0.0)

    def peak_mb(self) -> float:
        """The most memory that its process has had."""
        assert self.process
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def state(self) -> State:
        return State(self.home / "coordinator.db")

    def device(self) -> "Device":
        """A device that was enrolled without a call."""
        with self.state() as state:
            credential = secrets.token_bytes(32)
            device_id = enrolled(state, credential=credential)
        return Device(self.address, f"{device_id}:{credential.hex()}")

    def reads(self, parts: Held) -> None:
        """Returns when the upload of `parts` is being read: calls are begun in order, and a later one is answered."""
        parts.wait_until_sent()
        self.device().download(1, 10**9)

    def wait_for_version(self, number: int) -> None:
        with self.state() as state:
            wait_until(lambda: state.versions.newest().number >= number, f"no version {number}")

    def log(self) -> str:
        """What it wrote to standard error."""
        return (self.home / "coordinator.log").read_text()


@dataclass(frozen=True)
class Device:
    """What a device's calls need."""

    address: str
    authorization: str | None

    @property
    def id(self) -> str:
        return (self.authorization or "").partition(":")[0]

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.authorization}"),)

    def client(self, **parts: object) -> Client:
        return Client(Endpoint(self.address), self.authorization, **parts)  # type: ignore[arg-type]

    @contextmanager
    def stub(self) -> Iterator[FederationServiceStub]:
        """Calls without any retry or check; each needs `metadata`."""
        with grpc.insecure_channel(self.address) as channel:
            yield FederationServiceStub(channel)

    def upload(self, blob: bytes, **header: object) -> wire.UploadUpdateResponse:
        """One try with a header that is right for version 1, with changes."""
        return self.send(*parts_of(header_for(blob, **header), blob))

    def send(self, *parts: wire.UploadUpdateRequest) -> wire.UploadUpdateResponse:
        """One try with these parts, whatever they are. Raises grpc.RpcError."""
        return self.stream(parts)

    def stream(self, parts: Iterable[wire.UploadUpdateRequest]) -> wire.UploadUpdateResponse:
        """The same with parts that come when they do."""
        with self.stub() as stub:
            return stub.UploadUpdate(iter(parts), metadata=self.metadata, timeout=LONG_S)

    def check_in(self, judged: wire.Judged | None = None) -> wire.CheckInResponse:
        """What is newest, said once. Raises grpc.RpcError."""
        with self.stub() as stub:
            return stub.CheckIn(wire.CheckInRequest(judged=judged), metadata=self.metadata, timeout=LONG_S)

    def leave(self) -> wire.LeaveResponse:
        """Gives its place up, said once. Raises grpc.RpcError."""
        with self.stub() as stub:
            return stub.Leave(wire.LeaveRequest(), metadata=self.metadata, timeout=LONG_S)

    def download(self, version: int, offset: int = 0) -> bytes:
        """A version's bytes from an offset on. Raises grpc.RpcError."""
        request = wire.DownloadCheckpointRequest(version=version, offset=offset)
        with self.stub() as stub:
            parts = list(stub.DownloadCheckpoint(request, metadata=self.metadata, timeout=LONG_S))
        assert [part.offset for part in parts] == list(range(offset, offset + len(parts) * PART_BYTES, PART_BYTES))
        return b"".join(part.data for part in parts)


@contextmanager
def coordinator(
    home: Path,
    *flags: str,
    init: bool = True,
    listen: str = "127.0.0.1:0",
    checkpoint: Path | None = None,
    descriptors: int | None = None,
    **extra: str,
) -> Iterator[Coordinator]:
    """`swipefl coordinator serve` with `flags`, ready to be called; ended by SIGTERM. `checkpoint` is version 1.

    `descriptors` is how many it may have at most, unless as many as this process may; `extra` is for its environment.
    """
    if init:
        first = () if checkpoint is None else ("--checkpoint", str(checkpoint))
        assert swipefl(home, "coordinator", "init", *first).code == 0
    command = [sys.executable, "-m", "swipefl", "coordinator", "serve", "--listen", listen]
    if descriptors is not None:
        command = ["sh", "-c", f'ulimit -n {descriptors} && exec "$0" "$@"', *command]
    command += ["--metrics", "127.0.0.1:0", "--json", *flags]
    with served(command, environment(home, **extra), home / "coordinator.log") as (at, process):
        yield Coordinator(home, at["listening"], at["metrics"], process)


@contextmanager
def in_process(
    home: Path, policy: Policy, holdout: Holdout | None = None, create: bool = True
) -> Iterator[Coordinator]:
    """A coordinator in a thread of this process, for policies and holdouts that no flag can make."""
    path, ready, loops = home / "coordinator.db", threading.Event(), []
    if create:
        with State(path) as state:
            state.create(base_checkpoint())
    stop = asyncio.Event()

    def on_ready(serving: Serving) -> None:
        loops.append((asyncio.get_running_loop(), serving))
        ready.set()

    listening = Listening("127.0.0.1:0", metrics="127.0.0.1:0")
    work = serve(path, listening, policy, holdout, on_ready, stop)
    thread = threading.Thread(target=asyncio.run, args=(work,))
    thread.start()
    assert ready.wait(LONG_S)
    loop, serving = loops[0]
    try:
        metrics = f"http://127.0.0.1:{serving.metrics_port}/metrics"
        yield Coordinator(home, f"127.0.0.1:{serving.port}", metrics, None)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(LONG_S)
    assert not thread.is_alive()
