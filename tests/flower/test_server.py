"""Rounds of coordinators on a grid without processes: what is made and refused, and how it goes on after a kill."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flwr.app import Array, ConfigRecord, Error, Message, MetricRecord, RecordDict
from structlog.testing import capture_logs

from swipefl.decoder.checkpoint import Checkpoint, checkpoint_from_bytes
from swipefl.errors import CheckpointError, StoreBusy, StoreError, UsageError
from swipefl.federation.coordinator import lending
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.status import status_of
from swipefl.federation.protocol.signing import name_of, signed_manifest
from swipefl.federation.wire.v1.federation_pb2 import Manifest
from swipefl.flower import checkpoints, rounds
from swipefl.flower.checkpoints import Folder, Line
from swipefl.flower.project import FlowerNodes
from swipefl.flower.records import Given, judged, nothing
from swipefl.flower.rounds import ASK_S, LACKS_UPDATES, Course, bounded
from swipefl.flower.strategies import Choice
from swipefl.flower.waiting import Waiting
from tests.support.flower_nodes import FEDAVG, City, Nodes, Time, city_in, run
from tests.support.lending import FOLLOWING, marked
from tests.support.states import SMALL


class Killed(BaseException):
    """The process is gone."""


def made(folder: Folder) -> Checkpoint:
    newest = folder.newest()
    assert newest
    return newest[0].model


def included(folder: Folder) -> dict[str, str]:
    newest = folder.newest()
    assert newest
    return dict(newest[0].included)


@pytest.fixture
def cities(tmp_path: Path) -> dict[int, City]:
    return {7: city_in(tmp_path / "one", 1), 8: city_in(tmp_path / "two", 2, devices=3)}


def test_rounds_are_the_mean_of_all_devices(tmp_path: Path, cities: dict[int, City]) -> None:
    """Two coordinators on Flower come to what one would with all devices, as a coordinator averages them."""
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=2))
    expected = {name: array.astype(np.float64) for name, array in SMALL.weights.items()}
    for version in (1, 2):
        changes = [city.change(n, version) for city in cities.values() for n in range(len(city.devices))]
        for name in expected:
            expected[name] += np.mean([change[name] for change in changes], axis=0)
    for name, array in made(folder).weights.items():
        np.testing.assert_allclose(array, expected[name], atol=5e-4)  # int8
    lines = folder.lines()
    assert [(line["version"], line["coordinators"], line["updates"], line["examples"]) for line in lines] == [
        (2, 2, 5, 50),
        (3, 2, 5, 50),
    ]


def test_every_coordinator_publishes_each_version_and_consumes_what_went_into_it(
    tmp_path: Path, cities: dict[int, City]
) -> None:
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=3))
    for city in cities.values():
        with State(city.home / "coordinator.db") as state:
            versions = state.versions.all()
            assert [(v.number, v.made_by) for v in versions[1:]] == [(n, "followed") for n in range(2, 6)]
            assert [v.updates for v in versions[2:]] == [len(city.devices)] * 3
            assert status_of(state).followed.version == 4  # type: ignore[union-attr]
            assert state.versions.master().model.fingerprint == made(folder).fingerprint


def test_holdouts_of_the_nodes_are_in_the_lines(tmp_path: Path) -> None:
    """Their mean, of those that have one; started again it is the same."""
    scores = iter([0.5, 0.6, 0.6, 0.7])

    def holdout(model: Checkpoint, stop: object) -> float:
        return next(scores)

    cities = {1: city_in(tmp_path / "one", 1, holdout=holdout), 2: city_in(tmp_path / "two", 2)}
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=1))
    (line,) = folder.lines()
    assert (line["top1_before"], line["top1_after"]) == (0.6, 0.7)
    (folder.path / "rounds.jsonl").unlink()
    assert run(Nodes(cities), folder.path, Course(FEDAVG, rounds=1)).lines() == [line]


def test_a_version_that_is_worse_somewhere_is_kept_out_there_and_goes_on_elsewhere(tmp_path: Path) -> None:
    seen: dict[str, float] = {}

    def worse(model: Checkpoint, stop: object) -> float:
        return seen.setdefault(model.fingerprint, 1.0 - 0.1 * len(seen))

    cities = {1: city_in(tmp_path / "one", 1, holdout=worse), 2: city_in(tmp_path / "two", 2)}
    run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=2))
    with State(cities[1].home / "coordinator.db") as state:
        assert [v.made_by for v in state.versions.all()][-2:] == ["kept", "kept"]
        assert [v.updates for v in state.versions.all()][-2:] == [2, 2]
    with State(cities[2].home / "coordinator.db") as state:
        assert [v.made_by for v in state.versions.all()][-2:] == ["followed", "followed"]


def spoiled(answer: City, spoil: Callable[[RecordDict], RecordDict | Error | None], what: str = "train") -> Callable:  # type: ignore[type-arg]
    def node(message: Message) -> RecordDict | Error | None:
        content = answer(message)
        return spoil(content) if message.metadata.message_type == what else content

    return node


def _poison(content: RecordDict) -> RecordDict:
    arrays = content["arrays"]
    arrays["head.bias"] = Array(arrays["head.bias"].numpy() * np.float32("nan"))
    return content


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda content: Error(1, "boom"), "node-failed"),
        (lambda content: RecordDict(), "no-participant"),
        (lambda content: RecordDict({"config": ConfigRecord({"reason": "tired", "says": "later"})}), "tired"),
        (_poison, "not-finite"),
        (lambda content: None, None),
    ],
)
def test_an_answer_that_is_not_used_stops_no_round_and_loses_nothing(
    tmp_path: Path,
    cities: dict[int, City],
    spoil: Callable[[RecordDict], RecordDict | Error | None],
    reason: str | None,
) -> None:
    odd = city_in(tmp_path / "odd", 3)
    grid = Nodes({**cities, 9: spoiled(odd, spoil)})
    with capture_logs() as logs:
        folder = run(grid, tmp_path / "server", Course(FEDAVG, rounds=1, timeout_s=300))
    assert [line["coordinators"] for line in folder.lines()] == [2]
    refused = [(line["node"], line["reason"]) for line in logs if line["event"] == "answer not used"]
    assert refused == ([(9, reason)] if reason else [])
    grid.nodes[9] = odd
    folder = run(grid, folder.path, Course(FEDAVG, rounds=2))
    assert [(line["coordinators"], line["updates"]) for line in folder.lines()] == [(2, 5), (3, 7)]
    with State(odd.home / "coordinator.db") as state:  # once, and of the version that they started from
        assert [v.updates for v in state.versions.all()] == [0, 0, 0, 2]


def test_the_same_coordinator_twice_counts_once(tmp_path: Path, cities: dict[int, City]) -> None:
    with capture_logs() as logs:
        folder = run(Nodes({**cities, 9: cities[7]}), tmp_path / "server", Course(FEDAVG, rounds=1))
    assert [line["updates"] for line in folder.lines()] == [5]
    assert [line["reason"] for line in logs if line["event"] == "answer not used"] == ["double"]


@pytest.mark.parametrize("what", ["query", "evaluate"])
def test_nodes_that_refuse_or_fail_hold_up_no_round(tmp_path: Path, cities: dict[int, City], what: str) -> None:
    """As one that is set up wrong; and those that have too few are waited for, and it is said why."""

    def refuses(message: Message) -> RecordDict:
        is_asked = message.metadata.message_type in ("train", "evaluate", what)
        return nothing("no-coordinator", "no") if is_asked else behind(message)

    behind = city_in(tmp_path / "wrong", 3)
    wrong = {9: refuses, 10: lambda message: Error(1, "boom")}
    late = city_in(tmp_path / "late", 4)
    tries = iter(range(1000))

    def waits(content: RecordDict) -> RecordDict:
        if next(tries) < 4:
            content["metrics"] = MetricRecord({**content["metrics"], "waiting": 0})
        return content

    waiting: list[Waiting] = []
    time = Time(400)
    grid = Nodes({**cities, **wrong, 11: spoiled(late, waits, "query")})
    folder = run(grid, tmp_path / "server", Course(FEDAVG, rounds=1), time, waits=waiting.append)
    assert [line["coordinators"] for line in folder.lines()] == [3]
    (said,) = {each.line(): each for each in waiting if each.ready == 2}.values()  # once, not at each look
    assert (said.nodes, said.least, said.others[10], said.others[11]) == (5, 2, "node-failed", LACKS_UPDATES)
    assert "no-coordinator" in said.others[9]


def test_too_few_nodes_are_told_of(tmp_path: Path) -> None:
    waiting: list[Waiting] = []
    with pytest.raises(AssertionError, match="waits for ever"):
        run(Nodes({}), tmp_path / "server", Course(FEDAVG), Time(100), waits=waiting.append)
    assert waiting == [Waiting(0, 0, 2, {})]


def test_a_round_without_enough_answers_makes_nothing_and_is_tried_again(
    tmp_path: Path, cities: dict[int, City]
) -> None:
    tries = iter([True, True, False, False])
    grid = Nodes({**cities, 8: spoiled(cities[8], lambda content: None if next(tries) else content)})
    with capture_logs() as logs:
        folder = run(grid, tmp_path / "server", Course(FEDAVG, rounds=1, timeout_s=60))
    assert [line["updates"] for line in folder.lines()] == [5]
    assert [line["version"] for line in logs if line["event"] == "too few answers"] == [1, 1]


def test_it_waits_for_coordinators_that_have_too_few_but_not_for_ever(tmp_path: Path) -> None:
    patient = replace(FOLLOWING, least=5)
    cities = {n: city_in(tmp_path / str(n), n) for n in (1, 2)} | {3: city_in(tmp_path / "3", 3, policy=patient)}
    time = Time()
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=1, max_wait_s=100), time)
    assert [line["coordinators"] for line in folder.lines()] == [2]
    assert 100 <= time.now_s < 200
    with State(cities[3].home / "coordinator.db") as state:  # and has the version all the same
        assert status_of(state).followed.version == 2  # type: ignore[union-attr]
        assert state.updates.backlog()[0] == 2


def test_nothing_is_made_of_too_few_nodes_however_long_it_takes(tmp_path: Path) -> None:
    grid = Nodes({1: city_in(tmp_path / "one", 1)})
    with pytest.raises(AssertionError, match="waits for ever"):
        run(grid, tmp_path / "server", Course(FEDAVG, rounds=1, max_wait_s=10), Time(1000))
    assert "train" not in {what for what, _ in grid.asked}


def test_one_that_comes_later_gets_the_version_and_takes_part(tmp_path: Path, cities: dict[int, City]) -> None:
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=2))
    late = city_in(tmp_path / "late", 5)
    folder = run(Nodes({**cities, 9: late}), folder.path, Course(FEDAVG, rounds=3))
    assert [line["coordinators"] for line in folder.lines()] == [2, 2, 3]


@pytest.mark.parametrize(
    ("course", "nodes"), [(Choice("krum", liars=1), 5), (Choice("fedtrimmedavg", trim=0.25), 4), (FEDAVG, 2)]
)
def test_a_strategy_that_needs_more_nodes_says_so(course: Choice, nodes: int) -> None:
    Course(course, min_nodes=nodes)
    with pytest.raises(UsageError, match=f"needs {nodes} nodes") as refused:
        Course(course, min_nodes=nodes - 1)
    assert refused.value.code == "too-few-nodes"


@pytest.mark.parametrize("choice", [Choice("krum", liars=1), Choice("fedtrimmedavg", trim=0.25)])
def test_of_five_the_one_that_lies_moves_nothing_and_what_all_gave_is_used(tmp_path: Path, choice: Choice) -> None:
    honest = {n: city_in(tmp_path / f"{n}", n) for n in range(1, 5)}
    liar = replace(city_in(tmp_path / "5", 5), size=0.1)  # within the bounds, and five times as much as the others
    folder = run(Nodes({**honest, 5: liar}), tmp_path / "server", Course(choice, rounds=1, min_nodes=5))
    several = [[city.change(device, 1) for device in (0, 1)] for city in honest.values()]
    gave = {name: np.array([np.mean([one[name], two[name]], axis=0) for one, two in several]) for name in SMALL.weights}
    moved = {name: made(folder).weights[name] - SMALL.weights[name] for name in gave}
    int8 = 5e-4
    for name, array in moved.items():
        assert np.all(gave[name].min(axis=0) - int8 <= array), name
        assert np.all(array <= gave[name].max(axis=0) + int8), name
    chosen = [all(np.allclose(moved[name], gave[name][n], atol=int8) for name in moved) for n in range(len(honest))]
    assert chosen.count(True) == (1 if choice.name == "krum" else 0)
    assert [(line["coordinators"], line["updates"]) for line in folder.lines()] == [(5, 10)]
    assert len(included(folder)) == 5


@pytest.mark.parametrize("name", ["fedavg", "fedavgm", "fedadam"])
def test_killed_at_any_write_it_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What is made, what the strategy remembers, and what is said of the rounds; killed before the write, and after."""
    choice = Choice(name, server_lr=0.1)
    course = Course(choice, rounds=2)
    write, append = checkpoints.write_private, checkpoints.append_private
    written: list[str] = []

    def history(where: Path, kill_at: int | None, is_done: bool) -> tuple[object, ...]:
        shutil.copytree(tmp_path / "begin", where)  # who is who decides in which order is added
        cities = {n: replace(city, home=where / city.home.name) for n, city in begin.items()}
        folder = Folder(where / "server")

        def killing(write: Callable[[Path, bytes], None], file: Path, content: bytes) -> None:
            written.append(file.name)
            if kill_at == len(written) - 1 and not is_done:
                raise Killed
            write(file, content)
            if kill_at == len(written) - 1:
                raise Killed

        written.clear()
        monkeypatch.setattr(checkpoints, "write_private", partial(killing, write))
        monkeypatch.setattr(checkpoints, "append_private", partial(killing, append))
        for _ in range(2):
            try:
                run(Nodes(cities), folder.path, course)
            except Killed:
                continue
            break
        newest = folder.newest()
        assert newest
        for city in cities.values():
            with State(city.home / "coordinator.db") as state:
                assert [v.updates for v in state.versions.all()] == [0, 0, 2, 2]
        models = sorted((file.name, file.read_bytes()) for file in folder.path.glob("*.safetensors"))
        memory = sorted((what, moment.tobytes()) for what, moment in newest[0].memory.items())
        return models, memory, folder.lines(), sorted(newest[0].included), newest[0].sums

    (tmp_path / "begin").mkdir()
    begin = {n: city_in(tmp_path / "begin" / f"city-{n}", n) for n in (1, 2)}
    whole = history(tmp_path / "whole", None, False)
    assert len(whole[1]) > 0 if name in ("fedavgm", "fedadam") else not whole[1]  # type: ignore[arg-type]
    count = len(written)
    assert count >= 9
    for at in range(count):
        for is_done in (False, True):
            assert history(tmp_path / f"{at}-{is_done}", at, is_done) == whole, written


