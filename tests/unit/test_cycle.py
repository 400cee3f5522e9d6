"""The cycle's promises, on a real store with a trainer that only says that it trained."""

import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swipefl.database.snapshots import BEFORE_UPGRADE
from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.decoder import decoder_of_any
from swipefl.decoder.encoder import Architecture
from swipefl.device.cycle import DONE, RoundReport, nothing_to_do
from swipefl.device.permission import Permission
from swipefl.device.personal import PersonalTraining
from swipefl.device.prediction import choose_checkpoint
from swipefl.errors import (
    CoordinatorUnreachable,
    FederationError,
    Ineligible,
    Interrupted,
    Remedy,
    TooLittleData,
    UpdateRefused,
)
from swipefl.federation.device.exchange import Exchanged
from swipefl.federation.protocol.conditions import Conditions
from swipefl.federation.update import decode_update, shapes_of
from swipefl.gesture.gesture import Example
from swipefl.learning.training import Trained, TrainingConfig
from swipefl.operations.conditions.bus import Bus
from swipefl.operations.conditions.limits import Limits
from swipefl.operations.conditions.machine import Machine
from swipefl.operations.eligibility import Eligibility
from swipefl.operations.sharing import shared_by
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.rounds import Round
from swipefl.store.store import Store
from tests.support.cycles import CONFIG, MEMBER, cycle, untrained
from tests.support.people import examples
from tests.support.stores import put, train_uses


def untaught(start: Checkpoint, swipes: Sequence[Example], plan: TrainingConfig, *_: Any) -> Trained:
    """A trainer whose model has forgotten everything, and knows but which words are frequent."""
    empty = {name: array * 0 for name, array in start.weights.items()}
    return Trained(replace(start, weights=empty, score=ScoreWeights(1.0, 0.0, 0.0)), len(swipes), 0, 1.0, 1.0, 1.0)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    """A member's store with forty swipes."""
    with Store(tmp_path / "swipefl.db") as opened:
        put(opened, examples(40))
        opened.memberships.set(MEMBER)
        yield opened


def test_what_is_ingested_while_a_cycle_runs_is_new_to_the_next(store: Store) -> None:
    def late(report: RoundReport) -> None:
        put(store, examples(10, seed=1))

    cycle(store, on_round=late).run(1)
    assert nothing_to_do(store) is None
    cycle(store).run(1)
    assert nothing_to_do(store) == "nothing new since the last cycle"


@pytest.mark.parametrize("rounds", [1, 2])
def test_what_ends_behind_its_last_round_has_nothing_to_do_again(store: Store, rounds: int) -> None:
    def ends(report: RoundReport) -> None:
        raise KeyboardInterrupt

    spoiled(store)
    with pytest.raises(KeyboardInterrupt):
        cycle(store, to_base, on_round=ends).run(rounds)
    assert (nothing_to_do(store) is None) == (rounds == 2), "another round was to come"


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


def alone(trained: list[bool]) -> Any:
    """A trainer that notes of each training whether it was one of the personal model."""

    def trainer(start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *_: Any) -> Trained:
        trained.append(config.measured)
        return untrained(start, swipes, config)

    return trainer


def test_a_device_that_joined_no_federation_makes_no_contribution(store: Store) -> None:
    """None is trained, none waits, and what an earlier version made stays where it is and is nobody's."""
    store.memberships.delete()
    earlier = QueuedUpdate("earlier", base_checkpoint().fingerprint, 1.0, 9, b"bytes", False, "data")
    trained: list[bool] = []
    for waiting in ([], [earlier]):
        for update in waiting:
            store.outbox.queue(update)
        (report,) = cycle(store, alone(trained)).run(1).rounds
        assert (report.update_id, report.push, report.skipped) == (None, "none", None)
        assert store.outbox.waiting() == waiting
        assert store.rounds.all()[-1].update_id is None
        put(store, examples(10, seed=1))
    assert trained == [True, True]


