"""One round, whoever runs it."""

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights
from swipefl.decoder.encoder import Architecture, usable
from swipefl.federation.aggregation import Arrived, step, weight_of
from swipefl.federation.coordinator.admission import Verdict, admit
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import Aggregator
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.round import Master, Score, play
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import decode_update, encode_update, shapes_of
from tests.support.states import enrolled
from tests.support.updates import delta

SHAPES = Architecture(4).parameter_shapes()


HISTORIES = {  # how versions were made after the first, and the share of a step that the next round takes
    "": 1.0,
    "published " * 40: 1.0,
    "aggregated kept kept": 0.5,
    "aggregated " * 7: 0.25,
    "rolled-back " * 7 + "kept aggregated rolled-back aggregated": 0.5,
    "aggregated " * 7 + "published": 1.0,
    "aggregated " * 7 + "published kept kept kept rolled-back": 0.5,
}


def model(seed: int = 0) -> Checkpoint:
    rng = np.random.default_rng(seed)
    weights = {n: rng.normal(0, 0.3, s).astype(np.float32) for n, s in Architecture(4).shapes().items()}
    return Checkpoint("bilstm-4", weights, ScoreWeights(1.0, 2.0))


def blobs(start: Checkpoint, count: int) -> list[bytes]:
    return [encode_update(delta(start.parameters, seed, 0.5 + seed), 1e9).blob for seed in range(count)]


def arrived(blob: bytes, examples: int = 10, staleness: int = 0) -> Arrived:
    return Arrived(examples, staleness, lambda only: decode_update(blob, SHAPES, only))


def test_weights_combine_and_step_are_those_of_the_parts() -> None:
    start, strategy = model(), Strategy(optimizer="fedavg", example_cap=30)
    sent = blobs(start, 3)
    facts = [(10, 0), (100, 0), (20, 3)]
    outcome = play(Master(start), [arrived(b, *f) for b, f in zip(sent, facts, strict=True)], strategy, 1)
    weights = [weight_of(examples, late, 30) for examples, late in facts]
    assert weights == [10, 30, 10]
    changes = [decode_update(blob, SHAPES) for blob in sent]
    for name, before in start.parameters.items():
        mean = sum(w * c[name] for w, c in zip(weights, changes, strict=True)) / 50
        np.testing.assert_allclose(outcome.master.model.parameters[name], before + mean, atol=2e-6)
    assert (outcome.top1, outcome.kept) == (None, False)


@pytest.mark.parametrize("rule", ["mean", "median", "trimmed-mean"])
@pytest.mark.parametrize("optimizer", ["fedavg", "fedavgm", "fedadam"])
def test_a_coordinator_makes_of_its_updates_what_a_round_makes_of_them(
    tmp_path: Path, rule: str, optimizer: str
) -> None:
    """Twice, so that moments and the master in float32 go on from one round to the next."""
    strategy, master = Strategy(rule, optimizer, steady=1), Master(model())
    aggregator = Aggregator(Policy(strategy=strategy, least=4), Metrics())
    with State(tmp_path / "coordinator.db") as state:
        state.create(master.model)
        for number in (1, 2):
            sent = blobs(master.model, 4)
            for blob in sent:
                device = enrolled(state)
                assert admit(state, Policy(), [Received("u", device, number, 10, blob)]) == [Verdict("accepted")]
            aggregator.publish(aggregator.draft(state), state)
            before = state.versions.newest().number - 1
            start = Master(master.published()) if number == 1 else master
            start = replace(start, model=replace(start.model, weights=master.model.weights))
            master = play(start, list(map(arrived, sent)), strategy, before).master
            made = state.versions.master()
            assert shapes_of(made.moments) == shapes_of(master.moments)
            for name, array in master.model.weights.items():
                np.testing.assert_array_equal(made.model.weights[name], array)


def test_the_step_falls_with_the_number_of_the_round(tmp_path: Path) -> None:
    """After steady rounds as 1 / round: at a coordinator by the rounds since a model was published by hand."""
    start, strategy = model(), Strategy(optimizer="fedavg", steady=2)
    (blob,) = blobs(start, 1)
    change = decode_update(blob, SHAPES)

    def moved(by: Checkpoint, share: float) -> None:
        for name, before in start.parameters.items():
            np.testing.assert_allclose(by.parameters[name] - before, share * change[name], atol=2e-6)

    for number, share in ((1, 1.0), (2, 1.0), (4, 0.5), (8, 0.25), (1000, 0.1)):
        moved(play(Master(start), [arrived(blob)], strategy, number).master.model, share)
    for number, (history, share) in enumerate(HISTORIES.items()):
        with State(tmp_path / f"{number}.db") as state:
            state.create(start)
            for made_by in history.split():
                state.publish(Draft(Master(start), made_by.replace("-", " ")))
            device = enrolled(state)
            newest = state.versions.newest().number
            assert admit(state, Policy(), [Received("u", device, newest, 10, blob)]) == [Verdict("accepted")]
            moved(Aggregator(Policy(strategy=strategy, least=1), Metrics()).draft(state).master.model, share)