def dies_at(kill_at: int) -> Callable[[City, Message], RecordDict | None]:
    """Answers, until it has come to that many steps: one before each answer, and one behind it."""
    calls = iter(range(1, 1000))

    def answer(city: City, message: Message) -> RecordDict | None:
        content = None
        for step in (lambda message: None, city):
            content = step(message)
            if next(calls) == kill_at:
                raise Killed
        return content

    return answer


def test_killed_while_nodes_are_asked_nothing_counts_twice(tmp_path: Path) -> None:
    """Before and after each answer of each node, of the whole of some rounds."""
    kill_at, is_whole = 0, False
    while not is_whole:
        kill_at += 1
        where = tmp_path / str(kill_at)
        where.mkdir()
        cities = {n: city_in(where / f"city-{n}", n) for n in (1, 2)}
        dying = dies_at(kill_at)
        grid = Nodes({n: partial(dying, city) for n, city in cities.items()})
        with suppress(Killed):
            run(grid, where / "server", Course(FEDAVG, rounds=1))
            is_whole = True
        folder = run(Nodes(cities), where / "server", Course(FEDAVG, rounds=2))
        assert [line["updates"] for line in folder.lines()] == [4, 4], kill_at
        for city in cities.values():
            with State(city.home / "coordinator.db") as state:
                assert [v.updates for v in state.versions.all()] == [0, 0, 2, 2]
    assert kill_at > 12


