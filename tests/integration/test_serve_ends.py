"""How a server ends: killed outright or asked to, what it has said yes to is kept, and what was asked is answered."""

import http.client
import json
import signal
import threading
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

import pytest

from tests.support.command import swipefl
from tests.support.processes import heard
from tests.support.serving import Serving, raw, request, serving
from tests.support.swipes import GOOD
from tests.support.waiting import LONG_S, wait_until

STORMERS = 6
ENOUGH = 60  # swipes that were said yes to, before it is killed


def another(number: int) -> dict[str, object]:
    """A swipe that none is like."""
    swipe = json.loads(GOOD[number % len(GOOD)])
    width = swipe["width"] + 1 + number // len(GOOD)
    return {**swipe, "gesture_id": f"s{number}", "width": width}


def storm(serving: Serving, source: str, numbers: "count[int]", taken: list[str]) -> None:
    """Sends swipe after swipe until nobody answers; `taken` are those that the server said are stored."""
    connection = http.client.HTTPConnection(serving.host, serving.port, LONG_S, (source, 0))
    with suppress(OSError, http.client.HTTPException):
        while True:
            swipe = another(next(numbers))
            connection.request("POST", "/api/v1/swipes", json.dumps(swipe), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = json.loads(answer.read())
            if answer.status == 202:
                assert said["stored"] == 1
                taken.append(str(swipe["gesture_id"]))


def stored(home: Path) -> set[str]:
    """The ids of what is in a store."""
    done = swipefl(home, "export")
    assert done.code == 0, done.err
    return {line["gesture_id"] for line in map(json.loads, done.out.splitlines()) if "gesture_id" in line}


def test_killed_in_a_storm_it_has_every_swipe_that_it_said_yes_to(tmp_path: Path) -> None:
    taken: list[str] = []
    with serving(tmp_path) as served:
        numbers = count()
        sources = [f"127.0.1.{n}" for n in range(1, STORMERS + 1)]
        stormers = [threading.Thread(target=storm, args=(served, source, numbers, taken)) for source in sources]
        for stormer in stormers:
            stormer.start()
        wait_until(lambda: len(taken) >= ENOUGH)
        served.process.kill()
        for stormer in stormers:
            stormer.join(LONG_S)
    assert len(taken) >= ENOUGH
    assert set(taken) <= stored(tmp_path)
    with serving(tmp_path) as again:  # and it goes on
        storm_once: list[str] = []
        stormer = threading.Thread(target=storm, args=(again, "127.0.1.1", count(10_000), storm_once))
        stormer.start()
        wait_until(lambda: storm_once)
        again.process.terminate()
        stormer.join(LONG_S)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_asked_to_end_it_answers_what_was_asked_and_takes_no_more(tmp_path: Path, signum: int) -> None:
    with heard(signum), serving(tmp_path) as served, ExitStack() as opened:
        connections = [opened.enter_context(raw(served, f"127.0.1.{n}")) for n in range(1, 21)]
        for connection in connections:
            connection.say(request("GET", "/health/live"))
            assert connection.answer()
        batches = [[another(20 * n + m) for m in range(20)] for n in range(len(connections))]
        for connection, batch in zip(connections, batches, strict=True):
            body = json.dumps(batch).encode()
            connection.say(request("POST", "/api/v1/swipes", "Content-Type: application/json", body=body))
        served.process.send_signal(signum)
        for connection in connections:
            answer = connection.answer()
            assert answer
            assert (answer.status, json.loads(answer.body)["stored"]) == (202, 20)
            assert connection.is_hung_up()
        assert served.process.wait(LONG_S) == 0
        with pytest.raises(OSError, match="refused"), raw(served):
            pass
    assert len(stored(tmp_path)) == sum(map(len, batches))


def test_who_is_idle_or_takes_no_answer_keeps_it_from_no_end(tmp_path: Path) -> None:
    with serving(tmp_path) as served, raw(served) as idle, raw(served) as halfway:
        idle.say(request("GET", "/health/live"))
        assert idle.answer()
        halfway.say(b"GET / HTTP/1.1\r\n")
        served.process.terminate()
        assert idle.is_hung_up()
        assert halfway.is_hung_up()
        assert served.process.wait(LONG_S) == 0
