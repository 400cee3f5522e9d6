"""`make scale`: what one coordinator holds at a thousand, a hundred thousand and a million devices.

For each a state of that size is made, and real processes serve it beside one another: they are loaded by turns, so that
whatever else the machine does weighs on all of them. Written to .bench/scale.json. It ends in 1 where an update costs
more than `DEARER` times what it costs at the fewest.
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
from swipefl.federation.coordinator.server import SEEN_S
from swipefl.federation.device.client import CHUNK_BYTES
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceStub
from tests.bench.federation import resident_mb
from tests.support.breaking import Costs, table
from tests.support.certificates import certificates
from tests.support.command import ROOT, measured
from tests.support.coordinator import Coordinator, coordinator
from tests.support.fleets import Fleet
from tests.support.states import enrolled
from tests.support.updates import header_for, update
from tests.support.waiting import wait_until

SIZES = (1_000, 100_000, 1_000_000)
TURNS = 6
VISITS, FETCHES, UPDATES = 200, 30, 100  # of each size in each turn; a thousand devices have no more updates to give
AT_ONCE = 8
CONNECTIONS, BEFORE = 550, 50  # that are open at once, and before it is looked at what the others take
DEARER = 1.2
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
    updates_written: float = 0.0
    version_bytes: int = 0
    visit_ms: list[float] = field(default_factory=list)
    sent: int = 0

    def callers(self, count: int) -> list[str]:
        """So many of all that call, each once: a device has one stream at a time."""
        return [self.fleet.authorization(number) for number in random.sample(self.fleet.here, count)]

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
        load.version_bytes = sum(len(part.data) for part in parts)
        assert load.version_bytes > 1e6

    await together(load.serving, load.callers(count), call)
    load.fetches_cpu += cpu_s(pid_of(load)) - before


async def send(load: Load, count: int, blob: bytes) -> None:
    """So many devices send an update of the newest version; each is taken, and durable when that is said."""
    with load.serving.state() as state:
        newest = state.versions.newest()
    before, began, written = cpu_s(pid_of(load)), time.perf_counter(), written_bytes(pid_of(load))
    facts = {"base_version": newest.number, "base_fingerprint": newest.fingerprint}

    async def call(stub: FederationServiceStub, device: str) -> None:
        parts = parts_of(header_for(blob, update_id=secrets.token_hex(16), **facts), blob)
        answer = await stub.UploadUpdate(parts, metadata=(("authorization", f"Bearer {device}"),))
        assert answer.outcome == wire.OUTCOME_ACCEPTED, answer

    await together(load.serving, load.senders(count), call)
    load.updates_s += time.perf_counter() - began
    load.updates_cpu += cpu_s(pid_of(load)) - before
    load.updates_written += written_bytes(pid_of(load)) - written


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
    """What the calls took."""
    visits, updates = TURNS * VISITS, TURNS * UPDATES
    figures = {
        "a visit, ms of processor": 1e3 * load.visits_cpu / visits,
        "a version fetched, ms of processor": 1e3 * load.fetches_cpu / (TURNS * FETCHES),
        "a version fetched, KB": load.version_bytes / 1e3,
        "an update, ms of processor": 1e3 * load.updates_cpu / updates,
        "an update, KB written": load.updates_written / updates / 1e3,
        "updates/s, durable": updates / load.updates_s,
        "a visit, median ms": statistics.median(load.visit_ms),
        "a visit, slowest ms": max(load.visit_ms),
        "MB of memory, after them": resident_mb(pid_of(load)),
    }
    return figures | {"a visit, KB written": visits_written(load) / 1e3}


def visits_written(load: Load) -> float:
    """Bytes that a visit writes: who called is written down a moment later, of many at once.

    Of so many that SQLite's log is folded into the file several times.
    """
    count = min(4_800, len(load.fleet.here))
    time.sleep(2 * SEEN_S)
    before = written_bytes(pid_of(load))
    asyncio.run(visit(load, count))
    time.sleep(2 * SEEN_S)
    return (written_bytes(pid_of(load)) - before) / count


def written_bytes(pid: int) -> int:
    """What a process has given to a disk: see proc_pid_io(5)."""
    lines = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(lines["write_bytes"])


def connections(folder: Path) -> dict[str, float]:
    """KB of a coordinator's memory that a connection takes over which was spoken, without TLS and with.

    Of one that has done nothing else: memory that was used and given back before would be used again, and hide it.
    """
    made = certificates(folder / "tls")
    ways = {
        "without TLS": ((), None),
        "over TLS": (
            ("--tls-cert", str(made.certificate), "--tls-key", str(made.key)),
            grpc.ssl_channel_credentials(made.ca.read_bytes()),
        ),
    }
    figures = {}
    for name, (flags, credentials) in ways.items():
        with coordinator(folder / name, *flags) as serving:
            figures[f"a connection {name}, KB of memory"] = asyncio.run(connected(serving, credentials))
    return figures


async def connected(serving: Coordinator, credentials: grpc.ChannelCredentials | None) -> float:
    """KB that each of many connections takes beyond the first ones, with which the server loads what it needs."""
    assert serving.process
    credential = secrets.token_bytes(32)
    with serving.state() as state, state.transaction():
        devices = [f"{enrolled(state, credential=credential)}:{credential.hex()}" for _ in range(CONNECTIONS)]
    few = asyncio.Semaphore(AT_ONCE)  # a server that answers many at once takes memory for that, too
    async with AsyncExitStack() as channels:
        own = (("grpc.use_local_subchannel_pool", 1),)

        async def call(device: str) -> None:
            at = serving.address
            opened = (
                grpc.aio.secure_channel(at, credentials, own) if credentials else grpc.aio.insecure_channel(at, own)
            )
            stub = FederationServiceStub(await channels.enter_async_context(opened))
            async with few:
                await stub.CheckIn(wire.CheckInRequest(), metadata=(("authorization", f"Bearer {device}"),))

        await asyncio.gather(*map(call, devices[:BEFORE]))
        before = resident_mb(serving.process.pid)
        await asyncio.gather(*map(call, devices[BEFORE:]))
        return 1e3 * (resident_mb(serving.process.pid) - before) / (CONNECTIONS - BEFORE)


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
    due = str(fleet.waiting)
    with coordinator(home, "--buffer", due, "--least", due, init=False) as serving:
        assert serving.process
        before = cpu_s(serving.process.pid)
        serving.wait_for_version(fleet.versions + 1)
        used = cpu_s(serving.process.pid) - before
        timed = 'swipefl_round_duration_seconds_{}{{outcome="aggregated"}}'
        wait_until(lambda: serving.metric(timed.format("count")) == 1, "what the round took")
        round_s = serving.metric(timed.format("sum"))
        with serving.state() as state:
            updates = state.versions.newest().updates
            published = [processor_s(lambda: state.roll_back(fleet.versions)) for _ in range(5)]
    return {
        "a round, ms an update": 1e3 * round_s / updates,
        "a round, ms of processor an update": 1e3 * used / updates,
        "publish and prune, s of processor": max(published),
    }


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


def costs(row: dict[str, float]) -> Costs:
    """What is computed with, out of the figures of one size."""
    return Costs(
        update_ms=row["an update, ms of processor"],
        round_ms=row["a round, ms of processor an update"],
        visit_ms=row["a visit, ms of processor"],
        version_ms=row["a version fetched, ms of processor"],
        update_kb=len(update()) / 1e3,
        version_kb=row["a version fetched, KB"],
        update_written_kb=row["an update, KB written"],
        visit_written_kb=row["a visit, KB written"],
    )


def main() -> int:
    """Measures, prints and keeps it."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory() as folder:
        of_connections = connections(Path(folder))
        sizes = tuple(map(int, sys.argv[1:])) or SIZES
        figures = scale(Path(folder), sizes)
    few, many = (figures[f"{size:,}"] for size in (min(sizes), max(sizes)))
    for name in ("an update, ms of processor", "a visit, ms of processor", "a round, ms an update"):
        many[f"{name}, times that of the fewest"] = many[name] / few[name]
    kept = ROOT / ".bench"
    kept.mkdir(exist_ok=True)
    (kept / "scale.json").write_text(json.dumps(figures | {"connections": of_connections}, indent=1) + "\n")
    shown = Console(highlight=False, soft_wrap=True).print
    for name in many:
        shown(f"{name:60}" + "".join(f"{row.get(name, float('nan')):>14,.4g}" for row in figures.values()))
    for name, kb in of_connections.items():
        shown(f"{name:60}{kb:>14,.4g}")
    shown(f"\nwhat breaks first at {max(sizes):,} devices: what it takes, in 45 minutes, in 8 hours")
    for row in table(Fleet(max(sizes)), costs(many)):
        shown(row)
    dearer = many["an update, ms of processor, times that of the fewest"]
    shown(
        f"an update costs {dearer:.2f} times what it costs at {min(sizes):,} devices; to be reached: {DEARER:g} at most"
    )
    return int(dearer > DEARER)


if __name__ == "__main__":
    sys.exit(main())