def test_only_one_server_at_a_time(tmp_path: Path, cities: dict[int, City]) -> None:
    folder = Folder(tmp_path / "server")
    with folder.held(), pytest.raises(StoreBusy):
        run(Nodes(cities), folder.path, Course(FEDAVG, rounds=1))


def test_the_key_and_all_else_are_private_and_old_versions_go(tmp_path: Path, cities: dict[int, City]) -> None:
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=5))
    assert {file.stat().st_mode & 0o777 for file in folder.path.iterdir()} == {0o600}
    kept = sorted(file.name for file in folder.path.glob("version-*"))
    assert kept == sorted(f"version-{n}.{kind}" for n in (4, 5, 6) for kind in ("safetensors", "state"))
    model = checkpoint_from_bytes((folder.path / "version-6.safetensors").read_bytes())
    assert model.fingerprint == made(folder).fingerprint


@pytest.mark.parametrize("what", ["version-2.safetensors", "version-2.state", "key.pem"])
def test_what_is_damaged_is_said_and_nothing_older_is_gone_on_from(
    tmp_path: Path, cities: dict[int, City], what: str
) -> None:
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=1))
    file = folder.path / what
    whole = file.read_bytes()
    for damaged in (whole[:-20], b"", whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
        file.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="damaged"):
            run(Nodes(cities), folder.path, Course(FEDAVG, rounds=2))
    file.unlink()
    if what != "version-2.state":  # without it there is no such version
        with pytest.raises(CheckpointError, match="damaged"):
            run(Nodes(cities), folder.path, Course(FEDAVG, rounds=2))


