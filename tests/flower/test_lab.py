"""Devices that are nodes themselves, in real processes: they learn from each other, and a kill costs nothing."""

import json
from pathlib import Path
from typing import Any

from swipefl.store.store import Store
from tests.support.command import swipefl
from tests.support.federated import Federated, make_project
from tests.support.people import examples
from tests.support.stores import put
from tests.support.superlink import LONG_LOST_S, kill, named, superlink
from tests.support.waiting import wait_until

NAMES = ("ada", "ben")
ROUNDS = 2


def status_of(home: Path) -> dict[str, Any]:
    return dict(json.loads(swipefl(home, "status", "--json").out))


def test_devices_are_nodes_and_one_that_is_killed_while_it_works_takes_part_again(tmp_path: Path) -> None:
    make_project(tmp_path, ROUNDS, nodes="devices")
    for seed, name in enumerate(NAMES):
        with Store(tmp_path / name / "swipefl.db") as store:
            put(store, examples(60, seed))
    with superlink(tmp_path / "link") as link:
        nodes = [link.start_node(name, tmp_path / name) for name in NAMES]
        wait_until(lambda: all("SuperNode ID" in node.log() for node in nodes), "two SuperNodes", seconds=LONG_LOST_S)
        lab = Federated(tmp_path, link, {})
        with lab.begin() as running:
            wait_until(lambda: lab.lines() or running.poll() is not None, "a round", seconds=5 * LONG_LOST_S)
            pid = nodes[0].process.pid
            wait_until(lambda: named(pid, "flwr-clientapp") or running.poll() is not None, "work", seconds=LONG_LOST_S)
            for each in named(pid, "flwr-clientapp"):
                kill(each)
            out, err = running.communicate(timeout=10 * LONG_LOST_S)
    assert running.returncode == 0, err + link.service.log()[-5000:]
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["version"], line["updates"], line["coordinators"]) for line in lines] == [(2, 2, 2), (3, 2, 2)]
    for name in NAMES:
        status = status_of(tmp_path / name)
        assert status["node"]["version"] == 1 + ROUNDS
        assert [each["outcome"] for each in status["left"]] == ["sent"] * len(status["left"])
        assert len(status["left"]) >= ROUNDS
        assert [each["kind"] for each in status["checkpoints"]] == ["global"] * ROUNDS
        assert all(each["verdict"] is not None for each in status["checkpoints"])