def test_a_federation_that_is_left_while_a_contribution_is_made_gets_none(store: Store) -> None:
    def trainer(start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *_: Any) -> Trained:
        if not config.measured:
            store.memberships.delete()
        return untrained(start, swipes, config)

    coordinator = Visited(Exchanged())
    (report,) = cycle(store, trainer, coordinator=coordinator).run(1).rounds
    assert (report.update_id, report.push, coordinator.pulls) == (None, "none", [True])
    assert store.outbox.waiting() == []
    assert [done.update_id for done in store.rounds.all()] == [None]


def test_who_has_just_joined_owes_a_contribution_and_who_left_owes_none(store: Store) -> None:
    store.memberships.delete()
    cycle(store).run(1)
    assert nothing_to_do(store) == "nothing new since the last cycle"
    for member in (MEMBER, replace(MEMBER, device_id="another")):
        store.memberships.set(member)
        assert nothing_to_do(store) is None
        (report,) = cycle(store).run(1).rounds
        assert report.push == "queued"
        assert nothing_to_do(store) == "nothing new since the last cycle"
    store.memberships.delete()
    assert nothing_to_do(store) == "nothing new since the last cycle"


def test_a_contribution_starts_at_the_newest_global_model(store: Store) -> None:
    weights = {name: array * np.float32(0.5) for name, array in base_checkpoint().weights.items()}
    newer = replace(base_checkpoint(), weights=weights)
    store.checkpoints.add("global", newer.to_bytes(), None, use=False)
    started: dict[bool, str] = {}

    def trainer(start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *_: Any) -> Trained:
        started[config.measured] = start.fingerprint
        return untrained(start, swipes, config)

    cycle(store, trainer).run(1)
    assert started[False] == newer.fingerprint
    assert [update.base for update in store.outbox.waiting()] == [newer.fingerprint]


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


class Visited:
    """A coordinator that is visited as `Exchange` is, and answers in turn what it is given; the last for ever."""

    def __init__(self, *answers: Exchanged | FederationError, waits: CoordinatorUnreachable | None = None) -> None:
        self.answers = list(answers)
        self.waiting = waits
        self.pulls: list[bool] = []

    def waits(self) -> CoordinatorUnreachable | None:
        return self.waiting

    def run(self, pull: bool = True, push: bool = True, by_timer: bool = False) -> Exchanged:
        self.pulls.append(pull)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, FederationError):
            raise answer
        return answer


AWAY = CoordinatorUnreachable("unreachable", "the coordinator did not answer")


def spoiled(store: Store) -> None:
    """Gives the store a personal model of its base that is worse than what `untrained` goes back to."""
    worse = untaught(base_checkpoint(), [], CONFIG).checkpoint
    worse = replace(worse, info={"from": base_checkpoint().fingerprint})
    store.checkpoints.add("personal", worse.to_bytes(), base_checkpoint().fingerprint, use=True)


def to_base(start: Checkpoint, swipes: Sequence[Example], *_: Any) -> Trained:
    return untrained(base_checkpoint(), swipes, CONFIG)


def test_rounds_go_on_while_they_help_and_visit_before_and_after(store: Store) -> None:
    """The first round is better than what was in use, the second no better than that: the third is not made."""
    spoiled(store)
    coordinator, heard = Visited(Exchanged()), list[RoundReport]()
    report = cycle(store, to_base, coordinator=coordinator, on_round=heard.append).run(4)
    assert [(done.round, done.adopted, done.skipped) for done in report.rounds] == [
        (1, True, None),
        (2, False, None),
        (3, False, "another one was no better on the held-out swipes"),
    ]
    assert heard == list(report.rounds)
    assert coordinator.pulls == [True, False, True, False], "what is newer is fetched between rounds alone"
    assert report.unspoken is None
    assert nothing_to_do(store) == "nothing new since the last cycle"
    used = store.checkpoints.personal()
    assert used
    assert checkpoint_from_bytes(used.blob).info == {"from": base_checkpoint().fingerprint}


