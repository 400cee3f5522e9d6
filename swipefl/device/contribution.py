"""What one device gives to a federation: how its swipes would change the global checkpoint."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import Lexicon
from swipefl.decoder.tuning import STEP_EXAMPLES, score_step
from swipefl.federation.update import Delta, difference
from swipefl.gesture.gesture import Example
from swipefl.learning.plan import Plan, Progress, Trainer


@dataclass(frozen=True, eq=False)
class Contribution:
    """The change of all parameters, and out of how many examples it was made."""

    delta: Delta
    examples: int


def contribution(
    start: Checkpoint,
    examples: Sequence[Example],
    plan: Plan,
    trainer: Trainer,
    lexicon_of: Callable[[str], Lexicon],
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], int | None] = lambda: None,
) -> Contribution:
    """How training on `examples` by `plan` changes the weights of `start`, and how a few of them change its score.

    Equal arguments give equal bytes. Raises what the trainer raises.
    """
    trained = trainer(start, examples, plan, on_progress, stopped)
    drawn = np.random.default_rng([plan.seed, int(start.fingerprint[:8], 16)]).permutation(len(examples))
    few = [examples[i] for i in drawn[:STEP_EXAMPLES]]
    score = score_step(Decoder(start, lexicon_of), few, start.score)
    there = replace(trained.checkpoint, score=score)
    return Contribution(difference(there.parameters, start.parameters), trained.examples)
