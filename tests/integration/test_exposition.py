"""/metrics: what Prometheus gets, and who may keep it from that."""

import asyncio
import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from swipefl.federation.coordinator.exposition import MOST_HEAD, MOST_VISITS, Exposition
from tests.support.coordinator import Coordinator
from tests.support.waiting import LONG_S


@pytest.fixture
def visit(collecting: Coordinator) -> Iterator[socket.socket]:
    """A connection to /metrics."""
    at = urlsplit(collecting.metrics_url)
    with socket.create_connection((at.hostname, at.port), timeout=LONG_S) as connection:
        yield connection


def all_of(connection: socket.socket) -> bytes:
    """What is said until it is hung up."""
    said = b""
    try:
        while part := connection.recv(65_536):
            said += part
    except ConnectionResetError:
        pass
    return said


def asked(running: Coordinator, method: str, path: str = "/metrics") -> tuple[int, str, str]:
    """The status, the type and the text of an answer."""
    at = urlsplit(running.metrics_url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=LONG_S)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.headers.get("Content-Type", ""), answer.read().decode()


def test_prometheus_can_read_it(collecting: Coordinator) -> None:
    status, kind, text = asked(collecting, "GET")
    assert (status, kind.partition(";")[0]) == (200, "text/plain")
    assert {"swipefl_version", "swipefl_updates"} <= {family.name for family in text_string_to_metric_families(text)}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_there_is_nothing_but_to_be_read(collecting: Coordinator, method: str) -> None:
    assert asked(collecting, method) == (405, "", "")


@pytest.mark.parametrize(
    "said",
    [b"", b"\r\n", b"GET /metrics HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX: " + b"x" * 2 * MOST_HEAD, b"\x16\x03\x01\x02"],
)
def test_who_asks_nothing_is_hung_up_on(collecting: Coordinator, visit: socket.socket, said: bytes) -> None:
    visit.sendall(said)
    assert all_of(visit) == b""
    assert asked(collecting, "GET")[0] == 200


def test_silent_visits_keep_nobody_out_and_hold_nothing(collecting: Coordinator) -> None:
    at = urlsplit(collecting.metrics_url)
    with ExitStack() as stack:
        for _ in range(20 * MOST_VISITS):
            stack.enter_context(socket.create_connection((at.hostname, at.port), timeout=LONG_S))
        assert asked(collecting, "GET")[0] == 200


def test_of_many_silent_visits_only_the_newest_stay_open() -> None:
    async def visited() -> None:
        exposition = Exposition(CollectorRegistry(), answer_s=10 * LONG_S)
        async with await asyncio.start_server(exposition.answer, "127.0.0.1", 0, backlog=10 * MOST_VISITS) as server:
            port = server.sockets[0].getsockname()[1]
            visits = [await asyncio.open_connection("127.0.0.1", port) for _ in range(10 * MOST_VISITS)]
            async with asyncio.timeout(LONG_S):
                for reader, _ in visits[:-MOST_VISITS]:
                    with suppress(ConnectionResetError):
                        assert await reader.read() == b""
            assert not any(reader.at_eof() or reader.exception() for reader, _ in visits[-MOST_VISITS:])
            for _, writer in visits:
                writer.transport.abort()

    asyncio.run(visited())