def updates_of(city: City) -> list[int]:
    """How many updates each version of a coordinator consumed."""
    with State(city.home / "coordinator.db") as state:
        return [version.updates for version in state.versions.all()]


def test_a_folder_that_was_restored_goes_on_with_a_number_beyond_what_nodes_know(
    tmp_path: Path, cities: dict[int, City]
) -> None:
    """On from the model that was restored, by what was not in a version yet; what is lost with the others is lost."""
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=1))
    restored, before = tmp_path / "restored", made(folder)
    shutil.copytree(folder.path, restored)
    run(Nodes(cities), folder.path, Course(FEDAVG, rounds=3))
    with capture_logs() as logs:
        folder = run(Nodes(cities), restored, Course(FEDAVG, rounds=2))
    assert [(line["version"], line["round"], line["updates"]) for line in folder.lines()] == [(2, 1, 5), (6, 2, 5)]
    assert [(line["version"], line["beyond"]) for line in logs if "made anew" in line["event"]] == [(2, 4)]
    for city in cities.values():
        assert updates_of(city) == [0, 0, *[len(city.devices)] * 3, 0, len(city.devices)]
    changes = [city.change(n, 4) for city in cities.values() for n in range(len(city.devices))]
    for name, array in made(folder).weights.items():  # of those that were lost nothing is in it
        expected = before.weights[name] + np.mean([change[name] for change in changes], axis=0)
        np.testing.assert_allclose(array, expected, atol=5e-4)


