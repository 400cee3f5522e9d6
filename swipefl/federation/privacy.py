"""A round's change that hides any one contribution: differential privacy (Abadi 2016, CCS; McMahan 2018, ICLR)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from swipefl.errors import UsageError
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import Delta, Shapes, clipped


@dataclass(frozen=True)
class Privacy:
    """Gaussian noise of `noise` times `max_norm` in the sum of updates, each clipped to that norm.

    The sum is divided by `clients`, the number that a round expects and not the one that came: so one client more or
    less moves it by `max_norm` at most.
    """

    noise: float
    max_norm: float
    clients: int

    def mean(self, updates: Iterable[Delta], shapes: Shapes, rng: np.random.Generator) -> Delta:
        """The noisy sum of `updates`, one a client and maybe none, over the number of clients."""
        total = {name: np.zeros(shape, np.float64) for name, shape in shapes.items()}
        for update in updates:
            for name, array in clipped(update, self.max_norm).items():
                total[name] += array
        spread = self.noise * self.max_norm
        return {
            name: ((array + spread * rng.standard_normal(array.shape)) / self.clients).astype(np.float32)
            for name, array in total.items()
        }


def check_hides(strategy: Strategy, bounded: bool) -> None:
    """Raises UsageError where noise would hide nobody: one client could move more than the noise is measured for."""
    for hindrance, what in (
        (strategy.rule != "mean", "the rule {rule}"),
        (strategy.example_cap > 0, "weights by examples"),
        (not bounded, "updates of any norm"),
    ):
        if hindrance:
            raise UsageError(
                "noise-hides-nobody",
                "noise hides a contribution in the mean of bounded updates of equal weight, and not with {what}",
                what=what.format(rule=strategy.rule),
            )
