"""The server around the service: where it listens, what else it answers, and how it begins and ends."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from prometheus_client import start_http_server

from swipefl.errors import Remedy, SwipeflError, UsageError, VersionConflict
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.patience import Patience
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import Aggregator
from swipefl.federation.coordinator.service import FederationService
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.coordinator.writer import Writer
from swipefl.federation.protocol.address import Address
from swipefl.federation.round import Score
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import add_FederationServiceServicer_to_server

SERVICE = wire.DESCRIPTOR.services_by_name["FederationService"].full_name
DRAIN_S = 20.0  # what running calls are given when the server is to end
LOOK_S = 0.25  # how often it is looked whether a round is due
LONGEST_REST_S = 60.0  # between rounds that fail
SEEN_S = 5.0  # how often it is written down which devices called, and what for
MESSAGE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Listening:
    """Where to listen, HOST:PORT each; with a certificate and key (PEM) over TLS, with a `client_ca` mutually.

    Raises UsageError for what is no address.
    """

    address: str
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)
    client_ca: bytes | None = None
    insecure: bool = False
    metrics: str | None = None
    reflection: bool = False

    def __post_init__(self) -> None:
        for address in (self.address, self.metrics):
            if address is not None:
                Address.parse(address, least_port=0)

    def credentials(self) -> grpc.ServerCredentials | None:
        """TLS, or None for loopback and `insecure`. Raises UsageError."""
        if self.certificate and self.key:
            return grpc.ssl_server_credentials(
                [(self.key, self.certificate)], self.client_ca, require_client_auth=self.client_ca is not None
            )
        if self.certificate or self.key or self.client_ca:
            raise UsageError("half-tls", "TLS needs both a certificate and its key", Remedy.SAY_TLS)
        if not self.insecure and not Address.parse(self.address, least_port=0).is_loopback:
            raise UsageError("no-tls", "{address} can be reached from elsewhere", Remedy.SAY_TLS, address=self.address)
        return None


@dataclass(frozen=True)
class Serving:
    """A server that listens: its ports."""

    port: int
    metrics_port: int | None


async def serve(
    path: Path,
    listening: Listening,
    policy: Policy,
    score: Score | None = None,
    on_ready: Callable[[Serving], None] = lambda serving: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serves the coordinator at `path` until `stop`, else until SIGTERM or SIGINT.

    Then takes no more calls, lets those that run end, and writes what is to be written. Raises UsageError for an
    address that cannot be used, StoreError.
    """
    stop = stop or _signalled()
    metrics = Metrics()
    with State(path) as state:
        newest = state.versions.newest()  # raises where there is no coordinator yet
        writer = Writer(path)
        service = FederationService(state, writer, policy, metrics)
        patience = Patience(service.caller, policy.limits, metrics)
        server, health = _server(service, listening, patience, policy.limits.concurrent_calls)
        port = _bind(server, listening)
        with _metrics_server(listening, metrics) as metrics_port:
            await server.start()
            await health.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
            on_ready(Serving(port, metrics_port))
            structlog.get_logger().info("serving", port=port, metrics_port=metrics_port, version=newest.number)
            aggregator = Aggregator(policy, metrics, score)
            tasks = _tasks(writer.run(), _rounds(path, state, writer, aggregator), _note_seen(service))
            await asyncio.wait([*_tasks(stop.wait()), *tasks], return_when=asyncio.FIRST_COMPLETED)
            structlog.get_logger().info("draining", seconds=DRAIN_S)
            await health.enter_graceful_shutdown()
            await server.stop(DRAIN_S)
            try:
                await _ended(tasks)
                await service.note_seen()
            finally:
                await writer.close()
    structlog.get_logger().info("stopped")


def _signalled() -> asyncio.Event:
    """Set when SIGTERM or SIGINT comes."""
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    return stop


def _tasks(*work: Coroutine[Any, Any, object]) -> list[asyncio.Task[object]]:
    return [asyncio.create_task(each) for each in work]


async def _ended(tasks: Sequence[asyncio.Task[object]]) -> None:
    """Ends what runs beside the calls. Raises what ended one of them before."""
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended


class _Health(HealthServicer):
    """Answers who asks. Watching needs no credential and never ends: it could take up all the calls there may be."""

    async def Watch(
        self,
        request: health_pb2.HealthCheckRequest,
        context: grpc.aio.ServicerContext[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse],
    ) -> None:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "ask with Check")


def _server(
    service: FederationService, listening: Listening, patience: Patience, concurrent_calls: int
) -> tuple[grpc.aio.Server, HealthServicer]:
    server = grpc.aio.server(
        interceptors=[patience],
        maximum_concurrent_rpcs=concurrent_calls,
        options=(
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_BYTES),
            ("grpc.compression_enabled_algorithms_bitset", 1),  # none: what is small may not become large
            ("grpc.max_concurrent_streams", 16),
            ("grpc.max_connection_idle_ms", 120_000),
            ("grpc.max_connection_age_ms", 3_600_000),
            ("grpc.max_connection_age_grace_ms", 120_000),
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.keepalive_timeout_ms", 20_000),
            ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
            ("grpc.max_metadata_size", 8 * 1024),
            ("grpc.so_reuseport", 0),
        ),
    )
    add_FederationServiceServicer_to_server(service, server)
    health = _Health()
    add_HealthServicer_to_server(health, server)
    if listening.reflection:
        from grpc_reflection.v1alpha.reflection import SERVICE_NAME, enable_server_reflection

        enable_server_reflection((SERVICE, SERVICE_NAME), server)
    return server, health


def _bind(server: grpc.aio.Server, listening: Listening) -> int:
    credentials = listening.credentials()
    try:
        if credentials is None:
            return server.add_insecure_port(listening.address)
        return server.add_secure_port(listening.address, credentials)
    except RuntimeError as error:
        raise UsageError(
            "cannot-listen",
            "cannot listen on {address}; is it taken, or are certificate and key no pair?",
            address=listening.address,
        ) from error


@contextmanager
def _metrics_server(listening: Listening, metrics: Metrics) -> Iterator[int | None]:
    """Serves /metrics inside the block, where that was asked for; gives the port."""
    if listening.metrics is None:
        yield None
        return
    at = Address.parse(listening.metrics, least_port=0)
    try:
        server, thread = start_http_server(at.port, at.host, metrics.registry)
    except OSError as error:
        raise UsageError(
            "cannot-serve-metrics", "cannot serve metrics on {address}", Remedy.FREE_ADDRESS, address=listening.metrics
        ) from error
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def _rounds(path: Path, state: State, writer: Writer, aggregator: Aggregator) -> None:
    """A round whenever one is due, drafted in a thread with a connection of its own."""

    def draft() -> Draft:
        with State(path) as own:
            return aggregator.draft(own)

    wait_s = LOOK_S
    while True:
        try:
            aggregator.metrics.version.set(state.versions.newest().number)
            if aggregator.is_due(state):
                drafted = await asyncio.to_thread(draft)
                await writer.do(partial(aggregator.publish, drafted))
            wait_s = LOOK_S
        except VersionConflict:  # an owner was faster, or a device left: another draft, and at once
            continue
        except SwipeflError as error:  # such as a full disk; the updates wait on
            structlog.get_logger().error("round failed", reason=str(error), code=error.code, again_in_s=wait_s)
            wait_s = min(2 * wait_s, LONGEST_REST_S)
        await asyncio.sleep(wait_s)


async def _note_seen(service: FederationService) -> None:
    while True:
        await asyncio.sleep(SEEN_S)
        with suppress(SwipeflError):  # another minute, another try
            await service.note_seen()
