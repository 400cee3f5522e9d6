"""What an update is made of: the last one's residual, the coordinator's plan, this device's bound; when one is made."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.decoder import decoder_of_any
from swipefl.decoder.tuning import STEP_EXAMPLES
from swipefl.device.contribution import contribution
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.update import (
    Delta,
    EncodedUpdate,
    decode_update,
    norm_of,
    residual_from,
    shapes_of,
)
from swipefl.gesture.gesture import Example
from swipefl.learning.training import Trained, TrainingConfig
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support import cycles
from tests.support.cycles import CONFIG, MAX_NORM, contributor, untrained
from tests.support.people import examples
from tests.support.stores import put
from tests.support.updates import delta

BASE = base_checkpoint()
MEMBER = replace(cycles.MEMBER, version=1, fingerprint=BASE.fingerprint)


class Moved:
    """A trainer whose change is `change`; it remembers how it was told to train."""

    def __init__(self, change: Delta) -> None:
        self.change = change
        self.told: list[TrainingConfig] = []

    def __call__(self, start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *_: object) -> Trained:
        self.told.append(config)
        weights = {name: array + self.change[name] for name, array in start.weights.items()}
        return Trained(replace(start, weights=weights), len(swipes), 0, 1.0, 1.0, 1.0)


@pytest.fixture
def own(path: Path) -> Iterator[Store]:
    """A member's store with forty swipes."""
    with Store(path) as store:
        put(store, examples(40))
        store.memberships.set(MEMBER)
        yield store


def sent(update: QueuedUpdate | None) -> Delta:
    assert update
    return decode_update(update.blob, shapes_of(BASE.parameters))


def test_what_the_last_update_left_over_goes_out_with_the_next(own: Store) -> None:
    residual = delta(BASE.parameters, seed=1, norm=0.2)
    blob = EncodedUpdate(b"", residual).residual_blob
    trainer = Moved(delta(BASE.parameters, seed=2, norm=0.5))
    without = sent(contributor(own, trainer).update_from(BASE))
    own.memberships.set(replace(MEMBER, residual=blob))
    with_it = sent(contributor(own, trainer).update_from(BASE))
    for name, array in residual.items():
        if name != "score":  # whose share of the norm is bounded
            np.testing.assert_allclose(with_it[name] - without[name], array, atol=2e-3)
    assert norm_of({n: with_it[n] - without[n] for n in residual}) == pytest.approx(0.2, rel=0.05)


def test_what_an_update_leaves_over_waits_with_it_and_adds_up_to_what_was_learned(own: Store) -> None:
    trainer = Moved(delta(BASE.parameters, seed=2, norm=0.5))
    earlier = delta(BASE.parameters, seed=3, norm=0.2)
    own.memberships.set(replace(MEMBER, residual=EncodedUpdate(b"", earlier).residual_blob))
    update = contributor(own, trainer).update_from(BASE)
    assert update
    went, rest = sent(update), residual_from(update.residual, shapes_of(BASE.parameters))
    assert rest
    for name, change in trainer.change.items():
        if name != "score":
            np.testing.assert_allclose(went[name] + rest[name], change + earlier[name], atol=1e-5)


@pytest.mark.parametrize("kind", ["of another model", "damaged", "overgrown"])
def test_a_residual_that_is_none_of_this_model_is_left_out(own: Store, kind: str) -> None:
    """Earlier versions let it grow to several times an update's norm."""
    other, old = {"a": np.ones(3, np.float32)}, delta(BASE.parameters, seed=1, norm=4 * MAX_NORM)
    blobs = {
        "of another model": EncodedUpdate(b"", other).residual_blob,
        "damaged": b"residual",
        "overgrown": EncodedUpdate(b"", old).residual_blob,
    }
    trainer, shapes = Moved(delta(BASE.parameters, seed=2, norm=2 * MAX_NORM)), shapes_of(BASE.parameters)
    made = []
    for residual in (b"", blobs[kind]):
        own.memberships.set(replace(MEMBER, residual=residual))
        made.append(contributor(own, trainer).update_from(BASE))
    fresh, update = made
    assert fresh
    assert update
    assert update.blob == fresh.blob
    left = residual_from(update.residual, shapes)
    assert left
    assert norm_of(left) < 0.02 * MAX_NORM


@pytest.mark.parametrize(("asked", "bound"), [(0.25, 0.25), (MAX_NORM, MAX_NORM), (100.0, MAX_NORM)])
def test_the_smaller_of_two_bounds_holds(own: Store, asked: float, bound: float) -> None:
    """The coordinator's, or this device's own."""
    own.memberships.set(replace(MEMBER, plan=Plan(max_norm=asked).to_json()))
    change = sent(contributor(own, Moved(delta(BASE.parameters, norm=50.0))).update_from(BASE))
    assert 0.95 * bound < norm_of(change) <= bound


