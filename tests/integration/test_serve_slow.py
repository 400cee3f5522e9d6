"""Who is slow or silent is hung up on, and keeps nobody from being served meanwhile."""

import json
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.support.serving import HTTP, Raw, Serving, impatient, raw, request, serving
from tests.support.swipes import GOOD
from tests.support.waiting import LONG_S, wait_until

JSON = "Content-Type: application/json"
PREDICT = request("POST", "/api/v1/predict", JSON, body=GOOD[0])
IDLE = 500


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One that waits a second for everything."""
    home = tmp_path_factory.mktemp("hasty")
    with impatient(home, head_s=1.0, body_s=1.0, answer_s=1.0, rest_s=1) as started:
        yield started


def is_served(serving: Serving) -> bool:
    """Whether somebody else gets a word for a swipe."""
    answer = HTTP.post(serving.url + "/api/v1/predict", content=GOOD[0], headers={"Content-Type": "application/json"})
    return bool(answer.json()["candidates"])


def dribbled(connection: Raw, data: bytes, serving: Serving) -> None:
    """Says it byte by byte, and over and over, until the other end has hung up."""
    connection.connected.settimeout(0.02)
    sent = 0
    while True:
        try:
            connection.connected.send(data[sent % len(data) :][:1])
            sent += 1
            if connection.connected.recv(65_536) == b"":
                return
        except TimeoutError:
            assert sent * 0.02 < LONG_S
        except OSError:
            return


SLOW: dict[str, Callable[[Raw, Serving], object]] = {
    "says nothing": lambda connection, serving: connection.is_hung_up(),
    "says half of a line": lambda connection, serving: (connection.say(b"GET / HT"), connection.is_hung_up()),
    "says a head field by field, without end": lambda connection, serving: (
        connection.say(b"GET / HTTP/1.1\r\nHost: localhost\r\n"),
        dribbled(connection, b"X: a\r\n", serving),
    ),
    "says a head byte by byte": lambda connection, serving: dribbled(
        connection, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10_000, serving
    ),
    "says half of a body": lambda connection, serving: (connection.say(PREDICT[:-100]), connection.is_hung_up()),
    "says a body byte by byte": lambda connection, serving: (
        connection.say(request("POST", "/api/v1/predict", JSON, "Content-Length: 100000")),
        dribbled(connection, b" ", serving),
    ),
    "says chunks byte by byte": lambda connection, serving: (
        connection.say(request("POST", "/api/v1/predict", JSON, "Transfer-Encoding: chunked")),
        dribbled(connection, b"1\r\n \r\n", serving),
    ),
    "says a body that nobody wants byte by byte": lambda connection, serving: (
        connection.say(request("POST", "/api/v1/nothing", "Origin: null", "Content-Length: 100000")),
        dribbled(connection, b" ", serving),
    ),
    "says nothing more behind its first request": lambda connection, serving: (
        connection.say(request("GET", "/health/live")),
        connection.is_hung_up(),
    ),
    "begins a second request and does not end it": lambda connection, serving: (
        connection.say(request("GET", "/health/live") + b"GET / HTTP/1.1\r\n"),
        connection.is_hung_up(),
    ),
}


@pytest.mark.parametrize("way", SLOW.values(), ids=SLOW)
def test_slow_and_silent_clients_are_hung_up_on(hasty: Serving, way: Callable[[Raw, Serving], object]) -> None:
    with raw(hasty, "127.0.0.8") as connection:
        assert is_served(hasty)
        way(connection, hasty)
    assert is_served(hasty)


def test_who_asks_and_takes_no_answer_is_hung_up_on(hasty: Serving) -> None:
    """Asks in one go for far more than a connection holds, and reads nothing."""
    asks = request("GET", "/api/v1/openapi.json") * 1000
    with socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.bind(("127.0.0.10", 0))
        silent.connect((hasty.host, hasty.port))
        silent.settimeout(0.05)

        def is_hung_up() -> bool:
            try:
                silent.send(asks)
            except TimeoutError:
                return False
            except OSError:
                return True
            return False

        wait_until(is_hung_up)
        assert is_served(hasty)


def test_with_the_patience_that_people_get_a_silent_one_is_hung_up_on_too(tmp_path: Path) -> None:
    with serving(tmp_path) as served, raw(served) as silent, raw(served) as halfway:
        halfway.say(PREDICT[:20])
        assert is_served(served)
        assert silent.is_hung_up()
        assert halfway.is_hung_up()


def test_exports_that_nobody_reads_keep_nobody_waiting_and_leave_nothing_open(tmp_path: Path) -> None:
    """Two of one client are read; what was broken off lets go of the store."""
    export = request("GET", "/api/v1/export")
    with serving(tmp_path) as served:
        wide = [{**json.loads(line), "width": 300 + n, "height": 200} for n in range(20) for line in GOOD]
        for at in range(0, len(wide), 100):
            assert HTTP.post(served.url + "/api/v1/swipes", json=wide[at : at + 100]).status_code == 202
        assert is_served(served)
        before = open_stores(served)
        for n in range(1, 8):
            with ExitStack() as opened:
                silent = [opened.enter_context(raw(served, f"127.0.3.{n}")) for _ in range(2)]
                for connection in silent:
                    connection.connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    connection.say(export)
                    assert connection.connected.recv(12) == b"HTTP/1.1 200"
                third = opened.enter_context(raw(served, f"127.0.3.{n}"))
                assert answered(third, export) == 503
                assert len(HTTP.get(served.url + "/api/v1/export").text.splitlines()) == len(wide)  # another client's
                assert is_served(served)
        wait_until(lambda: open_stores(served) <= before + 3)  # SQLite keeps some open while others have locks


def open_stores(serving: Serving) -> int:
    """How often the process has the store open."""
    found = 0
    for file in Path(f"/proc/{serving.process.pid}/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            found += "swipefl.db" in str(file.readlink())
    return found


def test_bodies_that_are_held_back_are_only_so_many(tmp_path: Path) -> None:
    """Of one client's; another is served, and so is that one once they are gone."""
    part = request("POST", "/api/v1/swipes", JSON, "Content-Length: 2000000") + b" " * 1_900_000
    with serving(tmp_path) as served:
        with ExitStack() as opened:
            held = [opened.enter_context(raw(served, "127.0.0.22")) for _ in range(9)]
            for connection in held:
                connection.say(part)
            refused, _, _ = select.select([connection.connected for connection in held], [], [], LONG_S)
            answer = Raw(refused[0]).answer()  # of whichever was read last
            assert answer
            assert (answer.status, answer.code) == (503, "too-busy")
            assert is_served(served)
        with raw(served, "127.0.0.22") as again:
            wait_until(lambda: answered(again, PREDICT) == 200)


