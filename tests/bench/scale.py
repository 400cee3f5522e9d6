"""`make scale`: what one coordinator holds at a thousand, a hundred thousand and a million devices.

For each a state of that size is made, and real processes serve it beside one another: they are loaded by turns, so that
whatever else the machine does weighs on all of them. Written to .bench/scale.json.
"""

import asyncio
import json
import random
import resource
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import grpc
from rich.console import Console

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.federation.device.client import CHUNK_BYTES
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceStub
from tests.bench.federation import resident_mb
from tests.support.command import ROOT, measured
from tests.support.coordinator import Coordinator, coordinator
from tests.support.fleets import Fleet
from tests.support.updates import header_for, update
from tests.support.waiting import wait_until

SIZES = (1_000, 100_000, 1_000_000)
TURNS = 6
VISITS, FETCHES, UPDATES = 200, 30, 100  # of each size in each turn; a thousand devices have no more updates to give
AT_ONCE = 8
CONNECTIONS = 500
NO_ROUND = ("--buffer", "1000000", "--least", "1000000")
TABLES = ("devices", "tokens", "versions", "updates", "judges")
Answer = TypeVar("Answer")


@dataclass
class Load:
    """What one size was asked for, and what that took: CPU seconds of the server, and milliseconds of each call."""

    fleet: Fleet
    serving: Coordinator
    visits_cpu: float = 0.0
    updates_cpu: float = 0.0
    fetches_cpu: float = 0.0
    updates_s: float = 0.0
    visit_ms: list[float] = field(default_factory=list)
    sent: int = 0

    def callers(self, count: int) -> list[str]:
        """So many of all that call."""
        return [self.fleet.authorization(number) for number in random.choices(self.fleet.here, k=count)]

    def senders(self, count: int) -> list[str]:
        """So many of whom no update waits."""
        self.sent += count
        return [self.fleet.authorization(number) for number in self.fleet.here[self.sent - count : self.sent]]


def scale(folder: Path, sizes: Sequence[int] = SIZES) -> dict[str, dict[str, float]]:
    """All figures of one coordinator, by size."""
    blob, figures = update(), {}
    fleets = {size: Fleet(size, time.time()) for size in sizes}
    for size, fleet in fleets.items():
        home = folder / f"{size}"
        home.mkdir(mode=0o700)
        fleet.fill(home / "coordinator.db", base_checkpoint(), blob)
        figures[f"{size:,}"] = rows(home)
    with ExitStack() as opened:
        loads = [
            Load(fleet, opened.enter_context(coordinator(folder / f"{size}", *NO_ROUND, init=False)))
            for size, fleet in fleets.items()
        ]
        for load in loads:
            figures[f"{load.fleet.devices:,}"]["MB of memory, at first"] = resident_mb(pid_of(load))
        for _ in range(TURNS):
            for load in loads:
                asyncio.run(visit(load, VISITS))
                asyncio.run(fetch(load, FETCHES))
                asyncio.run(send(load, UPDATES, blob))
        for load in loads:
            figures[f"{load.fleet.devices:,}"] |= served(load)
    for size, fleet in fleets.items():
        figures[f"{size:,}"] |= owned(folder / f"{size}", fleet)
    return figures


