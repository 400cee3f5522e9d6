"""How the server begins and ends."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import structlog
import uvicorn

DRAIN_S = 20  # what running requests are given when the server is to end
LAST_CALL_S = 0.3  # before connections on which nothing runs are closed: a request may be on its way
HELLO_S = 5.0  # for the beginning of TLS
GOODBYE_S = 5.0  # for its end


class Running(uvicorn.Server):
    """uvicorn's, of which each connection is what `protocol` makes; a signal ends it like any other end.

    `on_ready` is called when it listens, `on_end` when it is to end: whatever streams for long must end by that.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        protocol: Callable[..., asyncio.Protocol],
        on_ready: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._protocol = protocol
        self._on_ready = on_ready
        self._on_end = on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Takes connections, for whose TLS it does not wait as long as uvicorn would."""
        made = partial(
            self._protocol, config=self.config, server_state=self.server_state, app_state=self.lifespan.state
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
        """Takes no more connections; answers what was asked, also what is on its way, and says that it closes."""
        structlog.get_logger().info("draining", seconds=DRAIN_S)
        for server in self.servers:
            server.close()
        self._on_end()
        self.server_state.default_headers.append((b"connection", b"close"))
        await asyncio.sleep(LAST_CALL_S)
        await super().shutdown(sockets)
        structlog.get_logger().info("stopped")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends with exit code 0, as a coordinator does: uvicorn would raise the signal again."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # the last where its terminal is closed
            if signal.getsignal(signum) is not signal.SIG_IGN:  # as `nohup` has it
                loop.add_signal_handler(signum, self.handle_exit, signum, None)
        yield