def test_what_was_lent_to_a_server_that_is_restored_is_lent_once_more(tmp_path: Path, cities: dict[int, City]) -> None:
    """The restored model is without it, as far as anybody can know; so it counts in the next one, once."""
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=1))
    restored = tmp_path / "restored"
    shutil.copytree(folder.path, restored)
    run(Nodes(cities), folder.path, Course(FEDAVG, rounds=2))
    grid = Nodes({**cities, 8: spoiled(cities[8], lambda content: None)})
    with pytest.raises(AssertionError, match="waits for ever"):  # both have lent what goes nowhere
        run(grid, folder.path, Course(FEDAVG, rounds=3, timeout_s=60))
    folder = run(Nodes(cities), restored, Course(FEDAVG, rounds=2))
    assert [line["updates"] for line in folder.lines()] == [5, 5]
    for city in cities.values():
        assert updates_of(city) == [0, 0, *[len(city.devices)] * 2, 0, len(city.devices)]


def test_a_restored_folder_that_is_done_is_followed_too(tmp_path: Path, cities: dict[int, City]) -> None:
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=1))
    shutil.copytree(folder.path, tmp_path / "restored")
    run(Nodes(cities), folder.path, Course(FEDAVG, rounds=2))
    folder = run(Nodes(cities), tmp_path / "restored", Course(FEDAVG, rounds=1))
    for city in cities.values():
        with State(city.home / "coordinator.db") as state:
            assert state.versions.master().model.fingerprint == made(folder).fingerprint


def test_nodes_that_know_another_model_under_the_same_number_follow_the_next(
    tmp_path: Path, cities: dict[int, City]
) -> None:
    """Two were away when the server was restored, and come back alone."""
    others = {n: city_in(tmp_path / f"{n}", n) for n in (3, 4)}
    folder = run(Nodes({**cities, **others}), tmp_path / "server", Course(FEDAVG, rounds=1))
    restored = tmp_path / "restored"
    shutil.copytree(folder.path, restored)
    run(Nodes(others), folder.path, Course(FEDAVG, rounds=2))
    run(Nodes(cities), restored, Course(FEDAVG, rounds=2))
    folder = run(Nodes(others), restored, Course(FEDAVG, rounds=3))
    assert [(line["version"], line["round"]) for line in folder.lines()] == [(2, 1), (3, 2), (5, 3)]


def claims(city: City, version: int, key: Ed25519PrivateKey) -> Callable[[Message], RecordDict | Error | None]:
    """It shows a version of that number, which this key signed."""
    manifest = Manifest(version=version % 2**32, sha256=bytes(32))
    proof = signed_manifest(manifest, key).SerializeToString()

    def claim(content: RecordDict) -> RecordDict:
        content["config"] = ConfigRecord({**content["config"], "proof": proof})
        return content

    return spoiled(city, claim, "query")


