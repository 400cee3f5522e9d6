"""From many updates to one change of the global weights: pure functions, shared by coordinator and simulation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats
from swipefl.decoder.checkpoint import Weights
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import Delta, lengthened

Moments = Mapping[str, Floats]  # what a server optimiser remembers, `first.NAME` and `second.NAME`


def weight_of(examples: int, staleness: int, example_cap: int) -> float:
    """How much an update counts: less the more versions it is late (FedBuff; Nguyen 2022, AISTATS)."""
    size = min(examples, example_cap) if example_cap else 1
    return float(size / np.sqrt(1 + staleness))


class WeightedMean:
    """A mean that holds one sum, however many updates it is given."""

    def __init__(self) -> None:
        self._sum: Delta = {}
        self._weight = 0.0

    def add(self, delta: Delta, weight: float) -> None:
        """One more update."""
        for name, array in delta.items():
            scaled = array * np.float32(weight)
            self._sum[name] = self._sum[name] + scaled if name in self._sum else scaled
        self._weight += weight

    def result(self) -> Delta:
        """The mean so far, of one update at least."""
        return {name: array / np.float32(self._weight) for name, array in self._sum.items()}


@dataclass(frozen=True)
class Arrived:
    """An update to be combined: out of how many examples, how many versions late, and how to read it.

    `read` gives all tensors, or the named one only.
    """

    examples: int
    staleness: int
    read: Callable[[str | None], Delta]


def combine(updates: Sequence[Arrived], names: Iterable[str], strategy: Strategy) -> Delta:
    """The one change that `updates`, one at least, come to. The mean reads and holds one of them at a time."""
    if strategy.rule != "mean":
        return robust(strategy.rule, strategy.trim, names, lambda name: [update.read(name)[name] for update in updates])
    mean = WeightedMean()
    for update in updates:
        mean.add(update.read(None), weight_of(update.examples, update.staleness, strategy.example_cap))
    return mean.result()


def robust(rule: str, trim: float, names: Iterable[str], column: Callable[[str], Sequence[Floats]]) -> Delta:
    """The coordinate median or trimmed mean (Yin 2018, ICML); `column` gives one tensor of all updates at a time.

    So no more is held than that tensor of each. Late and large updates weigh as any other: a weight would let one that
    lies about its size move the middle.
    """
    middle: Delta = {}
    for name in names:
        stacked = np.stack(column(name))  # (K, ...)
        if rule == "median":
            middle[name] = np.median(stacked, axis=0).astype(np.float32)
            continue
        cut = min(int(np.ceil(trim * len(stacked))), (len(stacked) - 1) // 2)
        stacked.sort(axis=0)
        middle[name] = stacked[cut : len(stacked) - cut].mean(0, dtype=np.float32)
    return middle


def step(
    weights: Weights, moments: Moments, delta: Delta, strategy: Strategy, round_number: int = 1
) -> tuple[Delta, Delta]:
    """The next weights and moments: FedAvg, FedAvgM (Hsu 2019) or FedAdam (Reddi 2021, ICLR)."""
    size = strategy.step_size(round_number)
    if strategy.optimizer == "fedavg":
        return {name: weights[name] + np.float32(size) * delta[name] for name in weights}, {}
    rest = 1.0 if strategy.optimizer == "fedavgm" else 1 - strategy.momentum
    first = {name: _moment(moments, "first", name, delta) * strategy.momentum + rest * delta[name] for name in weights}
    if strategy.optimizer == "fedavgm":
        moved = {name: weights[name] + size * first[name] for name in weights}
        return _floats(moved), _floats({f"first.{name}": array for name, array in first.items()})
    second = {name: _moment(moments, "second", name, delta) * 0.99 + 0.01 * delta[name] ** 2 for name in weights}
    moved = {name: weights[name] + size * first[name] / (np.sqrt(second[name]) + 1e-4) for name in weights}
    kept = {f"first.{name}": array for name, array in first.items()}
    return _floats(moved), _floats(kept | {f"second.{name}": array for name, array in second.items()})


def _moment(moments: Moments, kind: str, name: str, delta: Delta) -> Floats:
    here = delta[name]
    moment = moments.get(f"{kind}.{name}")
    return np.zeros_like(here) if moment is None else lengthened(moment, here.shape)


def _floats(arrays: Mapping[str, npt.NDArray[np.floating[Any]]]) -> Delta:
    return {name: array.astype(np.float32) for name, array in arrays.items()}