def test_a_device_that_joined_no_federation_trains_no_contribution(own: Store) -> None:
    """Also where one waits, as earlier versions made it for nobody."""
    trainer = Moved(delta(BASE.parameters, norm=0.1))
    made = contributor(own, trainer).update_from(BASE)
    assert made
    for waiting in (made, None):
        own.memberships.delete()
        own.outbox.erase()
        if waiting:
            own.outbox.queue(waiting)
        assert contributor(own, trainer).update_from(BASE) is None
    assert len(trainer.told) == 1


def test_it_is_trained_as_the_plan_says_and_else_as_this_device_does(own: Store) -> None:
    trainer = Moved(delta(BASE.parameters, norm=0.1))
    assert contributor(own, trainer).update_from(BASE)
    own.memberships.set(replace(MEMBER, plan=Plan(3, 5, 0.25, 1.0).to_json()))
    assert contributor(own, trainer).update_from(BASE)
    before, after = trainer.told
    assert before == replace(CONFIG, measured=False)
    assert after == replace(before, epochs=3, batch_size=5, learning_rate=0.25)


@pytest.mark.parametrize(
    ("contributed", "version", "fingerprint", "made"),
    [
        (1, 1, BASE.fingerprint, False),
        (0, 1, BASE.fingerprint, True),
        (2, 1, BASE.fingerprint, False),
        (1, 1, "another", True),
        (0, 0, "", True),
        (0, 0, BASE.fingerprint, True),
    ],
)
def test_none_is_made_for_a_version_that_the_coordinator_has_one_for(
    own: Store, contributed: int, version: int, fingerprint: str, made: bool
) -> None:
    own.memberships.set(replace(MEMBER, contributed=contributed, version=version, fingerprint=fingerprint))
    assert (contributor(own).update_from(BASE) is not None) is made


def test_the_one_of_the_same_data_is_kept_and_of_other_data_made_anew(own: Store) -> None:
    first = contributor(own).update_from(BASE)
    assert first
    own.outbox.queue(first)
    assert contributor(own).update_from(BASE) == first
    put(own, examples(10, seed=1))
    second = contributor(own).update_from(BASE)
    assert second
    assert (second.id, second.data) != (first.id, first.data)
    assert second.examples > first.examples
    own.outbox.attempt(first.id, 1)
    assert contributor(own).update_from(BASE) is None, "until its fate is known"


class Watched(Sequence[Example]):
    """Examples that remember which of them were looked at."""

    def __init__(self, items: Sequence[Example]) -> None:
        self.items = items
        self.seen: list[int] = []

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, at: Any) -> Any:
        self.seen.append(int(at))
        return self.items[at]


def test_a_few_examples_move_the_score_other_ones_by_seed_and_by_model() -> None:
    """So a client's share in the score's tuning is no choice of its own, and an update made again is the same."""
    half = replace(BASE, weights={name: array * np.float32(0.5) for name, array in BASE.weights.items()})

    def made(start: Checkpoint = BASE, seed: int = 0) -> tuple[list[int], Delta]:
        watched = Watched(examples(200))
        config = replace(CONFIG, seed=seed)
        change = contribution(start, watched, config, untrained, decoder_of_any).delta
        return watched.seen, change

    usual, score = made()
    again, same = made()
    assert usual == again
    np.testing.assert_array_equal(score["score"], same["score"])
    assert np.abs(score["score"]).max() > 0
    drawn = [usual, made(seed=1)[0], made(half)[0]]
    assert [len(set(which)) for which in drawn] == [STEP_EXAMPLES] * 3
    assert len({tuple(which) for which in drawn}) == 3


def test_what_waits_for_an_older_model_holds_back_another_only_once_it_was_sent(own: Store) -> None:
    """What was never sent leaves nothing over that would be due with the next one."""
    older = QueuedUpdate("older", "an older model", 1.0, 9, b"bytes", False, own.gestures.fingerprint())
    own.outbox.queue(older)
    made = contributor(own).update_from(BASE)
    assert made
    assert (made.base, made.data) == (BASE.fingerprint, older.data), "of the same data, and yet another"
    own.outbox.attempt("older", 1)
    assert contributor(own).update_from(BASE) is None
    own.outbox.remove("older")
    assert contributor(own).update_from(BASE) is not None


def test_one_that_was_sent_is_sent_again_as_it_is_and_none_made_beside_it(own: Store) -> None:
    first = contributor(own).update_from(BASE)
    assert first
    own.outbox.queue(first)
    own.outbox.attempt(first.id, 1)
    assert contributor(own).update_from(BASE) == replace(first, attempted=True, version=1)


def test_weights_that_are_not_finite_are_no_contribution(own: Store) -> None:
    nothing = {name: np.full_like(array, np.nan) for name, array in BASE.weights.items()}
    assert contributor(own, Moved(nothing)).update_from(BASE) is None