@pytest.mark.parametrize("version", [3, 10**5, 2**31])
@pytest.mark.parametrize("others", [1, 2])
def test_none_moves_the_others_to_a_version_that_their_server_did_not_sign(
    tmp_path: Path, cities: dict[int, City], version: int, others: int
) -> None:
    """Also where nothing is made without it; all that it can do is give nothing, and then it is named."""
    liar = claims(city_in(tmp_path / "liar", 3), version, Ed25519PrivateKey.generate())
    nodes = dict(list(cities.items())[:others])
    told: list[Waiting] = []
    course = Course(FEDAVG, rounds=2, max_wait_s=5)
    if others == 2:
        folder = run(Nodes({**nodes, 9: liar}), tmp_path / "server", course)
        assert [(line["version"], line["coordinators"]) for line in folder.lines()] == [(2, 2), (3, 2)]
    else:
        with pytest.raises(AssertionError, match="waits for ever"):
            run(Nodes({**nodes, 9: liar}), tmp_path / "server", course, waits=told.append)
        assert Folder(tmp_path / "server").lines() == []
        for city in nodes.values():
            assert updates_of(city) == [0, 0]


def test_one_that_follows_another_server_does_not_move_this_one(tmp_path: Path, cities: dict[int, City]) -> None:
    """Though what it has is signed, and of a higher number; it is named as one that does not take the version."""
    other = city_in(tmp_path / "other", 3)
    run(Nodes({9: other, 8: cities[8]}), tmp_path / "before", Course(FEDAVG, rounds=5))
    told: list[Waiting] = []
    with pytest.raises(AssertionError, match="waits for ever"):
        run(Nodes({7: cities[7], 9: other}), tmp_path / "server", Course(FEDAVG, rounds=1), waits=told.append)
    assert told[-1].others[9] == "it does not take version 1: wrong-signer"


def test_a_node_that_gives_nothing_is_asked_again_after_pauses_and_named(
    tmp_path: Path, cities: dict[int, City]
) -> None:
    """So that the others do not give theirs at every look."""
    shy = spoiled(cities[8], lambda content: nothing("not-now", "quiet hours"), "train")
    grid, told = Nodes({7: cities[7], 8: shy}), list[Waiting]()
    with pytest.raises(AssertionError, match="waits for ever"):
        run(grid, tmp_path / "server", Course(FEDAVG, rounds=1), Time(20_000), waits=told.append)
    assert 5 < grid.asked.count(("train", 7)) == grid.asked.count(("train", 8)) < 25
    assert told[-1].others == {8: "it gives nothing now: not-now"}
    grid.nodes[8] = cities[8]
    assert [line["updates"] for line in run(grid, tmp_path / "server", Course(FEDAVG, rounds=1)).lines()] == [5]


def test_where_one_has_forgotten_what_it_gave_the_version_comes_under_the_next_number(
    tmp_path: Path, cities: dict[int, City]
) -> None:
    """Not more than once an hour; and that is no round."""
    grid = Nodes(cities)
    grid.nodes[8] = spoiled(cities[8], lambda content: nothing("contribution-forgotten", "erased"), "train")
    with pytest.raises(AssertionError, match="waits for ever"):
        run(grid, tmp_path / "server", Course(FEDAVG, rounds=1), Time(3000))
    assert updates_of(cities[7]) == [0, 0, 0]
    grid.nodes[8] = cities[8]
    folder = run(grid, tmp_path / "server", Course(FEDAVG, rounds=1))
    assert [(line["version"], line["round"], line["updates"]) for line in folder.lines()] == [(3, 1, 5)]


def test_a_folder_from_before_a_version_came_under_the_next_number_goes_on(
    tmp_path: Path, cities: dict[int, City]
) -> None:
    """Nodes have a newer one, though it is the same model."""
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=1))
    restored, grid = tmp_path / "restored", Nodes(cities)
    shutil.copytree(folder.path, restored)
    grid.nodes[8] = spoiled(cities[8], lambda content: nothing("contribution-forgotten", "erased"), "train")
    with pytest.raises(AssertionError, match="waits for ever"):
        run(grid, folder.path, Course(FEDAVG, rounds=2), Time(3000))
    folder = run(Nodes(cities), restored, Course(FEDAVG, rounds=2))
    assert [(line["version"], line["round"]) for line in folder.lines()] == [(2, 1), (5, 2)]