def rows(home: Path) -> dict[str, float]:
    """How many rows there are, and what they take on disk."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(home / "coordinator.db")) as conn:
        counts = {f"rows: {name}": conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}
        ((waiting,),) = conn.execute("SELECT coalesce(sum(length(blob)), 0) FROM updates").fetchall()
    size = (home / "coordinator.db").stat().st_size
    return counts | {"MB on disk": size / 1e6, "of it updates that wait": waiting / 1e6}


def pid_of(load: Load) -> int:
    assert load.serving.process
    return load.serving.process.pid


async def visit(load: Load, count: int) -> None:
    """So many devices call for what is newest, a connection each of `AT_ONCE`."""
    before = cpu_s(pid_of(load))

    async def call(stub: FederationServiceStub, device: str) -> None:
        began = time.perf_counter()
        await stub.CheckIn(wire.CheckInRequest(), metadata=(("authorization", f"Bearer {device}"),))
        load.visit_ms.append(1e3 * (time.perf_counter() - began))

    await together(load.serving, load.callers(count), call)
    load.visits_cpu += cpu_s(pid_of(load)) - before


async def fetch(load: Load, count: int) -> None:
    """So many devices download the newest version."""
    before = cpu_s(pid_of(load))
    request = wire.DownloadCheckpointRequest(version=load.fleet.versions)

    async def call(stub: FederationServiceStub, device: str) -> None:
        parts = [
            part async for part in stub.DownloadCheckpoint(request, metadata=(("authorization", f"Bearer {device}"),))
        ]
        assert sum(len(part.data) for part in parts) > 1e6

    await together(load.serving, load.callers(count), call)
    load.fetches_cpu += cpu_s(pid_of(load)) - before


async def send(load: Load, count: int, blob: bytes) -> None:
    """So many devices send an update of the newest version; each is taken, and durable when that is said."""
    with load.serving.state() as state:
        newest = state.versions.newest()
    before, began = cpu_s(pid_of(load)), time.perf_counter()
    facts = {"base_version": newest.number, "base_fingerprint": newest.fingerprint}

    async def call(stub: FederationServiceStub, device: str) -> None:
        parts = parts_of(header_for(blob, update_id=secrets.token_hex(16), **facts), blob)
        answer = await stub.UploadUpdate(parts, metadata=(("authorization", f"Bearer {device}"),))
        assert answer.outcome == wire.OUTCOME_ACCEPTED, answer

    await together(load.serving, load.senders(count), call)
    load.updates_s += time.perf_counter() - began
    load.updates_cpu += cpu_s(pid_of(load)) - before


async def parts_of(header: wire.UpdateHeader, blob: bytes) -> AsyncIterator[wire.UploadUpdateRequest]:
    yield wire.UploadUpdateRequest(header=header)
    for at in range(0, len(blob), CHUNK_BYTES):
        yield wire.UploadUpdateRequest(data=blob[at : at + CHUNK_BYTES])


async def together(
    serving: Coordinator, devices: list[str], call: Callable[[FederationServiceStub, str], object]
) -> None:
    async with AsyncExitStack() as channels:
        own = (("grpc.use_local_subchannel_pool", 1),)
        opened = [grpc.aio.insecure_channel(serving.address, own) for _ in range(AT_ONCE)]
        stubs = [FederationServiceStub(await channels.enter_async_context(channel)) for channel in opened]
        left = list(devices)

        async def worker(stub: FederationServiceStub) -> None:
            while left:
                await call(stub, left.pop())  # type: ignore[misc]

        await asyncio.gather(*map(worker, stubs))


def served(load: Load) -> dict[str, float]:
    """What the calls took, and what the connections of many devices at once do."""
    visits, updates = TURNS * VISITS, TURNS * UPDATES
    before = resident_mb(pid_of(load))
    asyncio.run(connected(load.serving))
    return {
        "a visit, ms of processor": 1e3 * load.visits_cpu / visits,
        "a version fetched, ms of processor": 1e3 * load.fetches_cpu / (TURNS * FETCHES),
        "an update, ms of processor": 1e3 * load.updates_cpu / updates,
        "updates/s, durable": updates / load.updates_s,
        "a visit, median ms": statistics.median(load.visit_ms),
        "a visit, slowest ms": max(load.visit_ms),
        "MB of memory, after them": before,
        "KB of memory a connection": 1e3 * (resident_mb(pid_of(load)) - before) / CONNECTIONS,
    }


async def connected(serving: Coordinator) -> None:
    """As many connections at once, each of which was spoken over."""
    async with AsyncExitStack() as channels:
        own = (("grpc.use_local_subchannel_pool", 1),)
        for _ in range(CONNECTIONS):
            channel = await channels.enter_async_context(grpc.aio.insecure_channel(serving.address, own))
            await channel.channel_ready()
        serving.metric("swipefl_devices")


def owned(home: Path, fleet: Fleet) -> dict[str, float]:
    """What its owner asks beside a server that is asked by devices: seconds, processor seconds and MB of each."""
    middle, figures = fleet.id(fleet.devices // 2), {}
    commands = {
        "status": ("status", "--json"),
        "devices, the first page": ("devices", "--json"),
        "devices, one in the middle": ("devices", "--after", middle, "--json"),
        "devices, silent ones": ("devices", "--state", "silent", "--json"),
        "devices, revoked ones": ("devices", "--state", "revoked", "--json"),
        "backup": ("backup", str(home / "backup")),
    }
    with coordinator(home, *NO_ROUND, init=False) as serving:
        for name, words in commands.items():
            seconds, cpu, mb, slowest = beside(serving, fleet, lambda words=words: ran(home, *words))  # type: ignore[misc]
            figures |= {f"{name}, s": seconds, f"{name}, s of processor": cpu, f"{name}, MB": mb}
            if name == "backup":
                figures["a visit meanwhile, slowest ms"] = slowest
    return figures | made(home, fleet)


def made(home: Path, fleet: Fleet) -> dict[str, float]:
    """A round out of all that waits, and versions that an owner publishes, each of which makes others old."""
    due, timed = str(fleet.waiting), 'swipefl_round_duration_seconds_{}{{outcome="aggregated"}}'
    with coordinator(home, "--buffer", due, "--least", due, init=False) as serving:
        wait_until(lambda: serving.metric(timed.format("count")) == 1, "a round")
        round_s = serving.metric(timed.format("sum"))
        with serving.state() as state:
            published = [processor_s(lambda: state.roll_back(fleet.versions)) for _ in range(5)]
    return {"a round, ms an update": 1e3 * round_s / fleet.waiting, "publish and prune, s of processor": max(published)}


def processor_s(work: Callable[[], object]) -> float:
    """CPU seconds that this thread and the processes that it waits for take for it."""
    before = time.thread_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    children = used.ru_utime + used.ru_stime - before[1].ru_utime - before[1].ru_stime
    return time.thread_time() - before[0] + children


def beside(
    serving: Coordinator, fleet: Fleet, work: Callable[[], tuple[float, float, float]]
) -> tuple[float, float, float, float]:
    """What `work` gives, and how long the slowest visit of a device took meanwhile, in ms."""
    load, done = Load(fleet, serving), threading.Event()

    def visits() -> None:
        while not done.is_set():
            asyncio.run(visit(load, AT_ONCE))

    thread = threading.Thread(target=visits)
    thread.start()
    try:
        figures = work()
    finally:
        done.set()
        thread.join()
    return *figures, max(load.visit_ms)


def ran(home: Path, *words: str) -> tuple[float, float, float]:
    """Seconds, processor seconds and peak MB of one command of `swipefl coordinator`."""
    peaks: list[float] = []
    began = time.perf_counter()
    cpu = processor_s(lambda: peaks.append(measured(home, "coordinator", *words)[1]))
    return time.perf_counter() - began, cpu, peaks[0]


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, to the nanosecond: see clock_getcpuclockid(3)."""
    return time.clock_gettime(~pid << 3 | 2)


def main() -> None:
    """Measures, prints and keeps it."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as folder:
        sizes = tuple(map(int, sys.argv[1:])) or SIZES
        figures = scale(Path(folder), sizes)
    few, many = (figures[f"{size:,}"] for size in (min(sizes), max(sizes)))
    for name in ("an update, ms of processor", "a visit, ms of processor", "a round, ms an update"):
        many[f"{name}, times that of the fewest"] = many[name] / few[name]
    kept = ROOT / ".bench"
    kept.mkdir(exist_ok=True)
    (kept / "scale.json").write_text(json.dumps(figures, indent=1) + "\n")
    for name in many:
        cells = "".join(f"{row.get(name, float('nan')):>14,.4g}" for row in figures.values())
        Console().print(f"{name:60}{cells}", highlight=False, soft_wrap=True)


if __name__ == "__main__":
    main()
