"""The cycle's promises, on a real store with a trainer that only says that it trained."""

import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture
from swipefl.device.cycle import RoundReport, nothing_to_do
from swipefl.device.prediction import choose_checkpoint
from swipefl.errors import Interrupted
from swipefl.federation.update import decode_update, shapes_of
from swipefl.gesture.gesture import Example
from swipefl.learning.training import Trained, TrainingConfig
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support.cycles import cycle, untrained
from tests.support.people import examples
from tests.support.stores import put


def untaught(start: Checkpoint, swipes: Sequence[Example], plan: TrainingConfig, *_: Any) -> Trained:
    """A trainer whose model has forgotten everything, and knows but which words are frequent."""
    empty = {name: array * 0 for name, array in start.weights.items()}
    return Trained(replace(start, weights=empty, score=ScoreWeights(1.0, 0.0, 0.0)), len(swipes), 0, 1.0, 1.0, 1.0)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store(tmp_path / "swipefl.db") as opened:
        put(opened, examples(40))
        yield opened


def test_what_is_ingested_while_a_cycle_runs_is_new_to_the_next(store: Store) -> None:
    def late(report: RoundReport) -> None:
        put(store, examples(10, seed=1))

    cycle(store, on_round=late).run(1)
    assert nothing_to_do(store) is None
    cycle(store).run(1)
    assert nothing_to_do(store) == "nothing new since the last cycle"


def test_a_signal_while_the_model_is_judged_ends_the_round_without_a_trace(store: Store) -> None:
    trained: list[bool] = []

    def trainer(*given: Any) -> Trained:
        trained.append(True)
        return untrained(*given)

    with pytest.raises(Interrupted):
        cycle(store, trainer, stop=lambda: Interrupted(signal.SIGTERM) if trained else None).run(1)
    assert (store.rounds.all(), store.outbox.waiting()) == ([], [])
    assert nothing_to_do(store) is None


def test_a_model_is_judged_against_the_one_in_use_also_after_its_root_was_replaced(store: Store) -> None:
    """A personal model of an older base goes on being used until one of the new base is better."""
    blob = replace(base_checkpoint(), info={"from": "an older base"}).to_bytes()
    store.checkpoints.add("personal", blob, "an older base", use=True)
    (report,) = cycle(store, untaught).run(1).rounds
    assert report.top1_before is not None
    assert report.top1_after is not None
    assert report.top1_before > report.top1_after
    assert not report.adopted
    used = store.checkpoints.personal()
    assert used is not None
    assert used.blob == blob


def test_contributions_start_at_the_global_whatever_the_judgement_and_one_waits(store: Store) -> None:
    (first,) = cycle(store, untaught).run(1).rounds
    assert (first.adopted, first.push) == (False, "queued")
    put(store, examples(10, seed=1))
    (second,) = cycle(store, untaught).run(1).rounds
    (waiting,) = store.outbox.waiting()
    change = decode_update(waiting.blob, shapes_of(base_checkpoint().parameters))
    assert 0 < np.abs(change["score"]).max() < 0.25  # the score weights' own step
    assert waiting.id == second.update_id != first.update_id
    assert waiting.base == base_checkpoint().fingerprint


def test_an_attempted_contribution_is_frozen_and_others_give_way(store: Store) -> None:
    frozen = QueuedUpdate("frozen", base_checkpoint().fingerprint, 0.0, 1, b"", True, "data of then")
    stale = QueuedUpdate("stale", "an older base", 0.0, 1, b"", False, "data of then")
    store.outbox.queue(frozen)
    store.outbox.queue(stale)
    (report,) = cycle(store).run(1).rounds
    assert report.push == "none"
    assert store.outbox.waiting()[0] == frozen
    store.outbox.queue(replace(stale, id="newer", base="a newer global"))
    assert [update.id for update in store.outbox.waiting()] == ["frozen", "newer"]


def test_a_store_with_a_personal_checkpoint_of_an_earlier_base_goes_on_working(store: Store) -> None:
    """The earlier base had one layer: its child retires, the new base predicts, and training begins anew from it."""
    earlier = Architecture(16)
    rng = np.random.default_rng(0)
    weights = {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in earlier.shapes().items()}
    old = Checkpoint(str(earlier), weights, ScoreWeights(1.0, 2.5), {"from": "an earlier base"})
    with store.transaction():
        store.checkpoints.add("personal", old.to_bytes(), "an earlier base", use=True)
    assert choose_checkpoint(store, "personal").fingerprint == base_checkpoint().fingerprint
    started_from = []

    def trainer(start: Checkpoint, swipes: Sequence[Example], plan: TrainingConfig, *_: Any) -> Trained:
        started_from.append(start.fingerprint)
        return untrained(start, swipes, plan)

    (report,) = cycle(store, trainer).run(1).rounds
    assert started_from[0] == base_checkpoint().fingerprint
    assert report.top1_before is not None
    assert report.skipped is None
    stored = store.checkpoints.personal()
    assert stored
    kept = checkpoint_from_bytes(stored.blob).architecture
    assert kept == (base_checkpoint().architecture if report.adopted else str(earlier))


def diverging(start: Checkpoint, swipes: Sequence[Example], plan: TrainingConfig, *_: Any) -> Trained:
    """A trainer whose contribution ends in weights that are not finite, as steps too large would."""
    weights = {name: array * np.float32(1 if plan.measured else np.nan) for name, array in start.weights.items()}
    return Trained(replace(start, weights=weights), len(swipes), 0, 1.0, 1.0, 1.0)


def test_a_contribution_that_cannot_be_made_costs_nothing_else(store: Store) -> None:
    (report,) = cycle(store, diverging).run(1).rounds
    assert (report.update_id, report.push, report.skipped) == (None, "none", None)
    assert len(store.rounds.all()) == 1
    assert store.outbox.waiting() == []


def test_no_contribution_is_made_while_the_fate_of_another_is_not_known(store: Store) -> None:
    """What that one leaves over is not known either, and would go out twice."""
    store.outbox.queue(QueuedUpdate("sent", "an older model", 1.0, 9, b"bytes", False, "data"))
    store.outbox.attempt("sent", 1)
    (report,) = cycle(store).run(1).rounds
    assert report.update_id is None
    assert [update.id for update in store.outbox.waiting()] == ["sent"]


def test_every_round_trains_with_a_seed_of_its_own_and_all_contributions_with_one(store: Store) -> None:
    """A round that failed to help would else be made again as it was; an update is to be the same if made again."""
    seeds: dict[bool, list[int]] = {True: [], False: []}

    def trainer(start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *_: Any) -> Trained:
        seeds[config.measured].append(config.seed)
        return untrained(start, swipes, config)

    for night in range(3):
        put(store, examples(10, seed=1 + night))
        cycle(store, trainer).run(1)
    assert [done.number for done in store.rounds.all()] == seeds[True] == [1, 2, 3]
    assert set(seeds[False]) == {0}
