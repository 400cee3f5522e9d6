"""Predictions over HTTP: how many a second when it is quiet, and how late they come while a training runs."""

import http.client
import json
import threading
import time
from contextlib import ExitStack
from itertools import count, cycle
from pathlib import Path

import numpy as np

from tests.support.serving import HTTP, Serving, serving
from tests.support.swipes import EXAMPLE, GOOD

CLIENTS = 4
QUIET_S = 8.0  # for how long it is asked as fast as it can answer
PACED = 400  # requests at a quarter of that rate
HEADERS = {"Content-Type": "application/json"}


def of_predictions(home: Path) -> dict[str, float]:
    """Rate and milliseconds when quiet; milliseconds at a quarter of that rate, quiet and while a training runs."""
    with serving(home, SWIPEFL_EPOCHS="1000") as served, ExitStack() as opened:
        swipes = [json.loads(line) for line in EXAMPLE.read_bytes().splitlines()]
        for at in range(0, len(swipes), 50):
            assert HTTP.post(served.url + "/api/v1/swipes", json=swipes[at : at + 50]).status_code == 202
        clients = [opened.enter_context(_Client(served, f"127.0.2.{n + 1}")) for n in range(CLIENTS)]
        for client in clients:
            client.milliseconds()
        rate = _rate(clients)
        quiet = _paced(clients, rate / 4)
        job = HTTP.post(served.url + "/api/v1/train").json()["job"]
        while HTTP.get(served.url + f"/api/v1/jobs/{job['id']}").json()["job"]["progress"] is None:
            time.sleep(0.1)
        for client in clients:
            client.rest()  # a machine that has much to do may take its time until a training begins
        busy = _paced(clients, rate / 4)
        assert HTTP.get(served.url + f"/api/v1/jobs/{job['id']}").json()["job"]["state"] == "running"
        HTTP.delete(served.url + f"/api/v1/jobs/{job['id']}")
    (p50, p99), (late50, late99) = (np.percentile(spent, [50, 99]).tolist() for spent in (quiet, busy))
    return {
        "requests_per_s": rate,
        "ms_p50": p50,
        "ms_p99": p99,
        "training_ms_p50": late50,
        "training_ms_p99": late99,
        "tail": late99 / p50,
    }


class _Client:
    """One connection, from an address of its own: how much one may ask is counted by that."""

    def __init__(self, served: Serving, source: str) -> None:
        self._connection = http.client.HTTPConnection(served.host, served.port, 60, (source, 0))
        self._lines = cycle(GOOD)

    def __enter__(self) -> "_Client":
        return self

    def __exit__(self, *raised: object) -> None:
        self._connection.close()

    def rest(self) -> None:
        """Hangs up before the server does, and connects anew."""
        self._connection.close()
        self.milliseconds()

    def milliseconds(self) -> float:
        """How long one prediction took."""
        began = time.perf_counter()
        self._connection.request("POST", "/api/v1/predict", next(self._lines), HEADERS)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return (time.perf_counter() - began) * 1e3


def _rate(clients: list[_Client]) -> float:
    """Answers a second, where each client asks again as soon as it was answered."""
    numbers, end = count(), time.perf_counter() + QUIET_S

    def ask(client: _Client) -> None:
        while time.perf_counter() < end:
            client.milliseconds()
            next(numbers)

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return next(numbers) / QUIET_S


def _paced(clients: list[_Client], rate: float) -> list[float]:
    """Milliseconds of requests that come evenly; what comes late because another was late counts from its time on."""
    spent, began = [], time.perf_counter()
    for number, client in zip(range(PACED), cycle(clients), strict=False):
        due = began + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        late = (time.perf_counter() - due) * 1e3
        spent.append(late + client.milliseconds())
    return spent
