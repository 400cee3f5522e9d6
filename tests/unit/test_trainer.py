import signal

import numpy as np
import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import Interrupted, TooLittleData, UsageError
from swipefl.learning.trainer import device_of, train
from swipefl.learning.training import Progress, TrainingConfig
from tests.support.people import examples

PLAN = TrainingConfig(epochs=2, batch_size=8, learning_rate=1e-3, seed=5, device="cpu")


def test_equal_seeds_give_equal_tensors_and_training_learns() -> None:
    swipes = examples(24)
    first, second = train(base_checkpoint(), swipes, PLAN), train(base_checkpoint(), swipes, PLAN)
    assert first.checkpoint.to_bytes() == second.checkpoint.to_bytes()
    assert first.loss_after < first.loss_before
    assert first.examples == 24


def test_another_seed_gives_other_tensors() -> None:
    swipes = examples(24)
    other = TrainingConfig(2, 8, 1e-3, seed=6, device="cpu")
    same = train(base_checkpoint(), swipes, PLAN).checkpoint.weights["head.bias"]
    assert not np.array_equal(train(base_checkpoint(), swipes, other).checkpoint.weights["head.bias"], same)


def test_a_signal_stops_at_the_next_batch() -> None:
    seen: list[Progress] = []
    with pytest.raises(Interrupted) as caught:
        train(base_checkpoint(), examples(24), PLAN, seen.append, lambda: Interrupted(signal.SIGTERM) if seen else None)
    assert caught.value.signum == signal.SIGTERM
    assert len(seen) == 1


def test_too_little_data_and_a_missing_device_are_clear_errors() -> None:
    with pytest.raises(TooLittleData, match="at least 8"):
        train(base_checkpoint(), examples(3), PLAN)
    import torch

    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="CUDA"):
            device_of("cuda")
