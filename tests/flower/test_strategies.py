"""Flower's strategies beside swipefl's own arithmetic, where the two are the same algorithm."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from flwr.app import Message, MessageType, MetricRecord, RecordDict

from swipefl.arrays import Floats
from swipefl.errors import UsageError
from swipefl.federation.aggregation import WeightedMean, robust, step
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import Delta
from swipefl.flower.records import arrays_of
from swipefl.flower.strategies import NAMES, Choice, Memory, memory_of, strategy_of

START = {"a": np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float32)}


def changes(count: int, seed: int = 0) -> list[Delta]:
    rng = np.random.default_rng(seed)
    return [{n: rng.normal(0, 0.1, a.shape).astype(np.float32) for n, a in START.items()} for _ in range(count)]


def played(
    choice: Choice, deltas: Sequence[Delta], weights: Sequence[float], start: Delta, memory: Memory, number: int = 1
) -> tuple[Mapping[str, Floats], Memory]:
    """A round of Flower's: the next weights, and what is remembered."""
    arrays = arrays_of(start)
    strategy = strategy_of(choice, arrays, memory)
    replies = []
    for delta, weight in zip(deltas, weights, strict=True):
        record = arrays_of({name: start[name] + delta[name] for name in start})
        content = RecordDict({"arrays": record, "metrics": MetricRecord({"num-examples": weight})})
        replies.append(Message(content, 1, MessageType.TRAIN))
    averaged, _ = strategy.aggregate_train(number, replies)
    moved = {name: array.numpy().astype(np.float32) for name, array in averaged.items()}
    return moved, memory_of(strategy, arrays)


@pytest.mark.parametrize("name", ["fedavg", "fedavgm", "fedadam"])
def test_steps_are_those_of_a_coordinator(name: str) -> None:
    """Three rounds, each from what was remembered; FedAdam's is corrected for its start, as Kingma (2015) has it."""
    lr, momentum = (1.0 if name == "fedavg" else 0.1), 0.9
    moments: Mapping[str, Floats] = {}
    ours, theirs, memory = dict(START), dict(START), dict[str, Floats]()
    for number in (1, 2, 3):
        deltas, weights = changes(3, number), [1.0, 2.5, 4.0]
        theirs_next, remembered = played(Choice(name, lr, momentum), deltas, weights, theirs, memory, number)
        theirs, memory = dict(theirs_next), dict(remembered)
        mean = WeightedMean()
        for delta, weight in zip(deltas, weights, strict=True):
            mean.add(delta, weight)
        corrected = math.sqrt(1 - 0.99 ** (number + 1)) / (1 - momentum ** (number + 1)) if name == "fedadam" else 1
        own = Strategy(optimizer=name, server_lr=lr * corrected, momentum=momentum, steady=0)
        ours, moments = step(ours, moments, mean.result(), own, number)
        for each in START:
            np.testing.assert_allclose(theirs[each], ours[each], atol=2e-5)


@pytest.mark.parametrize(("count", "trim"), [(4, 0.25), (8, 0.25), (5, 0.4)])
def test_a_trimmed_mean_is_that_of_a_coordinator(count: int, trim: float) -> None:
    """Whatever anyone weighs."""
    deltas = changes(count)
    moved, memory = played(Choice("fedtrimmedavg", trim=trim), deltas, range(1, count + 1), START, {})
    middle = robust("trimmed-mean", trim, START, lambda name: [delta[name] for delta in deltas])
    for name, array in START.items():
        np.testing.assert_allclose(moved[name], array + middle[name], atol=1e-5)
    assert not memory


def test_krum_takes_one_that_lies_among_others() -> None:
    honest, liar = changes(4), {name: np.full_like(array, 50.0) for name, array in START.items()}
    near = [{name: 0.01 * array for name, array in delta.items()} for delta in honest]
    moved, _ = played(Choice("krum", liars=1), [*near[:2], liar, *near[2:]], [1, 1, 1e9, 1, 1], START, {})
    assert any(all(np.allclose(moved[n], START[n] + delta[n]) for n in START) for delta in near)


@pytest.mark.parametrize("name", NAMES)
def test_what_another_strategy_remembered_is_left(name: str) -> None:
    memory = {f"odd.{each}": array for each, array in START.items()}
    deltas = changes(5)
    fresh, _ = played(Choice(name), deltas, [1] * 5, START, {})
    after, _ = played(Choice(name), deltas, [1] * 5, START, memory)
    for each in START:
        np.testing.assert_array_equal(fresh[each], after[each])


@pytest.mark.parametrize(
    "wrong",
    [{"name": "median"}, {"server_lr": -1.0}, {"momentum": 1.0}, {"trim": 0.5}, {"trim": 0.0}, {"liars": -1}],
)
def test_what_is_no_strategy_is_said(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Choice(**wrong)  # type: ignore[arg-type]