def answered(connection: Raw, data: bytes) -> int:
    """The status of what is asked."""
    connection.say(data)
    answer = connection.answer()
    assert answer
    return answer.status


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One that may have few descriptors, and so takes few connections."""
    narrowed = ("sh", "-c", 'ulimit -n 300 && exec "$0" "$@"')
    with serving(tmp_path_factory.mktemp("narrow"), before=narrowed) as started:
        yield started


def test_500_idle_connections_keep_nobody_from_being_served(tmp_path: Path) -> None:
    with serving(tmp_path) as served, ExitStack() as idle:
        connections = [idle.enter_context(raw(served)) for _ in range(IDLE)]
        for connection in connections[::2]:  # some say something, some nothing
            connection.say(request("GET", "/health/live"))
        for connection in connections[::2]:
            answer = connection.answer()
            assert answer
            assert answer.status == 200
        assert is_served(served)


def test_more_connections_than_it_can_have_end_the_oldest_of_who_has_the_most(narrow: Serving) -> None:
    """Of 172 that fit, and a keyboard's stays."""
    with ExitStack() as idle, raw(narrow, "127.0.0.2") as keyboard:
        keyboard.say(request("GET", "/health/live"))
        assert keyboard.answer()
        many = [idle.enter_context(raw(narrow, "127.0.0.3")) for _ in range(400)]
        assert many[0].is_hung_up()
        many[-1].say(request("GET", "/health/live"))
        assert many[-1].answer()
        keyboard.say(PREDICT)
        answer = keyboard.answer()
        assert answer
        assert answer.status == 200
        assert is_served(narrow)
