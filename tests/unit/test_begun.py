"""A training that was stopped goes on where it was, to the same bits, as long as what it began with is there."""

import signal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import Ineligible, Interrupted, SwipeflError
from swipefl.learning.trainer import train
from swipefl.learning.training import Progress, Trained, TrainingConfig
from swipefl.stopping import Stop, never
from tests.support.people import examples

CONFIG = TrainingConfig(2, 2, 1e-3, seed=3, device="cpu")
SWIPES = examples(8)
BATCHES = 8  # in two epochs
ASKED = 8 + 1 + BATCHES + 1  # before each swipe, the loss before, each batch, the loss after
BATTERY = Ineligible("on-battery", "on battery")


class Nth:
    """A stop that comes when it is asked the n-th time."""

    def __init__(self, number: float, why: SwipeflError = BATTERY) -> None:
        self.number, self.why, self.asked = number, why, 0

    def __call__(self) -> SwipeflError | None:
        self.asked += 1
        return self.why if self.asked >= self.number else None


class Shelf:
    """What is kept of one training, beside no store."""

    def __init__(self, every: int = 0) -> None:
        self.state: bytes | None = None
        self.kept = self.asked = 0
        self._every = every

    def begun(self) -> bytes | None:
        return self.state

    def is_due(self) -> bool:
        self.asked += 1
        return bool(self._every) and self.asked % self._every == 0

    def keep(self, state: bytes) -> None:
        self.state, self.kept = state, self.kept + 1


def taught(shelf: Shelf, stop: Stop = never) -> Trained:
    return train(base_checkpoint(), SWIPES, CONFIG, stop=stop, keeping=shelf)


@pytest.fixture(scope="module")
def whole() -> Trained:
    return taught(Shelf())


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, ASKED), min_size=1, max_size=4))
def test_it_comes_to_the_same_bits_however_often_it_is_stopped(whole: Trained, moments: list[int]) -> None:
    shelf = Shelf()
    for moment in moments:
        try:
            taught(shelf, Nth(moment, Interrupted(signal.SIGTERM)))
        except Interrupted:
            continue
    done = taught(shelf)
    assert done.checkpoint.to_bytes() == whole.checkpoint.to_bytes()
    assert (done.loss_before, done.loss_after) == (whole.loss_before, whole.loss_after)
    assert (done.examples, done.unalignable) == (whole.examples, whole.unalignable)


@pytest.mark.parametrize("moment", range(8, ASKED + 1))
def test_no_batch_is_done_twice(whole: Trained, moment: int) -> None:
    """At each moment at which it asks: while it looks at swipes, before, between and behind the batches."""
    shelf, heard = Shelf(), list[Progress]()
    with pytest.raises(Ineligible):
        train(base_checkpoint(), SWIPES, CONFIG, heard.append, Nth(moment), shelf)
    done = len(heard)
    assert (shelf.state is not None) == (done > 0)
    train(base_checkpoint(), SWIPES, CONFIG, heard.append, keeping=shelf)
    again = [done] if done else []  # where it goes on
    assert [progress.done for progress in heard] == [*range(1, done + 1), *again, *range(done + 1, BATCHES + 1)]
    assert {(progress.epochs, progress.total) for progress in heard} == {(2, BATCHES)}
