"""Jobs of `swipefl serve`: one at a time, watched by anybody, cancelled, killed, and gone with the server."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from swipefl.database.lock import hold
from tests.support.command import SHORT, environment
from tests.support.serving import Serving, client, serving
from tests.support.swipes import GOOD, gesture
from tests.support.waiting import LONG_S, wait_until

OVER = ("done", "failed", "cancelled")
PATIENT_S = 10 * LONG_S
LONG = {"SWIPEFL_EPOCHS": "1000", "SWIPEFL_CONTRIBUTION_EPOCHS": "1000"}  # nobody waits for its end


def home_of_swipes(folder: Path, count: int = 40) -> Path:
    """A home with some swipes in it."""
    home = folder / "home"
    home.mkdir(parents=True)
    subprocess.run(
        [sys.executable, "-m", "swipefl", "ingest", "-"],
        input=b"".join(GOOD[:count]),
        env=environment(home, SWIPEFL_LANGUAGES="en"),
        check=True,
        capture_output=True,
    )
    return home


@pytest.fixture
def short(tmp_path: Path) -> Iterator[httpx.Client]:
    """A server whose jobs take some seconds."""
    with serving(home_of_swipes(tmp_path), SWIPEFL_LANGUAGES="en", **SHORT) as at, client(at) as api:
        yield api


@pytest.fixture
def long(tmp_path: Path) -> Iterator[tuple[Serving, httpx.Client]]:
    """A server whose jobs end when they are told to."""
    with serving(home_of_swipes(tmp_path), SWIPEFL_LANGUAGES="en", **LONG) as at, client(at) as api:
        yield at, api


def job(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.raise_for_status().json()["job"]
    return found


def ended(api: httpx.Client, id: str) -> dict[str, Any]:
    """The job once it is over; it gives way to all else, so beside other work that may take minutes."""
    wait_until(lambda: job(api.get(f"jobs/{id}"))["state"] in OVER, seconds=PATIENT_S)
    return job(api.get(f"jobs/{id}"))


Event = tuple[str, dict[str, Any]]


def told(api: httpx.Client, id: str) -> Iterator[Event]:
    """What is told of a job until its end, as it comes."""
    with api.stream("GET", f"jobs/{id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in stream.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


class Watcher(threading.Thread):
    """Somebody who watches a job; `names` are the events that came, the first of which has come."""

    def __init__(self, at: Serving, id: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self._events = (at, id)
        self.start()
        wait_until(lambda: self.names)

    def run(self) -> None:
        at, id = self._events
        with client(at) as api:
            for name, _ in told(api, id):
                self.names.append(name)


def wait_until_it_works(api: httpx.Client) -> None:
    """Returns when the process of the job holds the home, and trains."""
    wait_until(lambda: job(api.get("jobs/current"))["progress"], seconds=PATIENT_S)


def process_of_job(at: Serving) -> int:
    """The process that trains: begun by the server, and no tracker of resources."""

    def found() -> list[int]:
        children = Path(f"/proc/{at.process.pid}/task").glob("*/children")
        pids = [int(pid) for listed in children for pid in listed.read_text().split()]
        return [pid for pid in pids if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    wait_until(found)
    return found()[0]


def is_deaf(pid: int, signum: int) -> bool:
    """Whether a process has a signal blocked."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.split("SigBlk:")[1].split()[0], 16) & 1 << (signum - 1))


