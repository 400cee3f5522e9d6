"""The server around the service: where it listens, what else it answers, and how it begins and ends."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server

from swipefl.errors import Interrupted, Remedy, SwipeflError, UsageError, VersionConflict
from swipefl.federation.coordinator.certificates import CertificateFiles
from swipefl.federation.coordinator.descriptors import connections, raise_limit
from swipefl.federation.coordinator.exposition import exposed
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.patience import Patience
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.renewal import Renewal
from swipefl.federation.coordinator.rounds import Aggregator, Holdout
from swipefl.federation.coordinator.service import FederationService, log_bug
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.writer import StateThread, Writer
from swipefl.federation.protocol.address import Address
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import add_FederationServiceServicer_to_server

SERVICE = wire.DESCRIPTOR.services_by_name["FederationService"].full_name
DRAIN_S = 20.0  # what running calls are given when the server is to end
LOOK_S = 0.25  # how often it is looked whether a round is due
LONGEST_REST_S = 60.0  # between rounds that fail
SEEN_S = 5.0  # how often it is written down which devices called, and what for
COUNT_S = 5.0  # how often devices are counted
HELLO_MS = 4_000
IDLE_MS = 10_000
AGE_MS = 60_000  # then who is connected connects anew; calls that run may end first
MESSAGE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Listening:
    """Where to listen, HOST:PORT each; with a certificate and key over TLS, with a `client_ca` mutually (PEM files).

    Raises UsageError for an address that is none, half of TLS, and none of it beyond this machine without `insecure`.
    """

    address: str
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    insecure: bool = False
    metrics: str | None = None
    reflection: bool = False

    def __post_init__(self) -> None:
        is_near = Address.parse(self.address, least_port=0).is_loopback
        if self.metrics is not None:
            Address.parse(self.metrics, least_port=0)
        if not self.tls and (self.certificate or self.key or self.client_ca):
            raise UsageError("half-tls", "TLS needs both a certificate and its key", Remedy.SAY_TLS)
        if not self.tls and not self.insecure and not is_near:
            raise UsageError("no-tls", "{address} can be reached from elsewhere", Remedy.SAY_TLS, address=self.address)

    @property
    def tls(self) -> CertificateFiles | None:
        """The files of TLS, None for loopback and `insecure`."""
        if self.certificate and self.key:
            return CertificateFiles(self.certificate, self.key, self.client_ca)
        return None


@dataclass(frozen=True)
class Serving:
    """A server that listens: its ports, and how many updates it dropped, lent to versions that it follows no more."""

    port: int
    metrics_port: int | None
    dropped: int = 0


async def serve(
    path: Path,
    listening: Listening,
    policy: Policy,
    holdout: Holdout | None = None,
    on_ready: Callable[[Serving], None] = lambda serving: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serves the coordinator at `path` until `stop`, else until SIGTERM or SIGINT.

    Then takes no more calls, lets those that run end, and writes what is to be written. Raises UsageError for an
    address that cannot be used, StoreError.
    """
    stop = stop or _signalled()
    metrics = Metrics()
    renewal = Renewal(listening.tls, metrics) if listening.tls else None
    async with AsyncExitStack() as opened:  # all of it before anybody connects: later there may be no descriptor
        state = opened.enter_context(State(path))
        version = state.versions.newest().number  # raises where there is no coordinator yet
        writer = Writer(path, policy)
        opened.push_async_callback(writer.close)
        drafts = StateThread(path, "rounds")
        opened.push_async_callback(drafts.close)
        service = FederationService(state, writer, policy, metrics)
        patience = Patience(service.caller, policy.limits, metrics)
        most = connections(raise_limit())
        server, health = _server(service, listening.reflection, patience, most)
        port = _bind(server, listening.address, renewal)
        metrics_port = await opened.enter_async_context(exposed(listening.metrics, metrics.registry))
        dropped = await writer.do(lambda state: state.serves_with(policy.kept, policy.fewest, policy.follows))
        if dropped:
            structlog.get_logger().warning("updates dropped: they were lent, and may be elsewhere", updates=dropped)
        await server.start()
        await health.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
        on_ready(Serving(port, metrics_port, dropped))
        structlog.get_logger().info(
            "serving", port=port, metrics_port=metrics_port, version=version, versions_from=policy.versions_from
        )
        renewals = [renewal.run(lambda at: writer.do(lambda state: state.serves_until(at)))] if renewal else []
        rounds = _rounds(state, drafts, writer, Aggregator(policy, metrics, holdout), stop)
        tasks = _tasks(writer.run(), rounds, _note_seen(service), _count_devices(state, metrics), *renewals)
        await asyncio.wait([*_tasks(stop.wait()), *tasks], return_when=asyncio.FIRST_COMPLETED)
        stop.set()  # no draft is finished for nobody
        structlog.get_logger().info("draining", seconds=DRAIN_S)
        await health.enter_graceful_shutdown()
        await server.stop(DRAIN_S)
        await _ended(tasks)
        await service.note_seen()
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

    async def List(self, request: object, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "ask with Check")


