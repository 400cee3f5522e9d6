"""Many updates, one step: what the rules and the server optimisers promise."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swipefl.errors import UsageError
from swipefl.federation.aggregation import WeightedMean, robust, step, weight_of
from swipefl.federation.strategy import Strategy

SHAPES = {"matrix": (4, 3), "bias": (5,)}
seeds = st.integers(0, 2**32 - 1)
weights = st.lists(st.floats(0.01, 100), min_size=1, max_size=12)
Deltas = Sequence[dict[str, np.ndarray]]


def deltas(seed: int, count: int) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return [{name: rng.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()} for _ in range(count)]


def mean_of(updates: Deltas, weights: Sequence[float]) -> dict[str, np.ndarray]:
    mean = WeightedMean()
    for update, weight in zip(updates, weights, strict=True):
        mean.add(update, weight)
    return mean.result()


def middle(rule: str, updates: Deltas, trim: float = 0.25) -> dict[str, np.ndarray]:
    return robust(rule, trim, SHAPES, lambda name: [update[name] for update in updates])


def assert_close(a: dict[str, np.ndarray], b: dict[str, np.ndarray], atol: float = 1e-5) -> None:
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].dtype == np.float32
        np.testing.assert_allclose(a[name], b[name], atol=atol, rtol=1e-4)


@given(seeds, weights)
def test_the_streamed_mean_is_the_mean_in_any_order(seed: int, weights: list[float]) -> None:
    updates = deltas(seed, len(weights))
    direct = {
        name: np.average([update[name] for update in updates], axis=0, weights=weights).astype(np.float32)
        for name in SHAPES
    }
    assert_close(mean_of(updates, weights), direct)
    assert_close(mean_of(updates[::-1], weights[::-1]), direct)


@given(seeds, st.integers(3, 12), st.floats(1e3, 1e8), st.sampled_from(["median", "trimmed-mean"]))
def test_a_minority_of_huge_values_moves_the_middle_nowhere(seed: int, count: int, size: float, rule: str) -> None:
    """What comes out lies within what the honest ones say, coordinate by coordinate."""
    honest = deltas(seed, count)
    liars = [{name: np.full(shape, size, np.float32) for name, shape in SHAPES.items()}] * ((count - 1) // 2)
    out = middle(rule, [*liars, *honest], trim=0.34)
    for name in SHAPES:
        said = np.stack([update[name] for update in honest])
        assert (out[name] <= said.max(0) + 1e-5).all()
        assert (out[name] >= said.min(0) - 1e-5).all()


@given(seeds, st.integers(1, 9), st.sampled_from(["median", "trimmed-mean"]))
def test_the_middle_is_the_same_in_any_order(seed: int, count: int, rule: str) -> None:
    updates = deltas(seed, count)
    assert_close(middle(rule, updates), middle(rule, updates[::-1]))
    same = [updates[0]] * count
    assert_close(middle(rule, same), updates[0])


@pytest.mark.parametrize(
    ("values", "median", "trims"),
    [
        ([100, 2, 8, 1, 4], 4.0, {0.0: 23.0, 0.1: 14 / 3, 0.2: 14 / 3, 0.25: 4.0, 0.49: 4.0}),
        ([100, 2, 8, 1, 4, 16], 6.0, {0.1: 7.5, 0.25: 6.0, 0.49: 6.0}),
        ([3, 1], 2.0, {0.0: 2.0, 0.49: 2.0}),
        ([7], 7.0, {0.49: 7.0}),
    ],
)
def test_the_middle_of_few_values(values: list[float], median: float, trims: dict[float, float]) -> None:
    """A trimmed mean leaves out its share at each end, rounded up, and always one or two at least remain."""
    updates = [{name: np.full(shape, value, np.float32) for name, shape in SHAPES.items()} for value in values]
    for rule, trim, expected in [("median", 0.0, median), *(("trimmed-mean", *pair) for pair in trims.items())]:
        assert_close(
            middle(rule, updates, trim), {name: np.full(shape, expected) for name, shape in SHAPES.items()}, 1e-6
        )


@given(seeds)
def test_fedavg_adds_the_mean_and_fedavgm_without_momentum_does_the_same(seed: int) -> None:
    start, delta = deltas(seed, 2)
    moved, moments = step(start, {}, delta, Strategy(optimizer="fedavg"))
    assert moments == {}
    assert_close(moved, {name: start[name] + delta[name] for name in start})
    assert_close(step(start, {}, delta, Strategy(optimizer="fedavgm", momentum=0.0))[0], moved)


def test_momentum_carries_on_and_adam_steps_are_bounded() -> None:
    start, delta = deltas(0, 2)
    how = Strategy(optimizer="fedavgm", momentum=0.5)
    once, moments = step(start, {}, delta, how)
    twice, _ = step(once, moments, delta, how)
    assert_close(twice, {name: start[name] + 2.5 * delta[name] for name in start})
    adam = Strategy(optimizer="fedadam", server_lr=0.01)
    moved, moments = step(start, {}, delta, adam)
    assert set(moments) == {f"{kind}.{name}" for kind in ("first", "second") for name in SHAPES}
    for name in SHAPES:
        change = moved[name] - start[name]
        assert (np.sign(change) == np.sign(delta[name])).all()
        assert np.abs(change).max() <= 0.011  # (1 - momentum) / sqrt(0.01) of the step size


def test_adam_steps_by_the_mean_change_over_its_root_mean_square() -> None:
    """By hand, for a change of 0.1 twice: 0.01 * 0.05 / (0.01 + 1e-4), then 0.01 * 0.075 / (sqrt(1.99e-4) + 1e-4)."""
    how = Strategy(optimizer="fedadam", server_lr=0.01, momentum=0.5)
    places, moments = [{"a": np.zeros((2, 2), np.float32)}], {}
    for _ in range(2):
        place, moments = step(places[-1], moments, {"a": np.full((2, 2), 0.1, np.float32)}, how)
        places.append(place)
    np.testing.assert_allclose(places[1]["a"], 0.049505, rtol=1e-4)
    np.testing.assert_allclose(places[2]["a"] - places[1]["a"], 0.052792, rtol=1e-4)
    np.testing.assert_allclose(moments["second.a"], 1.99e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("examples", "staleness", "cap", "weight"), [(50, 0, 0, 1), (50, 3, 0, 0.5), (50, 0, 100, 50), (500, 3, 100, 50)]
)
def test_the_weight_of_an_update(examples: int, staleness: int, cap: int, weight: float) -> None:
    assert weight_of(examples, staleness, cap) == weight


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ({"rule": "mode"}, "unknown-choice", "rule is one of mean, median, trimmed-mean, not 'mode'"),
        ({"optimizer": "sgd"}, "unknown-choice", "optimizer is one of fedavg, fedavgm, fedadam, not 'sgd'"),
        ({"trim": 0.5}, "out-of-range", "trim is 0.5, and may be 0 to 0.49"),
        ({"momentum": 1.0}, "out-of-range", "momentum is 1, and may be 0 to 0.999"),
        ({"steady": -1}, "out-of-range", "steady is -1, and may be 0 to 1000000"),
        ({"steady": 1_000_001}, "out-of-range", "steady is 1000001, and may be 0 to 1000000"),
        ({"example_cap": 2_000_000}, "out-of-range", "example_cap is 2000000, and may be 0 to 1000000"),
        ({"server_lr": 5000.0}, "out-of-range", "server_lr is 5000, and may be 0 to 100"),
    ],
)
def test_numbers_and_names_that_make_no_step_are_errors(wrong: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Strategy(**wrong)
    assert (caught.value.code, str(caught.value)) == (code, said)


def test_the_step_falls_after_the_steady_rounds_and_never_to_nothing() -> None:
    how = Strategy(optimizer="fedavg", server_lr=2.0, steady=10)
    assert [how.step_size(number) for number in (1, 10, 20, 1000)] == [2.0, 2.0, 1.0, 0.2]
    assert replace(how, steady=0).step_size(1000) == 2.0
    start, delta = deltas(0, 2)
    (full, _), (half, _) = (step(start, {}, delta, how, number) for number in (1, 20))
    assert_close({name: full[name] - start[name] for name in start}, {n: 2 * (half[n] - start[n]) for n in start})
