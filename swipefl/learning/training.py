"""What training is told and what it says; free of torch, so that a caller can ask for it without loading it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.doing import OnDoing
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


class Heard:
    """Passes on how far training is, and knows what it heard last; None where it has not begun."""

    def __init__(self, on_progress: Callable[[Progress], None] = lambda progress: None) -> None:
        self.last: Progress | None = None
        self._on_progress = on_progress

    def __call__(self, progress: Progress) -> None:
        self.last = progress
        self._on_progress(progress)


@dataclass(frozen=True)
class Trained:
    """A trained checkpoint; `examples` were used, `unalignable` had too few frames for CTC and were left out."""

    checkpoint: Checkpoint
    examples: int
    unalignable: int
    loss_before: float
    loss_after: float
    swipes_per_s: float


class Keeping(Protocol):
    """Where a training that is stopped leaves what it has, and finds what it had: bytes, of this very training."""

    def begun(self) -> bytes | None:
        """What was kept last, None where it begins anew."""

    def is_due(self) -> bool:
        """Whether so much was done since that it would be a pity to lose it."""

    def keep(self, state: bytes) -> None:
        """Keeps it in place of what was kept before, if that can be done without waiting."""


class Forgetful:
    """Keeps nothing."""

    def begun(self) -> None:
        """Nothing."""

    def is_due(self) -> bool:
        """Never."""
        return False

    def keep(self, state: bytes) -> None:
        """Does not."""


FORGETFUL = Forgetful()


class Trainer(Protocol):
    """What `learning.trainer.train` is: a checkpoint and examples in, a trained checkpoint out."""

    def __call__(
        self,
        start: Checkpoint,
        examples: Sequence[Example],
        config: TrainingConfig,
        on_progress: Callable[[Progress], None] = ...,
        stop: Stop = ...,
        keeping: Keeping = ...,
        on_doing: OnDoing = ...,
    ) -> Trained: ...