def test_one_that_poses_as_another_changes_nothing_for_that_one(tmp_path: Path, cities: dict[int, City]) -> None:
    """It cannot have what the other one lent taken for not included, nor the other one's answer for a double."""
    victim = city_in(tmp_path / "victim", 3)
    third = city_in(tmp_path / "third", 4)
    folder = run(Nodes({**cities, 9: victim}), tmp_path / "server", Course(FEDAVG, rounds=1))
    with State(victim.home / "coordinator.db") as state:
        name = name_of(state.keys.public())

    def pose(content: RecordDict) -> RecordDict:
        content["config"] = ConfigRecord({**content["config"], "participant": name})
        return content

    kept = included(folder)[name]
    with capture_logs() as logs:
        grid = Nodes({**cities, 1: spoiled(third, pose)})
        folder = run(grid, folder.path, Course(FEDAVG, rounds=2))
        assert included(folder)[name] == kept
        folder = run(Nodes({**grid.nodes, 9: victim}), folder.path, Course(FEDAVG, rounds=3))
    assert {line["reason"] for line in logs if line["event"] == "answer not used"} == {"not-its-own"}
    assert [line["updates"] for line in folder.lines()] == [7, 5, 7]
    assert updates_of(victim)[2:] == [2, 0, 2]


def test_a_node_that_says_nothing_costs_its_time_once(tmp_path: Path, cities: dict[int, City]) -> None:
    """Whatever it is asked; and is waited for again once it answers."""
    mute = city_in(tmp_path / "mute", 3)
    grid = Nodes({**cities, 9: lambda message: None})
    time = Time()
    folder = run(grid, tmp_path / "server", Course(FEDAVG, rounds=5), time)
    assert ASK_S <= time.now_s < 2 * ASK_S
    grid.nodes[9] = mute
    folder = run(grid, folder.path, Course(FEDAVG, rounds=6))
    assert [line["coordinators"] for line in folder.lines()] == [2] * 5 + [3]


@pytest.mark.parametrize("what", ["train", "evaluate"])
def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_max_wait(
    tmp_path: Path, cities: dict[int, City], what: str
) -> None:
    grid = Nodes({**cities, 9: spoiled(city_in(tmp_path / "mute", 3), lambda content: None, what)})
    time = Time(400)
    run(grid, tmp_path / "server", Course(FEDAVG, rounds=1, max_wait_s=50), time)
    assert time.now_s >= 50


def test_a_node_that_does_not_take_a_version_is_not_sent_it_at_every_look(
    tmp_path: Path, cities: dict[int, City]
) -> None:
    """Which grows to an hour."""

    def refuses(message: Message) -> RecordDict:
        return nothing("wrong-signer", "no") if message.metadata.message_type != "query" else behind(message)

    behind = city_in(tmp_path / "odd", 3)
    grid = Nodes({7: cities[7], 9: refuses})
    with pytest.raises(AssertionError, match="waits for ever"):
        run(grid, tmp_path / "server", Course(FEDAVG, rounds=1, max_wait_s=10), Time(20_000))
    assert grid.asked.count(("query", 9)) > 500
    assert grid.asked.count(("evaluate", 9)) < 25
    assert ("train", 9) not in grid.asked


def test_none_weighs_more_than_its_share_whatever_it_says() -> None:
    changes = {n: marked(n) for n in (1, 2, 3)}
    gifts = [Given(f"{n}", "a", "c", changes[n], weight, 1, 10**6) for n, weight in ((1, 40.0), (2, 40.0), (3, 1e6))]
    assert [gift.weight for gift in bounded(gifts, 0.75)] == [40.0, 40.0, pytest.approx(240.0)]
    assert [gift.weight for gift in bounded(gifts, 1.0)] == [40.0, 40.0, 1e6]
    assert [gift.weight for gift in bounded(gifts[:2], 0.5)] == [40.0, 40.0]


def test_judgements_count_once_each_and_only_of_this_version(tmp_path: Path) -> None:
    said = {1: (1e300, 2, 0.0, 1.0), 2: (1, 2, 0.5, 0.5), 3: (1, 1, 1.0, 0.0)}

    def judging(number: int) -> Callable[[RecordDict], RecordDict]:
        weight, version, before, after = said[number]
        return lambda content: judged("me", version, weight, before, after)  # type: ignore[arg-type]

    grid = Nodes({n: spoiled(city_in(tmp_path / f"{n}", n), judging(n), "evaluate") for n in said})
    (line,) = run(grid, tmp_path / "server", Course(FEDAVG, rounds=1)).lines()
    assert (line["top1_before"], line["top1_after"]) == (0.25, 0.75)


