"""Rounds between coordinators, with a real SuperLink and real SuperNodes: what counts, who may come, who is away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.federation.make_certificate import write as write_certificate
from tests.support.command import swipefl
from tests.support.federated import EACH, NAMES, Federated, federated, make_project, set_config
from tests.support.interface import ROUNDS
from tests.support.superlink import LONG_LOST_S, Service
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federated]:
    """Two coordinators with Flower between them."""
    with federated(tmp_path_factory.mktemp("federated"), rounds=1) as running:
        yield running


def test_all_that_waits_goes_into_one_version_everywhere(two: Federated) -> None:
    for name in NAMES:
        two.give(name)
    (line,) = two.run()
    assert (line["version"], line["coordinators"], line["updates"]) == (2, 2, 2 * EACH)
    assert line.keys() == ROUNDS[0].keys()
    newest = set()
    for name in NAMES:
        assert (two.consumed(name), two.waiting(name)) == (EACH, 0)
        with two.coordinators[name].state() as state:
            newest.add(state.versions.newest().fingerprint)
    assert len(newest) == 1
    assert two.run() == [line]  # it is done, and says so again

    set_config(two.folder / "project", rounds=2)
    for name in NAMES:
        two.give(name)
    assert [each["version"] for each in two.run()] == [2, 3]
    assert [two.consumed(name) for name in NAMES] == [2 * EACH] * 2


def test_a_coordinator_that_is_away_is_waited_for_and_what_its_devices_gave_counts_then(two: Federated) -> None:
    before = [two.consumed(name) for name in NAMES]
    set_config(two.folder / "project", rounds=3)
    node = two.link.nodes["south"]
    node.stop()
    for name in NAMES:
        two.give(name)
    running = two.begin()
    log = two.link.service
    wait_until(lambda: "Created run" in log.log(), "a run")
    again = Service(two.link.node_command("south", two.folder / "south"), two.link.env, two.folder / "again.log")
    try:
        out, err = running.communicate(timeout=5 * LONG_LOST_S)
        assert running.returncode == 0, err
        assert '"version": 4,' in out
        assert [two.consumed(name) for name in NAMES] == [count + EACH for count in before]
    finally:
        two.link.nodes["south"] = again


def test_who_runs_it_trusts_no_other_certificate(two: Federated, tmp_path: Path) -> None:
    write_certificate(tmp_path)
    project, other = str(two.folder / "project"), str(tmp_path / "cert.pem")
    done = swipefl(tmp_path, "flower", "run", project, "--superlink", two.link.address, "--ca", other)
    assert (done.code, done.out) == (2, "")
    assert "cannot be trusted" in done.err
    assert "is not of the authority" in done.err


def test_a_superlink_that_is_not_there_is_an_error_at_once(two: Federated, tmp_path: Path) -> None:
    done = swipefl(tmp_path, "flower", "run", str(two.folder / "project"), "--superlink", "127.0.0.1:1", "--insecure")
    assert (done.code, done.out) == (6, "")
    assert "127.0.0.1:1" in done.err


def test_a_project_whose_numbers_make_no_sense_is_an_error_that_says_which(two: Federated, tmp_path: Path) -> None:
    make_project(tmp_path, rounds=1, strategy="fedfoo")
    set_config(tmp_path / "project", folder=str(tmp_path / "versions"))
    at = ("--superlink", two.link.address, "--ca", str(two.link.ca))
    done = swipefl(tmp_path, "flower", "run", str(tmp_path / "project"), *at)
    assert (done.code, done.out) == (2, ""), done.err
    assert "fedfoo" in done.err
