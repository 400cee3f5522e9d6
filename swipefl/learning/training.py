"""What training is told and what it says; free of torch, so that a caller can ask for it without loading it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.gesture.gesture import Example
from swipefl.stopping import Stop

MIN_EXAMPLES = 8
DROPOUT = 0.15  # recorded swipes are few and come again and again


@dataclass(frozen=True)
class TrainingConfig:
    """How to train, with Adam (Kingma 2015, ICLR).

    `proximal` pulls towards the weights that training began with (FedProx; Li 2020, MLSys); without `measured` no time
    is spent on the losses before and after, which then are NaN.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    seed: int = 0
    device: str = "auto"
    proximal: float = 0.0
    dropout: float = DROPOUT
    measured: bool = True


@dataclass(frozen=True)
class Progress:
    """How far training is: `done` of `total` batches, the last batch's loss in nats a letter."""

    epoch: int
    epochs: int
    done: int
    total: int
    loss: float


@dataclass(frozen=True)
class Trained:
    """A trained checkpoint; `examples` were used, `unalignable` had too few frames for CTC and were left out."""

    checkpoint: Checkpoint
    examples: int
    unalignable: int
    loss_before: float
    loss_after: float
    swipes_per_s: float


class Trainer(Protocol):
    """What `learning.trainer.train` is: a checkpoint and examples in, a trained checkpoint out."""

    def __call__(
        self,
        start: Checkpoint,
        examples: Sequence[Example],
        config: TrainingConfig,
        on_progress: Callable[[Progress], None] = ...,
        stop: Stop = ...,
    ) -> Trained: ...
