"""A model of one's own: trained, judged beside the one in use, kept only if it is better, and given back."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.decoder import Decoder, decoder_of_any
from swipefl.decoder.evaluation import Judgement
from swipefl.device import choosing, personal
from swipefl.device.personal import PersonalTraining, TrainReport, personal_start, reset
from swipefl.device.prediction import choose_checkpoint
from swipefl.device.status import status_of
from swipefl.device.unseen import Tally
from swipefl.errors import CheckpointError, Remedy, TooLittleData
from swipefl.gesture.gesture import Example
from swipefl.learning.training import MIN_EXAMPLES, Progress, Trained, TrainingConfig
from swipefl.store.checkpoints import Verdict
from swipefl.store.gestures import HELD_OUT, TRAIN
from swipefl.store.models import fallback, in_use
from swipefl.store.store import Store
from tests.support.errors import advises
from tests.support.harm import shaped, surer
from tests.support.people import examples
from tests.support.stores import put, side

CONFIG = TrainingConfig(3, 8, 1e-3, seed=40)
BASE = base_checkpoint()


def untaught(origin: str = BASE.fingerprint) -> Checkpoint:
    """A model that has forgotten everything, and knows but which words are frequent."""
    empty = {name: array * 0 for name, array in BASE.weights.items()}
    return Checkpoint(BASE.architecture, empty, ScoreWeights(1.0, 0.0, 0.0), {"from": origin})


def use(store: Store, checkpoint: Checkpoint) -> int:
    return store.checkpoints.add("personal", checkpoint.to_bytes(), "its root", use=True)


def start_of(store: Store) -> Checkpoint:
    return personal_start(fallback(store), in_use(store))


class To:
    """A trainer that comes to `checkpoint`, whatever it is given, and remembers that."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.began: list[str] = []
        self.told: list[TrainingConfig] = []

    def __call__(self, start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *rest: Any) -> Trained:
        self.began.append(start.fingerprint)
        self.told.append(config)
        rest[0](Progress(1, 1, 1, 1, 0.5))
        return Trained(self.checkpoint, len(swipes), 0, 2.0, 1.5, 123.456)


def training(store: Store, trainer: To, **parts: Any) -> PersonalTraining:
    return PersonalTraining(store, lambda: trainer, decoder_of_any, CONFIG, **parts)


def put_sides(store: Store, train: int, held_out: int) -> None:
    some = examples(60)
    for name, count in ((TRAIN, train), (HELD_OUT, held_out)):
        chosen = [example for example in some if side(example) == name][:count]
        assert put(store, chosen) == len(chosen) == count


def test_a_better_model_is_kept_with_its_root_and_used_from_now_on(store: Store) -> None:
    put_sides(store, 10, 5)
    use(store, untaught())
    heard: list[Progress] = []
    report = training(store, To(replace(BASE, info={"by": "a trainer"})), on_progress=heard.append).run()
    used = store.checkpoints.personal()
    assert used
    assert checkpoint_from_bytes(used.blob).info == {"from": BASE.fingerprint}
    assert used.parent == BASE.fingerprint
    assert checkpoint_from_bytes(used.blob).fingerprint == report.checkpoint
    assert report.top1_before is not None
    assert report.top1_after is not None
    assert report.top1_before < report.top1_after
    assert len(heard) == 1
    assert 0 <= report.seconds < 60
    assert report == TrainReport(
        examples=10,
        held_out=5,
        epochs=3,
        loss_before=2.0,
        loss_after=1.5,
        top1_before=report.top1_before,
        top1_after=report.top1_after,
        adopted=True,
        checkpoint=report.checkpoint,
        swipes_per_s=123.5,
        seconds=report.seconds,
        swipes=5,
        right_base=5,
        right_before=round(5 * report.top1_before),
        right_new=5,
        surer=report.surer,
    )
    assert report.surer > 0


def test_one_that_is_no_better_leaves_no_trace(store: Store) -> None:
    put_sides(store, 10, 5)
    report = training(store, To(BASE)).run()
    assert (report.adopted, report.checkpoint, report.top1_before) == (False, None, report.top1_after)
    assert store.checkpoints.all() == []


def test_one_that_is_better_than_the_one_in_use_and_worse_than_its_root_is_not_adopted(store: Store) -> None:
    """What is in use may have been worse than the base from the start of this device's swipes on."""
    put_sides(store, 10, 5)
    use(store, untaught())
    report = training(store, To(surer(0.5))).run()
    assert report.top1_before is not None
    assert report.top1_after is not None
    assert report.top1_before < report.top1_after
    assert (report.adopted, report.checkpoint) == (False, None)
    assert in_use(store).fingerprint == untaught().fingerprint


def test_a_model_of_numbers_that_are_none_is_not_adopted(store: Store) -> None:
    put_sides(store, 10, 5)
    nothing = {name: array * np.float32(np.nan) for name, array in BASE.weights.items()}
    assert not training(store, To(replace(BASE, weights=nothing))).run().adopted


def test_with_nothing_to_judge_by_none_is_adopted(store: Store) -> None:
    put_sides(store, 10, 0)
    use(store, untaught())
    report = training(store, To(BASE)).run()
    assert (report.examples, report.held_out, report.adopted, report.checkpoint) == (10, 0, False, None)
    assert (report.top1_before, report.top1_after) == (None, None)
    assert in_use(store).fingerprint == untaught().fingerprint


