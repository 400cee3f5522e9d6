"""The server: one process of uvicorn, until a signal ends it."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
import uvicorn
from starlette.types import ASGIApp

from swipefl.api.app import app_of
from swipefl.api.guards.headers import SecurityHeaders
from swipefl.api.guards.hosts import HostGuard
from swipefl.api.listening import Listening
from swipefl.federation.protocol.address import Address
from swipefl.library.device import Device

DRAIN_S = 20  # what running requests are given when the server is to end


@dataclass(frozen=True)
class Serving:
    """A server that listens: where, and the link to its page."""

    address: Address
    url: str


def serve(device: Device, listening: Listening, on_ready: Callable[[Serving], None] = lambda at: None) -> None:
    """Serves a device's page and API until SIGINT or SIGTERM; what was accepted is finished.

    Raises UsageError for an address that cannot be used.
    """
    sockets = listening.sockets()
    address = Address(listening.address.host, sockets[0].getsockname()[1])
    config = uvicorn.Config(
        _guarded(app_of(device), listening),
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        timeout_graceful_shutdown=DRAIN_S,
    )
    server = _Server(config, lambda: on_ready(Serving(address, f"{listening.scheme}://{address}/")))
    asyncio.run(server.serve(sockets))


class _Server(uvicorn.Server):
    """Says when it listens; a signal ends it like any other end."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()
        structlog.get_logger().info("serving", port=sockets[0].getsockname()[1] if sockets else None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        structlog.get_logger().info("draining", seconds=DRAIN_S)
        await super().shutdown(sockets)
        structlog.get_logger().info("stopped")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends with exit code 0, as a coordinator does: uvicorn would raise the signal again."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.handle_exit, signum, None)
        yield


def _guarded(app: ASGIApp, listening: Listening) -> ASGIApp:
    return SecurityHeaders(HostGuard(app, {"localhost", listening.address.host}, not listening.is_loopback))
