"""One round of a federation: updates in, the next model out. Coordinator and simulation run this one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from swipefl.decoder.checkpoint import Checkpoint, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture, usable
from swipefl.errors import CheckpointError
from swipefl.federation.aggregation import Arrived, Moments, combine, step
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import Delta, Shapes

Score = Callable[[Checkpoint], float]
Combine = Callable[[Sequence[Arrived], Shapes, Strategy], Delta]


@dataclass(frozen=True, eq=False)
class Master:
    """What rounds go on from: a model in float32, of which devices get a float16 copy, and the optimiser's moments."""

    model: Checkpoint
    moments: Moments = field(default_factory=dict)

    def published(self) -> Checkpoint:
        """The model as devices will load it."""
        return checkpoint_from_bytes(self.model.to_bytes(half=True))


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a round came to: the next master, and top-1 before and after, None where nobody scored.

    `kept` says that the candidate was worse, or by its `fault` none that a device takes: the weights are those from
    before.
    """

    master: Master
    top1_before: float | None = None
    top1_after: float | None = None
    kept: bool = False
    fault: str | None = None

    @property
    def top1(self) -> float | None:
        """That of the next master."""
        return self.top1_before if self.kept else self.top1_after


def play(
    master: Master,
    updates: Sequence[Arrived],
    strategy: Strategy,
    number: int,
    score: Score | None = None,
    combine: Combine = combine,
) -> Outcome:
    """Weighs and combines `updates`, takes the step of round `number`, and scores what it came to.

    `score` gives a checkpoint's top-1 on a holdout, where there is one; `combine` is another way to combine them than
    the strategy's, which needs one at least.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what leaves the range of float32 or float16 is found below
        delta = combine(updates, Architecture.named(master.model.architecture).parameter_shapes(), strategy)
        moved, moments = step(master.model.parameters, master.moments, delta, strategy, number)
        candidate = replace(master, model=master.model.with_parameters(moved), moments=moments)
        fault = _fault(candidate)
    if fault:  # without moments: they would lead the next round there again
        before = score(master.published()) if score else None
        return Outcome(Master(master.model), before, kept=True, fault=fault)
    if score is None:
        return Outcome(candidate)
    before, after = score(master.published()), score(candidate.published())
    return Outcome(master if after < before else candidate, before, after, kept=after < before)


def _fault(candidate: Master) -> str | None:
    """Why devices would not take a candidate, or no round could go on from it."""
    try:
        usable(candidate.published())
    except CheckpointError as error:
        return str(error)
    finite = all(np.isfinite(array).all() for array in candidate.moments.values())
    return None if finite else "the optimiser's moments are not finite"
