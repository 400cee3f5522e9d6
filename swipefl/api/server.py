"""The server: one process of uvicorn, until a signal ends it."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import structlog
import uvicorn

from swipefl.api.app import PAGE, app_of
from swipefl.api.door import Door
from swipefl.api.guarding import guarded
from swipefl.api.guards.heads import MOST_HEAD
from swipefl.api.guards.origins import Origin
from swipefl.api.linking import code_of
from swipefl.api.listening import Listening, reachable
from swipefl.api.protocol import Patience, PatientProtocol
from swipefl.api.token import NAME as TOKEN_FILE
from swipefl.api.token import token_in
from swipefl.federation.coordinator.descriptors import connections, raise_limit
from swipefl.federation.protocol.address import Address
from swipefl.library.device import Device

__all__ = ["TOKEN_FILE", "Serving", "serve"]

DRAIN_S = 20  # what running requests are given when the server is to end
LAST_CALL_S = 0.3  # before connections on which nothing runs are closed: a request may be on its way
HELLO_S = 5.0  # for the beginning of TLS
GOODBYE_S = 5.0  # for its end


@dataclass(frozen=True)
class Serving:
    """A server that listens: where, and the link to its page for who has no token yet; that is never to be logged."""

    address: Address
    url: str
    link: str = field(repr=False)

    @property
    def code(self) -> list[tuple[str, int]]:
        """The link for a phone's camera: lines for a terminal that has colours, and how many cells each takes."""
        return code_of(self.link)


def serve(
    device: Device,
    listening: Listening,
    origins: Sequence[str] = (),
    token_file: Path | None = None,
    on_ready: Callable[[Serving], None] = lambda at: None,
) -> None:
    """Serves a device's page and API until SIGINT or SIGTERM; what was accepted is finished.

    Who asks needs the token of the `token_file`, if that is said; pages of these `origins` may ask too. Raises
    UsageError for what is no origin, a token that others know, and an address that cannot be used.
    """
    token = None if token_file is None else token_in(token_file)
    named = tuple(map(Origin.parse, origins))
    door = Door(connections(raise_limit()))
    sockets = [door.opened(bound) for bound in listening.sockets()]
    port = sockets[0].getsockname()[1]
    app = app_of(device)
    config = uvicorn.Config(
        guarded(app, listening, named, token, open_paths()),
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MOST_HEAD,
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        timeout_keep_alive=Patience.rest_s,
        timeout_graceful_shutdown=DRAIN_S,
    )
    server = _Server(config, door, lambda: on_ready(_serving(listening, port, token)))
    asyncio.run(server.serve(sockets))


def _serving(listening: Listening, port: int, token: str | None) -> Serving:
    host = listening.address.host
    url = f"{listening.scheme}://{Address(reachable(host), port)}/"
    return Serving(Address(host, port), url, url if token is None else f"{url}#token={token}")


def open_paths() -> list[str]:
    """What nobody needs a token for: the page's own files, which come with swipefl, and whether it is well."""
    files = (file.relative_to(PAGE).as_posix() for file in PAGE.rglob("*") if file.is_file())
    return ["/", "/health/live", "/health/ready", *(f"/{file}" for file in files)]


class _Server(uvicorn.Server):
    """uvicorn's, with patience that ends; a signal ends it like any other end."""

    def __init__(self, config: uvicorn.Config, door: Door, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._door = door
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        made = partial(
            PatientProtocol,
            self._door,
            Patience(),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        tls: dict[str, Any] = {}
        if self.config.ssl:
            tls = {"ssl": self.config.ssl, "ssl_handshake_timeout": HELLO_S, "ssl_shutdown_timeout": GOODBYE_S}
        loop = asyncio.get_running_loop()
        self.servers = [await loop.create_server(made, sock=each, **tls) for each in sockets or ()]
        self.started = True
        self._on_ready()
        structlog.get_logger().info("serving")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        structlog.get_logger().info("draining", seconds=DRAIN_S)
        for server in self.servers:
            server.close()
        self.server_state.default_headers.append((b"connection", b"close"))
        await asyncio.sleep(LAST_CALL_S)
        await super().shutdown(sockets)
        structlog.get_logger().info("stopped")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends with exit code 0, as a coordinator does: uvicorn would raise the signal again."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.handle_exit, signum, None)
        yield