def test_what_is_included_is_forgotten_when_nobody_asks_for_it_any_more(
    tmp_path: Path, cities: dict[int, City], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And who comes back so late gives up what it had lent: it may be in a version."""
    for module in (rounds, lending):
        monkeypatch.setattr(module, "REMEMBERED", 2)
    gone = city_in(tmp_path / "gone", 3)
    folder = run(Nodes({**cities, 9: gone}), tmp_path / "server", Course(FEDAVG, rounds=1))
    deaf = spoiled(gone, lambda content: None, "train")  # it lends, and does not come to say so
    with pytest.raises(AssertionError, match="waits for ever"):
        run(Nodes({1: cities[7], 9: deaf}), folder.path, Course(FEDAVG, rounds=2, max_wait_s=5, timeout_s=10))
    folder = run(Nodes(cities), folder.path, Course(FEDAVG, rounds=2))
    assert len(included(folder)) == 3
    folder = run(Nodes(cities), folder.path, Course(FEDAVG, rounds=4))
    assert len(included(folder)) == 2
    with capture_logs() as logs:
        folder = run(Nodes({**cities, 9: gone}), folder.path, Course(FEDAVG, rounds=5))
    assert [line["updates"] for line in logs if line["event"] == "given up"] == [2]
    assert [line["updates"] for line in folder.lines()] == [7, 5, 5, 5, 7]


def test_rounds_that_a_power_cut_damaged_are_passed_over_and_go_on(tmp_path: Path, cities: dict[int, City]) -> None:
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=2))
    file = folder.path / "rounds.jsonl"
    whole = file.read_bytes()
    for torn in (whole[:-20], whole[:-1], b"\0" * 10 + b"\n" + whole, b"[1]\n" + whole):
        file.write_bytes(torn)
        assert [line["version"] for line in run(Nodes(cities), folder.path, Course(FEDAVG, rounds=2)).lines()] == [2, 3]


def test_of_many_rounds_the_latest_are_told_and_none_is_written_anew(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for version in range(1, 3000):
        assert folder.note(Line(version, version - 1, 2, 2, 2, None, None))
    file = tmp_path / "rounds.jsonl"
    assert file.read_bytes().count(b"\n") == 2999
    number = file.stat().st_ino
    assert not folder.note(Line(2999, 2998, 2, 2, 2, None, None))
    assert folder.note(Line(3000, 2999, 2, 2, 2, None, None))
    assert file.stat().st_ino == number
    told = [line["version"] for line in folder.lines()]
    assert told == list(range(told[0], 3001))
    assert 100 < len(told) < 1000


def test_lines_are_json_one_a_round(tmp_path: Path, cities: dict[int, City]) -> None:
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=2))
    lines = [json.loads(line) for line in (folder.path / "rounds.jsonl").read_text().splitlines()]
    names = {"version", "round", "coordinators", "updates", "examples", "top1_before", "top1_after", "fault"}
    assert [set(line) for line in lines] == [names, names]


def test_a_model_that_no_device_would_take_is_not_made_and_what_led_there_is_forgotten(
    tmp_path: Path, cities: dict[int, City]
) -> None:
    """What was given counts: given again it would lead there again."""
    wild = Choice("fedavgm", server_lr=100.0)
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=1))
    before = made(folder).fingerprint
    huge = replace(FOLLOWING, plan=replace(FOLLOWING.plan, max_norm=900.0))
    wild_ones = {n: replace(city, policy=huge, size=10.0) for n, city in cities.items()}
    folder = run(Nodes(wild_ones), folder.path, Course(wild, rounds=3, max_norm=900.0))
    newest = folder.newest()
    assert newest
    assert newest[0].model.fingerprint == before
    assert folder.lines()[-1]["fault"]
    assert not newest[0].memory


def test_devices_never_go_on_from_what_coordinators_made(tmp_path: Path, cities: dict[int, City]) -> None:
    """Though both projects name the same folder."""
    folder = run(Nodes(cities), tmp_path / "server", Course(FEDAVG, rounds=1))
    of_devices = Folder(folder.path, FlowerNodes.DEVICES)
    with pytest.raises(UsageError, match="nodes that are coordinators"), of_devices.held():
        raise AssertionError("it is held")
    with folder.held():
        pass


def test_a_folder_that_cannot_be_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError), Folder(tmp_path / "file" / "more").held():
        pass
    (tmp_path / "folder" / "rounds.jsonl").mkdir(parents=True)
    folder = Folder(tmp_path / "folder")
    with pytest.raises(StoreError):
        folder.lines()
