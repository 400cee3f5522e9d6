"""Long work asks at every safe moment whether it is to end, whatever the reason."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.decoder import Decoder, decoder_of_any
from swipefl.decoder.evaluation import judge
from swipefl.decoder.lexicon import load_lexicon
from swipefl.device.contribution import contribution
from swipefl.device.personal import PersonalTraining
from swipefl.errors import SwipeflError
from swipefl.federation.coordinator.holdout import holdout
from swipefl.learning.trainer import train
from swipefl.learning.training import TrainingConfig
from swipefl.stopping import never, raise_if, until
from swipefl.store.store import Store
from tests.support.people import examples
from tests.support.stores import put
from tests.support.swipes import EXAMPLE

CONFIG = TrainingConfig(1, 8, 1e-3)


class Empty(SwipeflError):
    """A battery, say: no signal."""


class Nth:
    """A stop that comes when it is asked the n-th time; `asked` counts."""

    def __init__(self, number: float) -> None:
        self.number, self.asked = number, 0

    def __call__(self) -> SwipeflError | None:
        self.asked += 1
        return Empty("battery", "the battery is empty") if self.asked >= self.number else None


def test_a_holdout_is_left_between_two_swipes(tmp_path: Path) -> None:
    path, stop = tmp_path / "holdout.jsonl", Nth(3)
    path.write_text("".join(f"{line}\n" for line in EXAMPLE.read_text().splitlines()[:9]))
    with pytest.raises(Empty):
        holdout(path)(base_checkpoint(), stop)
    assert stop.asked == 3


def test_items_come_until_it_stops_and_none_is_taken_too_many() -> None:
    taken = []

    def items() -> Iterator[int]:
        for item in range(9):
            taken.append(item)
            yield item

    got = []
    with pytest.raises(Empty):
        got.extend(until(Nth(4), items()))
    assert taken == [0, 1, 2, 3]
    assert list(until(never, range(3))) == [0, 1, 2]
    raise_if(never)


def training(stop: Nth) -> None:
    train(base_checkpoint(), examples(24), CONFIG, stop=stop)


def judging(stop: Nth) -> None:
    judge(Decoder(base_checkpoint(), load_lexicon), until(stop, examples(6)))


def contributing(stop: Nth) -> None:
    contribution(base_checkpoint(), examples(12), CONFIG, train, decoder_of_any, stop=stop)


@pytest.mark.parametrize(
    ("work", "least"),
    [
        (training, 24 + 1 + 3 + 1),  # features, loss before, batches, loss after
        (judging, 6),
        (contributing, 12 + 1 + 2 + 1 + 4),  # and the score's step
    ],
)
def test_each_kind_of_work_ends_at_whatever_moment_it_is_told(work: Callable[[Nth], None], least: int) -> None:
    whole = Nth(float("inf"))
    work(whole)
    assert whole.asked >= least
    for moment in range(1, whole.asked + 1, 3):
        stop = Nth(moment)
        with pytest.raises(Empty):
            work(stop)
        assert stop.asked == moment


def test_a_personal_training_is_stopped_in_its_judging_too(tmp_path) -> None:
    with Store(tmp_path / "swipefl.db") as store:
        put(store, examples(40))
        counts = store.gestures.counts()

        def run(stop: Nth) -> None:
            PersonalTraining(store, lambda: train, decoder_of_any, CONFIG, stop=stop).run()

        whole = Nth(float("inf"))
        run(whole)
        assert whole.asked > counts["train"] + 2 * counts["held_out"]
        with pytest.raises(Empty):
            run(Nth(whole.asked))