def test_the_last_round_is_followed_by_nothing_but_its_push(store: Store) -> None:
    spoiled(store)
    coordinator = Visited(Exchanged())
    (only,) = cycle(store, to_base, coordinator=coordinator).run(1).rounds
    assert only.adopted
    assert coordinator.pulls == [True, False]
    (again,) = cycle(store, to_base, coordinator=coordinator).run(1).rounds
    assert (again.round, again.examples, again.skipped) == (2, 36, "nothing new since the last cycle")
    assert coordinator.pulls == [True, False, True], "a newer model would be news"
    assert len(store.rounds.all()) == 1


def test_a_round_is_stored_as_it_was(store: Store) -> None:
    spoiled(store)
    times = iter([100.0, 160.0, 161.0])
    (report,) = cycle(store, to_base, clock=lambda: next(times)).run(1).rounds
    (waiting,) = store.outbox.waiting()
    counted = (report.swipes, report.right_base, report.right_before, report.right_new)
    assert counted == (4, 4, 0, 4)
    assert report == RoundReport(
        1, 36, report.top1_before, report.top1_after, True, waiting.id, "queued", None, *counted
    )
    assert report.top1_before != report.top1_after
    assert store.rounds.all() == [
        Round(
            1, 100.0, 160.0, 36, report.top1_before, report.top1_after, True, waiting.id, base_checkpoint().fingerprint
        )
    ]


@pytest.mark.parametrize(
    ("done", "push"),
    [
        (Exchanged(pushed=1), "sent"),
        (Exchanged(refused=1, reasons=("damaged",)), "refused"),
        (Exchanged(stale=1), "stale"),
        (Exchanged(pushed=1, refused=1, stale=1), "sent"),
        (Exchanged(refused=1, stale=1), "refused"),
        (Exchanged(), "queued"),
        (AWAY, "queued"),
    ],
)
def test_a_report_says_what_became_of_the_contribution(
    store: Store, done: Exchanged | FederationError, push: str
) -> None:
    report = cycle(store, coordinator=Visited(Exchanged(), done)).run(1)
    assert [made.push for made in report.rounds] == [push]
    assert report.unspoken is (done if done is AWAY else None)


def test_a_coordinator_that_is_away_is_asked_once_and_the_night_goes_on(store: Store) -> None:
    coordinator = Visited(AWAY)
    report = cycle(store, coordinator=coordinator).run(1)
    assert coordinator.pulls == [True]
    assert (report.unspoken, [done.push for done in report.rounds]) == (AWAY, ["queued"])
    due_later = Visited(Exchanged(pushed=1), waits=AWAY)
    put(store, examples(10, seed=1))
    report = cycle(store, coordinator=due_later).run(1)
    assert due_later.pulls == []
    assert (report.unspoken, [done.push for done in report.rounds]) == (AWAY, ["queued"])


def test_where_a_visit_is_required_no_pause_holds_it_back_and_its_failure_is_an_error(store: Store) -> None:
    taken = Visited(Exchanged(pushed=1), waits=AWAY)
    report = cycle(store, coordinator=taken, require_sync=True).run(1)
    assert (taken.pulls, report.unspoken, report.rounds[0].push) == ([True, False], None, "sent")
    put(store, examples(10, seed=1))
    with pytest.raises(CoordinatorUnreachable):
        cycle(store, coordinator=Visited(AWAY), require_sync=True).run(1)
    refusing = Visited(Exchanged(), Exchanged(refused=2, reasons=("damaged", "too-large")))
    with pytest.raises(UpdateRefused, match="damaged, too-large") as caught:
        cycle(store, coordinator=refusing, require_sync=True).run(1)
    assert caught.value.code == "update-refused"


def test_where_a_visit_is_required_and_not_allowed_that_is_an_error_too(store: Store) -> None:
    metered = Ineligible("not-now", "{says}", says="the network is metered")
    may = Permission(visit=lambda: metered)
    coordinator = Visited(Exchanged())
    assert cycle(store, coordinator=coordinator, may=may).run(1).unspoken is metered
    with pytest.raises(CoordinatorUnreachable, match="the network is metered"):
        cycle(store, coordinator=coordinator, may=may, require_sync=True).run(1)
    assert coordinator.pulls == []