def _server(
    service: FederationService, reflection: bool, patience: Patience, most_connections: int
) -> tuple[grpc.aio.Server, HealthServicer]:
    server = grpc.aio.server(
        interceptors=[patience],
        options=(
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_BYTES),
            ("grpc.compression_enabled_algorithms_bitset", 1),  # none: what is small may not become large
            ("grpc.max_concurrent_streams", 16),
            # Who connects has said hello within seconds, and calls within some more; the rest make room.
            ("grpc.server_handshake_timeout_ms", HELLO_MS),
            ("grpc.http2.settings_timeout", HELLO_MS),
            ("grpc.max_connection_idle_ms", IDLE_MS),
            ("grpc.max_allowed_incoming_connections", most_connections),
            # A stream whose answer is never taken is open for as long as its connection.
            ("grpc.max_connection_age_ms", AGE_MS),
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
    if reflection:
        from grpc_reflection.v1alpha.reflection import SERVICE_NAME, enable_server_reflection

        enable_server_reflection((SERVICE, SERVICE_NAME), server)
    return server, health


def _bind(server: grpc.aio.Server, address: str, renewal: Renewal | None) -> int:
    try:
        if renewal is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, renewal.credentials())
    except RuntimeError as error:
        what = "cannot listen on {address}; is it taken?"
        raise UsageError("cannot-listen", what, address=address) from error


async def _rounds(
    state: State, drafts: StateThread, writer: Writer, aggregator: Aggregator, stop: asyncio.Event
) -> None:
    """A round whenever one is due, drafted beside the calls; ever more rarely while they fail, whatever the cause.

    One that is scored at `stop` waits for the next start.
    """

    def stopped() -> SwipeflError | None:
        return Interrupted(signal.SIGTERM) if stop.is_set() else None

    wait_s = LOOK_S
    while True:
        try:
            aggregator.metrics.show_newest(state.versions.newest())
            if aggregator.is_due(state):
                with _timed(aggregator.metrics) as ended:
                    drafted = await drafts.do(partial(aggregator.draft, stop=stopped))
                    await writer.do(partial(aggregator.publish, drafted))
                    ended(drafted.made_by)
            wait_s = LOOK_S
        except VersionConflict:  # an owner was faster, or a device left: another draft, and at once
            continue
        except Interrupted:
            return
        except Exception as error:  # none of them ends the calls
            wait_s = min(2 * wait_s, LONGEST_REST_S)
            _log_failed(error, wait_s)
        await asyncio.sleep(wait_s)


@contextmanager
def _timed(metrics: Metrics) -> Iterator[Callable[[str], None]]:
    """Counts how long a round takes; what is given is told what came of it, unless it fails."""
    began, outcomes = time.perf_counter(), ["failed"]
    try:
        yield outcomes.append
    except VersionConflict:
        outcomes.append("superseded")
        raise
    except Interrupted:
        outcomes.append("interrupted")
        raise
    finally:
        metrics.rounds.labels(outcomes[-1]).observe(time.perf_counter() - began)


def _log_failed(error: Exception, again_in_s: float) -> None:
    if isinstance(error, SwipeflError):  # such as a full disk; the updates wait on
        structlog.get_logger().error("round failed", reason=str(error), code=error.code, again_in_s=again_in_s)
    else:
        log_bug(error, again_in_s=again_in_s)


async def _count_devices(state: State, metrics: Metrics) -> None:
    while True:
        with suppress(SwipeflError):
            metrics.show_devices(state.devices.by_state())
            _show_followed(state, metrics)
        await asyncio.sleep(COUNT_S)


def _show_followed(state: State, metrics: Metrics) -> None:
    with state.reading():
        followed, lent = state.contributions.followed(), state.contributions.lent()
        came_at = state.served_with("node_came_at")
    metrics.show_followed(followed.version if followed else 0, len(lent), came_at or 0)


async def _note_seen(service: FederationService) -> None:
    while True:
        await asyncio.sleep(SEEN_S)
        with suppress(SwipeflError):  # in some seconds, another try
            await service.note_seen()