def is_gone(pid: int) -> bool:
    """Whether a process is no more, or only its exit code is."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_training_is_watched_to_its_end_and_what_it_made_is_used(short: httpx.Client) -> None:
    assert short.get("jobs/current").json() == {"job": None}
    begun = job(short.post("train"))
    assert (begun["kind"], begun["state"], begun["report"]) == ("train", "running", None)
    names, jobs = zip(*told(short, begun["id"]), strict=True)
    assert names[0] == "progress"
    assert names.count("end") == 1
    last = jobs[-1]
    assert last["state"] == "done"
    assert last["progress"]["done"] == last["progress"]["total"]
    assert last["report"]["examples"] > 10
    assert last["finished_at"] >= last["started_at"]
    assert job(short.get("jobs/current")) == last == job(short.get(f"jobs/{begun['id']}"))
    assert list(told(short, begun["id"])) == [("end", last)]  # for who comes late
    assert len(short.get("models").json()["models"]) == last["report"]["adopted"]


def test_a_night_tells_of_its_rounds(short: httpx.Client) -> None:
    begun = job(short.post("cycle", json={"rounds": 1}))
    names, jobs = zip(*told(short, begun["id"]), strict=True)
    assert "round" in names
    report = jobs[-1]["report"]
    assert [one["round"] for one in report["rounds"]] == [1]
    assert report["sync"] is None
    assert short.get("stats").json()["rounds"]
    again = ended(short, job(short.post("cycle", json={}))["id"])
    assert again["report"]["rounds"][-1]["skipped"]


def test_a_job_that_has_too_little_says_so(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as at, client(at) as api:
        over = ended(api, job(api.post("train"))["id"])
        assert over["state"] == "failed"
        assert (over["problem"]["kind"], over["problem"]["exit_code"]) == ("data", 3)


def test_there_is_one_at_a_time_and_it_can_be_cancelled(long: tuple[Serving, httpx.Client]) -> None:
    _, api = long
    begun = job(api.post("train"))
    for path in ("train", "cycle"):
        second = api.post(path, json={})
        assert (second.status_code, second.json()["code"], second.json()["kind"]) == (409, "job-runs", "busy")
    wait_until_it_works(api)
    for path, body in (("forget", {"everything": True}), ("models/use", {"to": "base"})):
        held = api.post(path, json=body)
        assert (held.status_code, held.json()["code"]) == (409, "held")
    assert api.post("predict", json=gesture()).status_code == 200  # nothing else waits for it
    assert api.post("swipes", json=gesture()).status_code == 202
    assert job(api.delete(f"jobs/{begun['id']}"))["id"] == begun["id"]
    assert ended(api, begun["id"])["state"] == "cancelled"
    assert job(api.delete(f"jobs/{begun['id']}"))["state"] == "cancelled"
    assert api.delete("jobs/0000000000000000").status_code == 404
    assert api.post("forget", json={"everything": True}).json()["erased"] > 1


def test_every_job_of_a_server_hears_that_it_is_to_end(long: tuple[Serving, httpx.Client]) -> None:
    """Signals are blocked while one is started, and what is started inherits that."""
    at, api = long
    for _ in range(2):
        begun = job(api.post("train"))
        pid = process_of_job(at)
        wait_until_it_works(api)
        assert not is_deaf(pid, signal.SIGTERM)
        api.delete(f"jobs/{begun['id']}")
        assert ended(api, begun["id"])["state"] == "cancelled"


def test_many_watch_and_those_who_go_away_cost_nothing(long: tuple[Serving, httpx.Client]) -> None:
    at, api = long
    id = job(api.post("train"))["id"]
    watchers = [Watcher(at, id) for _ in range(10)]
    for _ in range(20):
        with api.stream("GET", f"jobs/{id}/events") as stream:
            next(stream.iter_lines())
    api.delete(f"jobs/{id}")
    for watcher in watchers:
        watcher.join(LONG_S)
    assert all(watcher.names[-1] == "end" and watcher.names.count("end") == 1 for watcher in watchers)
    assert api.get("stats").status_code == 200


def test_a_job_that_is_killed_has_failed_and_the_next_may_begin(long: tuple[Serving, httpx.Client]) -> None:
    at, api = long
    begun = job(api.post("train"))
    os.kill(process_of_job(at), signal.SIGKILL)
    over = ended(api, begun["id"])
    assert over["state"] == "failed"
    assert (over["problem"]["code"], over["problem"]["kind"]) == ("process-lost", "store")
    assert job(api.post("train"))["state"] == "running"
    assert api.get(f"jobs/{begun['id']}").status_code == 200


def test_it_gives_way_to_all_else(long: tuple[Serving, httpx.Client]) -> None:
    at, api = long
    api.post("train").raise_for_status()
    pid = process_of_job(at)
    wait_until(lambda: os.getpriority(os.PRIO_PROCESS, pid) == 19)
    assert os.getpriority(os.PRIO_PROCESS, at.process.pid) < 19


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_server(long: tuple[Serving, httpx.Client], signum: int) -> None:
    at, api = long
    id = job(api.post("train"))["id"]
    pid = process_of_job(at)
    wait_until_it_works(api)
    watcher = Watcher(at, id) if signum == signal.SIGTERM else None
    at.process.send_signal(signum)
    at.process.wait(LONG_S)
    wait_until(lambda: is_gone(pid))
    if watcher:
        watcher.join(LONG_S)
        assert at.process.returncode == 0
        assert watcher.names[-1] == "end"


def test_a_run_of_the_command_line_is_not_disturbed(long: tuple[Serving, httpx.Client]) -> None:
    at, api = long
    with hold(at.home):
        held = api.post("train")
        assert (held.status_code, held.json()["code"], held.json()["kind"]) == (409, "held", "busy")
        assert held.json()["exit_code"] == 8
        assert api.get("jobs/current").json() == {"job": None}
    api.post("train").raise_for_status()
    pid = process_of_job(at)
    wait_until_it_works(api)
    command = [sys.executable, "-m", "swipefl", "train", "--json"]
    done = subprocess.run(command, env=environment(at.home), capture_output=True, check=False, timeout=LONG_S)
    assert done.returncode == 8
    assert str(pid) in done.stderr.decode()