def test_a_worse_candidate_leaves_the_master_and_its_moments(tmp_path: Path) -> None:
    start = Master(model(), {"first.head.bias": np.ones(6, np.float32)})
    updates = [arrived(blob) for blob in blobs(start.model, 2)]
    judged: list[str] = []

    def score(better: float, checkpoint: Checkpoint) -> float:
        judged.append(checkpoint.fingerprint)
        return 0.5 + better * (len(judged) % 2 == 0)

    worse = play(start, updates, Strategy(), 1, partial(score, -0.1))
    assert (worse.kept, worse.top1, worse.master) == (True, 0.5, start)
    same = play(start, updates, Strategy(), 1, partial(score, 0.0))
    assert (same.kept, same.top1) == (False, 0.5)
    assert same.master.published().fingerprint == judged[-1] != judged[-2], "a candidate that is as good is taken"
    better = play(start, updates, Strategy(), 1, partial(score, 0.1))
    assert (better.kept, better.top1_before, better.top1) == (False, 0.5, 0.6)
    assert judged[0] == start.published().fingerprint, "judged as devices load it"
    assert judged[-1] == better.master.published().fingerprint
    assert hashlib.sha256(start.model.to_bytes()).hexdigest() != judged[0]


RUNAWAYS = {  # by strategy, and the norm of what its updates ask for
    "a long step": (Strategy(optimizer="fedavg", server_lr=100), 1e4),
    "beyond float16": (Strategy(optimizer="fedavg"), 1e7),
    "beyond float32": (Strategy(), 1e37),
    "beyond float32 in the moments": (Strategy(optimizer="fedadam", server_lr=100), 1e30),
    "of a median": (Strategy("median", "fedavgm"), 1e7),
}


@pytest.mark.parametrize(("strategy", "norm"), RUNAWAYS.values(), ids=RUNAWAYS)
@pytest.mark.parametrize("score", [None, lambda checkpoint: 0.5], ids=["unscored", "scored"])
def test_a_candidate_that_no_device_takes_leaves_the_weights(
    strategy: Strategy, norm: float, score: Score | None
) -> None:
    start = Master(model(), {"first.head.bias": np.ones(6, np.float32)})
    huge = {name: array * np.float32(norm) for name, array in delta(start.model.parameters, 1, 1.0).items()}
    outcome = play(start, [Arrived(10, 0, lambda only: huge)] * 2, strategy, 1, score)
    assert outcome.kept
    assert outcome.fault
    assert (outcome.top1, outcome.top1_after) == (score and 0.5, None)
    assert outcome.master.model is start.model
    assert outcome.master.moments == {}, "they led there"


def test_many_rounds_of_one_hostile_of_three_never_come_to_what_no_device_takes() -> None:
    """And where the others go on alone, so do versions."""
    start, strategy = Master(model()), Strategy(steady=0)
    aimed = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    aimed["head.bias"][0] = 200.0
    hostile, honest = Arrived(10, 0, lambda only: aimed), list(map(arrived, blobs(start.model, 2)))
    master, kept = start, 0
    for number in range(1, 40):
        outcome = play(master, [hostile, *honest], strategy, number)
        master, kept = outcome.master, kept + outcome.kept
        usable(master.published())
    assert kept
    assert not play(master, honest, strategy, 40).kept


def test_another_way_to_combine_stands_before_the_step() -> None:
    start, strategy = model(), Strategy(optimizer="fedavgm", momentum=0.5)
    there = delta(start.parameters, 3, 0.5)
    outcome = play(Master(start), [], strategy, 1, combine=lambda updates, shapes, strategy: there)
    parameters, moments = step(start.parameters, {}, there, strategy, 1)
    for name, array in start.with_parameters(parameters).weights.items():
        np.testing.assert_array_equal(outcome.master.model.weights[name], array)
    np.testing.assert_array_equal(outcome.master.moments["first.head.bias"], moments["first.head.bias"])
