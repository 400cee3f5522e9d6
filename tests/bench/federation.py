"""What a federation costs: a round trip of one device, updates a second at the coordinator, bytes."""

import asyncio
import os
import secrets
import statistics
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path

import grpc
import numpy as np

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.encoder import Architecture
from swipefl.federation.device.client import CHUNK_BYTES, Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.enrolment import enroll
from swipefl.federation.device.exchange import Exchange
from swipefl.federation.protocol.token import Token
from swipefl.federation.update import encode_update
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceStub
from swipefl.store.membership import Membership
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support.command import swipefl
from tests.support.coordinator import Coordinator, coordinator
from tests.support.states import enrolled
from tests.support.updates import delta, header_for

AT_ONCE = 32
SMALL = Architecture(128)  # 143,878 parameters


def small_checkpoint() -> Checkpoint:
    """A network of 143,878 parameters that knows nothing."""
    rng = np.random.default_rng(0)
    weights = {name: (0.1 * rng.standard_normal(shape)).astype(np.float32) for name, shape in SMALL.shapes().items()}
    return Checkpoint(str(SMALL), weights, base_checkpoint().score)


def costs() -> dict[str, dict[str, float]]:
    """One device's round trip; the base's updates from 2,000 clients; a small network's from 100 and from 10,000."""
    return {
        "round trip": round_trip(),
        "2,000 clients, 10,000 updates": load(base_checkpoint(), 2_000, 10_000, 400),
        "100 clients, small network": load(small_checkpoint(), 100, 2_000, 50),
        "10,000 clients, small network": load(small_checkpoint(), 10_000, 10_000, 50),
    }


def round_trip(trips: int = 25) -> dict[str, float]:
    """Milliseconds of check in, push and pull of one device, each time with an update to send and a newer version."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "device"
        with coordinator(Path(folder) / "coordinator", "--buffer", "1") as serving, Store(home / "swipefl.db") as store:
            endpoint = Endpoint(serving.address)
            enroll(store, endpoint, Token.parse(serving.token()), Client)

            def connect(member: Membership) -> Client:
                return Client(endpoint, member.authorization)

            exchange = Exchange(store, home, connect)
            exchange.run()
            blob = encode_update(delta(base_checkpoint().parameters, norm=0.01), 1.0).blob
            serving.device().upload(blob)  # so that there is a newer version at the first trip too
            serving.wait_for_version(2)
            milliseconds = []
            for trip in range(trips):
                member = store.memberships.get()
                assert member
                facts = (secrets.token_hex(8), member.fingerprint, time.time(), 100, blob, False, str(trip))
                store.outbox.queue(QueuedUpdate(*facts))
                began = time.perf_counter()
                done = exchange.run()
                milliseconds.append(1e3 * (time.perf_counter() - began))
                assert (done.pulled, done.pushed) == (True, 1), done
                serving.wait_for_version(done.global_version + 1)  # what the next trip finds
            pulled = int(serving.metric("swipefl_sent_bytes_total") / len(milliseconds))
    parameters = sum(array.size for array in base_checkpoint().parameters.values())
    return {
        "p50_ms": statistics.median(milliseconds),
        "slowest_ms": max(milliseconds),
        "bytes_down": pulled,
        "bytes_up": len(blob),
        "bytes_up_per_parameter": len(blob) / parameters,
        "against_4.35_MB": len(blob) / 4.35e6,
    }


def load(first: Checkpoint, clients: int, updates: int, buffer: int) -> dict[str, float]:
    """`updates` from `clients` as fast as one coordinator takes them, this process being the load beside it.

    Counted from its state afterwards: none lost, none twice.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        file = home / "first.safetensors"
        file.write_bytes(first.to_bytes())
        assert swipefl(home, "coordinator", "init", "--checkpoint", str(file)).code == 0
        with coordinator(home, "--buffer", str(buffer), "--max-staleness", "1000", init=False) as serving:
            with serving.state() as state, state.transaction():
                credentials = [secrets.token_bytes(32) for _ in range(clients)]
                ids = [enrolled(state, credential=each) for each in credentials]
            devices = [f"{id}:{each.hex()}" for id, each in zip(ids, credentials, strict=True)]
            blob = encode_update(delta(first.parameters, norm=0.01), 1.0).blob
            figures = asyncio.run(_send(serving, devices, blob, updates))
            with serving.state() as state:
                waiting, consumed = (
                    len(state.updates.waiting()),
                    sum(version.updates for version in state.versions.all()),
                )
            assert waiting + consumed == updates, (waiting, consumed)
    return figures


async def _send(serving: Coordinator, devices: list[str], blob: bytes, updates: int) -> dict[str, float]:
    pid, sent, accepted, resting = serving.process.pid, 0, 0, deque(devices)
    about = header_for(blob)

    @cache
    def newest_at(tenth_of_a_second: int) -> tuple[int, str]:
        with serving.state() as state:
            version = state.versions.newest()
        return version.number, version.fingerprint

    marks: list[tuple[float, float, float]] = []  # time, CPU seconds and MB of the coordinator at each tenth

    def mark() -> None:
        marks.append((time.perf_counter(), cpu_s(pid), resident_mb(pid)))

    async with AsyncExitStack() as channels:
        own = (("grpc.use_local_subchannel_pool", 1),)  # a connection each, as devices have
        opened = [grpc.aio.insecure_channel(serving.address, own) for _ in range(AT_ONCE)]
        stubs = [FederationServiceStub(await channels.enter_async_context(channel)) for channel in opened]

        async def worker(stub: FederationServiceStub) -> None:
            nonlocal sent, accepted
            while sent < updates:
                sent += 1
                device = resting.popleft()  # the one that has rested longest
                header = wire.UpdateHeader()
                header.CopyFrom(about)
                header.update_id = secrets.token_hex(8)
                header.base_version, header.base_fingerprint = newest_at(int(10 * time.monotonic()))
                metadata = (("authorization", f"Bearer {device}"),)
                answer = await stub.UploadUpdate(_parts(header, blob), metadata=metadata)
                resting.append(device)
                if answer.outcome != wire.OUTCOME_ACCEPTED:  # it has sent one for this version already
                    assert answer.reason == "already-contributed", answer
                    sent -= 1
                    await asyncio.sleep(0.05)
                    continue
                accepted += 1
                if accepted % max(1, updates // 10) == 0:
                    mark()

        mark()
        await asyncio.gather(*(worker(stub) for stub in stubs))
    assert accepted == updates
    first, early, late = marks[0], marks[2], marks[-1]
    return {
        "updates_per_s": updates / (late[0] - first[0]),
        "coordinator_ms": 1e3 * (late[1] - early[1]) / (0.8 * updates),  # of CPU an update, its aggregation included
        "mb_early": early[2],
        "mb_late": late[2],
        "mb_growth": late[2] / early[2],
    }


async def _parts(header: wire.UpdateHeader, blob: bytes) -> AsyncIterator[wire.UploadUpdateRequest]:
    yield wire.UploadUpdateRequest(header=header)
    for at in range(0, len(blob), CHUNK_BYTES):
        yield wire.UploadUpdateRequest(data=blob[at : at + CHUNK_BYTES])


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Its memory now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
