"""Noise that hides a client: in a bounded sum over a fixed number, and as wide as it is said to be."""

import numpy as np
import pytest

from swipefl.errors import UsageError
from swipefl.federation.privacy import Privacy
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import Delta, norm_of
from swipefl.simulation.scenario import Scenario

SHAPES = {"a": (300, 100), "b": (20_000,), "score": (9,)}


def update(seed: int, norm: float) -> Delta:
    rng = np.random.default_rng(seed)
    drawn = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in SHAPES.items()}
    return {name: array * np.float32(norm / norm_of(drawn)) for name, array in drawn.items()}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, 7, 1])


def flat(delta: Delta) -> np.ndarray:
    return np.concatenate([array.ravel().astype(np.float64) for array in delta.values()])


@pytest.mark.parametrize(("noise", "max_norm", "clients"), [(1.0, 4.0, 40), (0.3, 0.5, 7), (2.5, 1.0, 1)])
@pytest.mark.parametrize("came", [0, 1, 5])
def test_noise_has_the_standard_deviation_that_it_is_said_to_have(
    noise: float, max_norm: float, clients: int, came: int
) -> None:
    """Over N coordinates the sum of squares is chi-square: within five standard deviations, sqrt(2 N), of N."""
    sent = [update(seed, max_norm) for seed in range(came)]
    whole = flat(Privacy(noise, max_norm, clients).mean(sent, SHAPES, rng()))
    silent = flat(Privacy(0.0, max_norm, clients).mean(sent, SHAPES, rng()))
    standard = (whole - silent) / (noise * max_norm / clients)
    count = len(standard)
    assert abs((standard**2).sum() - count) < 5 * np.sqrt(2 * count)
    assert abs(standard.sum()) < 5 * np.sqrt(count)
    assert abs((standard[:-1] * standard[1:]).sum()) < 5 * np.sqrt(count), "no coordinate tells of the next"


@pytest.mark.parametrize("norm", [0.1, 1.0, 7.0, 1e6])
def test_one_client_moves_the_sum_by_the_bound_at_most(norm: float) -> None:
    """Whatever it sends and however many others came: the noise is measured for that."""
    privacy = Privacy(0.5, 1.0, 10)
    for others in (0, 1, 9, 25):
        before = [update(seed, 1.0) for seed in range(others)]
        without, beside = (privacy.mean(sent, SHAPES, rng()) for sent in (before, [*before, update(99, norm)]))
        apart = 10 * np.linalg.norm(flat(beside) - flat(without))
        assert apart <= 1.0 + 1e-4
        assert norm < 1.0 or apart > 0.9


def test_equal_seeds_draw_equal_noise_and_others_do_not() -> None:
    privacy = Privacy(1.0, 1.0, 10)
    one, again, other = (flat(privacy.mean([], SHAPES, rng(seed))) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05


@pytest.mark.parametrize(
    "hindrance",
    [
        {"strategy": Strategy("median")},
        {"strategy": Strategy("trimmed-mean")},
        {"strategy": Strategy(example_cap=1)},
        {"bounded": False},
        {"bounded": False, "compressed": False},
        {"strategy": Strategy("median", example_cap=5), "bounded": False},
    ],
    ids=str,
)
def test_noise_is_refused_where_it_would_hide_nobody(hindrance: dict) -> None:
    Scenario(1, 5, **hindrance)
    with pytest.raises(UsageError) as refused:
        Scenario(1, 5, noise=0.1, **hindrance)
    assert refused.value.code == "noise-hides-nobody"


@pytest.mark.parametrize("optimizer", ["fedavg", "fedavgm", "fedadam"])
def test_what_is_done_after_the_sum_is_no_hindrance(optimizer: str) -> None:
    assert Scenario(1, 5, strategy=Strategy(optimizer=optimizer), noise=0.1).privacy == Privacy(0.1, 4.0, 5)