def test_too_few_to_train_on_are_counted_in_the_train_split(store: Store) -> None:
    put_sides(store, MIN_EXAMPLES - 1, 5)
    trainer = To(BASE)
    with pytest.raises(TooLittleData, match=f"at least {MIN_EXAMPLES} .* has {MIN_EXAMPLES - 1}") as caught:
        training(store, trainer).run()
    assert advises(Remedy.INGEST_MORE)(caught.value)
    assert trainer.told == []
    put(store, [example for example in examples(60) if side(example) == TRAIN][MIN_EXAMPLES - 1 :][:1])
    assert training(store, trainer).run().examples == MIN_EXAMPLES


def test_a_rounds_seed_is_added_to_the_configured_one(store: Store) -> None:
    put_sides(store, 10, 0)
    trainer = To(BASE)
    training(store, trainer).train()
    training(store, trainer).train(seed=2)
    assert trainer.told == [CONFIG, replace(CONFIG, seed=42)]


def test_the_newest_held_out_swipes_are_judged_and_a_few_older_ones_and_no_more_than_say_something_new(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_sides(store, 10, 5)
    judged: list[list[str]] = []

    def judge(decoder: Decoder, some: Iterable[Example]) -> Judgement:
        judged.append([example.gesture.id for example in some])
        return Judgement(len(judged) / 4, 0.0, (len(judged) == 2,) * 3, (0.0,) * 3)

    monkeypatch.setattr(personal, "judge", judge)
    monkeypatch.setattr(choosing, "JUDGED_NEWEST", 2)
    monkeypatch.setattr(choosing, "JUDGED_OLDER", 1)
    made = training(store, To(untaught())).train()
    *older, second, first = [example.gesture.id for example in store.gestures.examples(HELD_OUT)]
    (drawn, *newest), again = judged
    assert drawn in older
    assert newest == [second, first]
    assert again == [drawn, *newest]
    assert (made.held_out, made.top1_before, made.top1_after, made.adopted) == (5, 0.25, 0.5, True)
    night = made.night(1.0, Tally(None, 0))
    assert (night.swipes, night.right_base, night.right_before, night.right_now, night.only_now) == (3, 0, 0, 3, 3)


def test_training_goes_on_from_the_model_in_use_unless_its_root_was_replaced(store: Store) -> None:
    put_sides(store, 10, 0)
    trainer = To(BASE)

    def began() -> str:
        training(store, trainer).train()
        return trainer.began[-1]

    assert began() == BASE.fingerprint
    use(store, untaught())
    assert began() == untaught().fingerprint == start_of(store).fingerprint
    use(store, untaught("an older base"))
    assert in_use(store).fingerprint == untaught("an older base").fingerprint
    assert began() == BASE.fingerprint == start_of(store).fingerprint


def test_a_damaged_personal_model_gives_way_to_the_newest(store: Store) -> None:
    use(store, untaught())
    store.sql.run("UPDATE checkpoints SET blob = x'00'")
    assert in_use(store).fingerprint == start_of(store).fingerprint == BASE.fingerprint


@pytest.mark.parametrize("damaged", ["neither", "personal", "global"])
@pytest.mark.parametrize("received", [None, "accepted", "refused", "not judged"])
@pytest.mark.parametrize("mine", [None, untaught(), shaped(8)], ids=["none", "own", "retired"])
def test_status_names_what_predictions_use(
    store: Store, mine: Checkpoint | None, received: str | None, damaged: str
) -> None:
    if received:
        number = store.checkpoints.add("global", surer(1.1).to_bytes(), None, use=False)
        if received != "not judged":
            store.checkpoints.settle(number, Verdict(received == "accepted", 9, 9, 5, 5))
    if mine:
        use(store, mine)
    store.sql.run("UPDATE checkpoints SET blob = x'00' WHERE kind = ?", (damaged,))
    shown = status_of(store)
    (named,) = [c.fingerprint for c in shown.checkpoints if c.id == shown.in_use] or [BASE.fingerprint]
    try:
        assert choose_checkpoint(store, "personal").fingerprint == named
    except CheckpointError:
        assert damaged in [c.kind for c in shown.checkpoints if c.id == shown.in_use]


def test_reset_goes_back_to_what_is_asked_for_and_says_which_that_is(store: Store) -> None:
    number, second = use(store, untaught()), use(store, untaught("another"))
    assert reset(store, str(number)).in_use == str(number)
    used = store.checkpoints.personal()
    assert used
    assert used.id == number
    with pytest.raises(CheckpointError, check=advises(Remedy.RESET_TO_BASE)) as caught:
        reset(store, "global")
    assert caught.value.code == "no-global"
    with pytest.raises(CheckpointError, check=advises(Remedy.LIST_CHECKPOINTS)):
        reset(store, str(second + 1))
    assert store.checkpoints.personal() == used, "unless something is there to go back to"
    assert reset(store, "base").in_use == "base"
    assert store.checkpoints.personal() is None
    assert in_use(store).fingerprint == BASE.fingerprint
    other = replace(BASE, weights={name: array * np.float32(0.5) for name, array in BASE.weights.items()})
    store.checkpoints.add("global", other.to_bytes(), None, use=False)
    for to in ("base", "global"):
        reset(store, str(second))
        assert reset(store, to).in_use == "global", "once it was received it stands in for the base"
        assert store.checkpoints.personal() is None
        assert in_use(store).fingerprint == other.fingerprint
