"""/metrics over HTTP for Prometheus; who connects and says nothing, or takes no answer, is hung up on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from swipefl.errors import Remedy, UsageError
from swipefl.federation.protocol.address import Address

ANSWER_S = 5.0  # for a whole visit; one takes milliseconds
MOST_VISITS = 16
MOST_HEAD = 8 * 1024  # bytes of a request


class Exposition:
    """Answers each visit with all that `registry` counts; where more than `MOST_VISITS` are open, the oldest ends."""

    def __init__(self, registry: CollectorRegistry, answer_s: float = ANSWER_S) -> None:
        self._registry = registry
        self._answer_s = answer_s
        self._open: list[asyncio.StreamWriter] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One visit, a GET of any path."""
        self._open.append(writer)
        if len(self._open) > MOST_VISITS:
            self._open.pop(0).transport.abort()  # its own end comes later: each newcomer ends another one
        try:
            with suppress(TimeoutError, OSError, EOFError, asyncio.LimitOverrunError):
                async with asyncio.timeout(self._answer_s):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._said(head))
                    writer.close()
                    await writer.wait_closed()
        finally:
            if writer in self._open:
                self._open.remove(writer)
            writer.transport.abort()

    def _said(self, head: bytes) -> bytes:
        if not head.startswith(b"GET "):
            return b"HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        body = generate_latest(self._registry)
        fields = f"Content-Type: {CONTENT_TYPE_LATEST}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        return f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + body


@asynccontextmanager
async def exposed(address: str | None, registry: CollectorRegistry) -> AsyncIterator[int | None]:
    """Serves /metrics at HOST:PORT inside the block, where there is one; gives the port. Raises UsageError."""
    if address is None:
        yield None
        return
    at = Address.parse(address, least_port=0)
    try:
        server = await asyncio.start_server(Exposition(registry).answer, at.host, at.port, limit=MOST_HEAD)
    except OSError as error:
        raise UsageError(
            "cannot-serve-metrics", "cannot serve metrics on {address}", Remedy.FREE_ADDRESS, address=address
        ) from error
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