class Taking(Visited):
    """Takes what waits at each push."""

    def __init__(self, store: Store) -> None:
        super().__init__(Exchanged())
        self.store, self.taken = store, list[str]()

    def run(self, pull: bool = True, push: bool = True, by_timer: bool = False) -> Exchanged:
        waiting = self.store.outbox.waiting() if push else []
        for update in waiting:
            self.store.outbox.remove(update.id)
            self.taken.append(update.id)
        return replace(super().run(pull, push, by_timer), pushed=len(waiting))


@pytest.mark.parametrize(("a_night", "sent"), [(20, [0, 1, 0, 1, 0, 1]), (40, [1, 1, 1, 1, 1, 1])])
def test_swipes_are_new_to_a_federation_since_the_last_contribution_and_what_was_made_leaves_at_once(
    path: Path, a_night: int, sent: list[int]
) -> None:
    with Store(path) as own:
        own.memberships.set(MEMBER)
        coordinator, left = Taking(own), list[int]()
        asked, nothing = Conditions(least_new_swipes=30), Limits(0, 0, True, 0, 0, 0, 0)
        may = Eligibility(Machine(path.parent, Bus()), nothing, lambda: asked, lambda: shared_by(own)).permission()
        for night in range(len(sent)):
            put(own, examples(a_night, seed=night))
            before = len(coordinator.taken)
            report = cycle(own, coordinator=coordinator, may=may).run(2)
            left.append(len(coordinator.taken) - before)
            assert (report.night is not None, report.withheld is None) == (True, bool(left[-1]))
        assert left == sent
        assert own.outbox.waiting() == []


def test_a_copy_of_before_an_upgrade_stays_until_a_night_learned_something(store: Store) -> None:
    copy = store.path.with_name(store.path.name + BEFORE_UPGRADE)
    copy.touch()
    hot = Ineligible("hot", "too warm")
    cycle(store, may=Permission(night=lambda: hot)).run(1)
    cycle(store, may=Permission(least_new_swipes=10**6)).run(1)
    assert copy.exists()
    cycle(store).run(1)
    assert not copy.exists()
    copy.touch()
    PersonalTraining(store, lambda: untrained, decoder_of_any, CONFIG).run()
    assert not copy.exists()


def test_too_few_swipes_are_no_round_and_no_error(path: Path) -> None:
    with Store(path) as few:
        put(few, train_uses("hello", 7))
        (report,) = cycle(few).run(3).rounds
        assert report == RoundReport(1, 7, skipped="too few swipes yet: 7 of the 8 that it takes to learn")
        assert (report.push, report.adopted, report.update_id) == ("none", False, None)
        put(few, train_uses("water", 1, seed=1))
        assert nothing_to_do(few) is None
        assert few.rounds.all() == []


def test_swipes_that_cannot_be_learned_from_end_the_cycle_with_the_reason(store: Store) -> None:
    why = TooLittleData("few-alignable", "too few can be aligned", Remedy.INGEST_MORE)

    def trainer(*_: Any) -> Trained:
        raise why

    (report,) = cycle(store, trainer).run(3).rounds
    assert report == RoundReport(1, 36, skipped=why)
    assert nothing_to_do(store) == "nothing new since the last cycle"
    assert (store.rounds.all(), store.outbox.waiting()) == ([], [])


def test_a_newer_global_model_is_something_to_do(store: Store) -> None:
    cycle(store).run(1)
    assert nothing_to_do(store)
    weights = {name: array * np.float32(0.5) for name, array in base_checkpoint().weights.items()}
    store.checkpoints.add("global", replace(base_checkpoint(), weights=weights).to_bytes(), None, use=False)
    assert nothing_to_do(store) is None


def test_an_attempted_contribution_of_the_same_data_is_sent_once_more_as_it_is(store: Store) -> None:
    cycle(store).run(1)
    (first,) = store.outbox.waiting()
    store.outbox.attempt(first.id, 1)
    store.meta.delete(DONE)
    (report,) = cycle(store, coordinator=Visited(Exchanged(), Exchanged(pushed=1))).run(1).rounds
    assert (report.update_id, report.push) == (first.id, "sent")
    assert store.outbox.waiting() == [replace(first, attempted=True, version=1)]
