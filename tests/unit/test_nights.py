"""What nights keep: counts of three models on the same held-out swipes, each swipe once, and nothing for long."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlite_utils import Database

from swipefl.database.migrations import migrate
from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import Decoder, decoder_of_any
from swipefl.decoder.evaluation import Judgement, judge
from swipefl.device import personal
from swipefl.device.acceptance import GlobalJudge
from swipefl.device.cycle import DONE
from swipefl.device.ownership import forget, relabel, would_forget
from swipefl.device.personal import PersonalTraining, reset
from swipefl.device.status import status_of
from swipefl.federation.device.exchange import Exchanged
from swipefl.gesture.gesture import Example
from swipefl.learning.training import Trained, TrainingConfig
from swipefl.store.gestures import HELD_OUT
from swipefl.store.nights import KEPT, Departure, Night
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.schema import STORE
from swipefl.store.store import Store
from swipefl.telling.sentences import gained
from tests.support.cycles import CONFIG, MEMBER, cycle
from tests.support.harm import BASE, surer
from tests.support.people import examples
from tests.support.stores import put, side

NIGHT = Night(160.0, 9, 24, 45, 39, 40, 41, 41, 1, 3, 0.25, True, 5, 60.0, 4, 5, 0, 1, 0.5, "u", "waits")
HELD = [example for example in examples(400) if side(example) == HELD_OUT]
UPDATE = QueuedUpdate("u", "base", 1.0, 9, b"bytes", False, "data")


def to(factor: float) -> Any:
    """A trainer that comes to the base with other score weights: 1.1 is a little better, 0.5 is worse."""

    def trainer(start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *_: Any) -> Trained:
        return Trained(surer(factor), len(swipes), 0, 1.0, 1.0, 1.0)

    return trainer


@pytest.fixture
def own(store: Store) -> Store:
    """A store of sixty swipes, eight of them held out at least."""
    put(store, examples(60) + HELD[:8])
    return store


def again(store: Store, some: list[Example]) -> int:
    """More swipes come; how many of them are held out."""
    before = store.gestures.counts()[HELD_OUT]
    put(store, some)
    return store.gestures.counts()[HELD_OUT] - before


def test_a_night_is_kept_as_it_was(store: Store) -> None:
    store.outbox.queue(UPDATE)
    store.nights.add(NIGHT)
    other = replace(NIGHT, adopted=False, unseen_since=None, update_id=None, shared="nothing")
    store.nights.add(other)
    assert store.nights.all() == [NIGHT, other]
    assert (store.nights.made("u"), store.nights.made("v")) == (True, False)


def test_no_more_nights_are_kept_than_anybody_looks_at(store: Store) -> None:
    for number in range(KEPT + 3):
        store.nights.add(replace(NIGHT, finished_at=float(number), shared="nothing"))
    assert [night.finished_at for night in store.nights.all()] == [float(n) for n in range(3, KEPT + 3)]
    assert len(status_of(store).nights) == 90


@pytest.mark.parametrize("fate", ["sent", "refused", "stale"])
def test_what_became_of_a_contribution_is_known_to_the_night_that_made_it(path: Path, fate: str) -> None:
    with Store(path, clock=lambda: 99.0) as store:
        store.outbox.queue(UPDATE)
        number = store.nights.add(NIGHT)
        store.nights.add(replace(NIGHT, update_id=None, shared="nothing"))
        store.nights.settle("u", fate, 4_400)
        first, second = store.nights.all()
        assert (first.shared, first.bytes_sent, first.sent_at) == (fate, 4_400, 99.0)
        assert store.nights.left() == [Departure(99.0, 4_400, fate)]
        assert (second.shared, second.bytes_sent, second.sent_at) == ("nothing", 0, None)
        store.nights.grow(number, replace(NIGHT, right_now=44))
        assert store.nights.all()[0] == replace(first, right_now=44), "a further round takes nothing of it back"


def test_what_gave_way_to_a_newer_one_was_never_shared(store: Store) -> None:
    store.outbox.queue(UPDATE)
    store.nights.add(NIGHT)
    assert store.nights.all()[0].shared == "waits"
    store.outbox.queue(replace(UPDATE, id="newer"))
    assert store.nights.all()[0].shared == "nothing"


def test_a_store_of_before_has_its_rounds_and_no_nights(tmp_path: Path) -> None:
    path = tmp_path / "home" / "swipefl.db"
    path.parent.mkdir()
    step = next(number for number, step in enumerate(STORE.steps) if step.name == "what each night came to")
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrate(Database(conn, recursive_triggers=False, execute_plugins=False), STORE.steps[:step])
        conn.execute("INSERT INTO rounds VALUES (1, 1.0, 2.0, 36, 0.925, 0.925, 1, NULL, 'base')")
    with Store(path) as store:
        assert [(done.number, done.top1_after) for done in store.rounds.all()] == [(1, 0.925)]
        known = status_of(store)
        assert (known.nights, known.gain.verdict, known.gain.as_of) == ((), "nothing-yet", None)
        store.nights.add(replace(NIGHT, shared="nothing"))
        assert len(store.nights.all()) == 1


def test_a_night_counts_what_three_models_read_rightly_of_the_same_swipes(own: Store) -> None:
    own.checkpoints.add("personal", replace(surer(0.2), info={"from": BASE.fingerprint}).to_bytes(), "x", use=True)
    report = cycle(own, to(1.1)).run(1)
    (night,) = own.nights.all()
    some = own.gestures.examples(HELD_OUT)
    base, before, new = (judge(decoder_of_any(model), some) for model in (BASE, surer(0.2), surer(1.1)))
    assert (night.swipes, night.adopted) == (len(some), True)
    assert [night.right_base, night.right_before, night.right_new] == [sum(j.hits) for j in (base, before, new)]
    assert night.right_now == night.right_new == round(new.top1 * len(some))
    assert night.only_now - night.only_base == night.right_now - night.right_base
    assert night.surer == pytest.approx(new.ln_probability - before.ln_probability)
    assert (night.new_swipes, night.newest) == (own.gestures.counts()["good"], own.gestures.newest_number())
    assert report.night == night
    (done,) = report.rounds
    assert [done.swipes, done.right_base, done.right_before, done.right_new] == [
        night.swipes,
        night.right_base,
        night.right_before,
        night.right_new,
    ]


def test_a_model_is_judged_once_however_often_it_is_one_of_them(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []

    def counting(decoder: Decoder, some: Any) -> Judgement:
        judged.append(1)
        return judge(decoder, some)

    monkeypatch.setattr(personal, "judge", counting)
    cycle(own, to(1.1)).run(1)
    assert len(judged) == 2, "the base is also its root, and in use"
    put(own, examples(10, seed=1))
    cycle(own, to(1.2)).run(1)
    assert len(judged) == 2 + 3
    put(own, examples(10, seed=2))
    cycle(own, to(0.5)).run(1)
    assert len(judged) == 2 + 3 + 3


def test_a_swipe_counts_for_a_gain_once_and_only_if_no_model_was_chosen_by_it(path: Path) -> None:
    times = iter(range(1, 10**6))
    with Store(path, clock=lambda: float(next(times))) as store:

        def night(factor: float) -> Night:
            cycle(store, to(factor), clock=lambda: float(next(times))).run(1)
            return store.nights.all()[-1]

        put(store, examples(60) + HELD[:8])
        assert night(1.1).unseen == 0, "what is in use is the base"
        held = again(store, examples(60, seed=1) + HELD[8:12])
        assert held >= 4
        second = night(1.15)
        assert second.unseen == held
        assert second.unseen_since
        assert second.unseen_since > store.checkpoints.all()[0].created_at
        store.meta.delete(DONE)
        assert night(1.2).unseen == 0, "all of them were counted"
        some = store.gestures.examples(HELD_OUT)[0]
        relabel(store, some.gesture.id, "jello")
        assert night(1.25).unseen == 0, "a correction makes no new swipe of it"
        reset(store, "base")
        again(store, examples(60, seed=2))
        assert night(0.5).unseen == 0, "who uses the base gains nothing over it"
        gain = status_of(store).gain
        assert (gain.swipes, gain.verdict) == (held, "nothing-yet")
        reset(store, "1")
        gain = status_of(store).gain
        assert (gain.swipes, gain.right_base, gain.right_yours) == (held, second.unseen_base, second.unseen_yours)
        assert (gain.since, gain.verdict) == (second.unseen_since, "same")


def newest(store: Store) -> str:
    """The handle of the swipe that came last."""
    stored = store.gestures.newest()
    assert stored
    return stored.handle


def shared_model(store: Store, factor: float) -> None:
    """A federation's newer model comes."""
    store.checkpoints.add("global", surer(factor).to_bytes(half=True), None, use=False, device_id="phone")


def test_what_came_counts_as_the_model_of_before_a_visit_read_it(store: Store) -> None:
    put(store, examples(60) + HELD[:8])
    cycle(store, to(0.5)).run(1)
    again(store, examples(60, seed=1))
    shared_model(store, 1.02)
    cycle(store, to(0.5)).run(1)
    assert status_of(store).in_use == 1
    assert store.nights.all()[-1].unseen == 0, "what was in use when they came is the base"
    held = []
    for night in (2, 3):
        held.append(again(store, examples(60, seed=night)))
        shared_model(store, 1 + night / 50)
        cycle(store, to(0.5)).run(1)
        assert status_of(store).in_use == night
        assert store.nights.all()[-1].unseen == held[-1] > 0
    assert status_of(store).gain.swipes == sum(held)


def test_a_sync_between_two_nights_loses_none_of_what_came(store: Store) -> None:
    put(store, examples(60) + HELD[:8])
    shared_model(store, 1.03)
    cycle(store, to(0.5)).run(1)
    held = again(store, examples(60, seed=1))
    shared_model(store, 1.06)
    GlobalJudge(store, decoder_of_any).run()
    assert status_of(store).in_use == 2
    held += again(store, examples(60, seed=2))
    GlobalJudge(store, decoder_of_any).run()
    cycle(store, to(0.5)).run(1)
    assert store.nights.all()[-1].unseen == held > 0
    store.meta.delete(DONE)
    cycle(store, to(0.5)).run(1)
    assert store.nights.all()[-1].unseen == 0


def test_a_night_that_breaks_off_as_it_lands_leaves_what_came_to_the_next(
    own: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cycle(own, to(1.03)).run(1)
    before, held = status_of(own), again(own, examples(60, seed=1))
    with monkeypatch.context() as patch:
        patch.setattr(own.rounds, "add", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            cycle(own, to(1.06)).run(1)
    broken = status_of(own)
    assert (broken.nights, broken.rounds, broken.in_use) == (before.nights, before.rounds, before.in_use)
    cycle(own, to(1.06)).run(1)
    night = own.nights.all()[-1]
    assert (night.unseen, night.new_swipes) == (held, 60)


def test_a_clock_that_is_wrong_loses_nothing(path: Path) -> None:
    with Store(path, clock=lambda: 2.0e9) as store:
        put(store, examples(60) + HELD[:8])
        cycle(store, to(1.1)).run(1)
    with Store(path, clock=lambda: 0.0) as store:
        held = again(store, examples(60, seed=1))
        cycle(store, to(0.5)).run(1)
        assert store.nights.all()[-1].unseen == held > 0


def test_a_night_knows_which_model_it_is_of(own: Store) -> None:
    for number, factor in enumerate((0.5, 1.03, 0.5, 1.06)):
        put(own, [example for example in examples(10, seed=number + 1) if side(example) != HELD_OUT])
        cycle(own, to(factor)).run(1)
    first, second = own.checkpoints.all()
    models = [None, first.fingerprint, first.fingerprint, second.fingerprint]
    assert [night.model for night in own.nights.all()] == models
    assert re.match(r"Your model of \d+ \w+( \d+)? is new: of the ", gained(status_of(own)))
    reset(own, str(first.id))
    assert re.match(r"You went back to a model of \d+ \w+( \d+)?: of the ", gained(status_of(own)))
    reset(own, "base")
    assert "did better" not in gained(status_of(own))


def test_a_model_of_a_federation_is_not_called_ones_own(own: Store) -> None:
    shared_model(own, 1.1)
    GlobalJudge(own, decoder_of_any).run()
    held = own.gestures.counts()[HELD_OUT]
    made = rf"Predictions use the federation's model of \d+ \w+( \d+)?: of the {held} held-out swipes that it "
    of = made + "was chosen by it gets "
    assert re.match(of, gained(status_of(own)))
    cycle(own, to(0.5)).run(1)
    assert re.match(of, gained(status_of(own)))


def test_swipes_that_a_night_learned_from_are_not_new_once_one_of_them_is_erased(own: Store) -> None:
    cycle(own, to(1.1)).run(1)
    assert status_of(own).new_swipes == 0
    forget(own, id=newest(own))
    assert status_of(own).new_swipes == own.gestures.counts()["good"]  # they are to be learned from anew
    put(own, examples(10, seed=1))
    cycle(own, to(1.2)).run(1)
    (night,) = own.nights.all()
    assert (night.new_swipes, night.unseen) == (10, 0)
    assert status_of(own).new_swipes == 0


def test_only_nights_that_have_seen_what_is_erased_go_with_it(own: Store) -> None:
    cycle(own, to(1.1)).run(1)
    first = own.nights.all()
    put(own, examples(10, seed=1))
    cycle(own, to(1.2)).run(1)
    last = newest(own)
    assert would_forget(own, id=last).nights == forget(own, id=last).nights == 1
    assert own.nights.all() == first
    assert own.rounds.all()
    own.nights.settle("u", "sent", 9)
    forget(own)
    assert own.nights.all() == own.rounds.all() == []
    assert [left.bytes for left in own.nights.left()] == [9]


def test_rounds_are_one_night_and_a_night_with_nothing_to_do_is_none(own: Store) -> None:
    report = cycle(own, to(1.1)).run(3)
    assert len(report.rounds) > 1
    (night,) = own.nights.all()
    assert (night.adopted, night.new_swipes) == (True, own.gestures.counts()["good"])
    assert night.right_now == max(night.right_now, night.right_before)
    report = cycle(own, to(1.1)).run(3)
    assert (report.night, report.shared, report.bytes_sent) == (None, "nothing", 0)
    assert own.nights.all() == [night]


def test_a_training_by_hand_is_a_night_too(own: Store) -> None:
    report = PersonalTraining(own, lambda: to(1.1), decoder_of_any, CONFIG, clock=lambda: 5.0).run()
    (night,) = own.nights.all()
    assert (night.finished_at, night.shared) == (5.0, "nothing")
    assert (report.swipes, report.right_base, report.right_before, report.right_new) == (
        night.swipes,
        night.right_base,
        night.right_before,
        night.right_new,
    )


class Visited:
    """A coordinator that is visited: `done` is what each visit comes to."""

    def __init__(self, *done: Exchanged) -> None:
        self._done = iter(done)

    def waits(self) -> None:
        return None

    def run(self, pull: bool = True, push: bool = True, by_timer: bool = False) -> Exchanged:
        return next(self._done)


@pytest.mark.parametrize(
    ("visits", "shared", "sent"),
    [
        ((Exchanged(), Exchanged(pushed=1, bytes_sent=5)), "sent", 5),
        ((Exchanged(pushed=1, bytes_sent=7), Exchanged(pushed=1, bytes_sent=5)), "sent", 12),
        ((Exchanged(pushed=1, bytes_sent=7), Exchanged()), "sent", 7),
        ((Exchanged(), Exchanged()), "waits", 0),
        ((Exchanged(), Exchanged(refused=1, bytes_sent=5)), "waits", 5),
    ],
)
def test_a_night_tells_all_that_left_in_it(own: Store, visits: Any, shared: str, sent: int) -> None:
    own.memberships.set(MEMBER)
    report = cycle(own, to(1.1), coordinator=Visited(*visits)).run(1)
    assert (report.shared, report.bytes_sent) == (shared, sent)
    assert report.night
    assert (report.night.shared, report.night.bytes_sent) == (shared, sent)
    (kept,) = own.nights.all()
    assert (kept.shared, kept.bytes_sent) == ("waits", 0), "whose fate it is says the exchange"


@pytest.mark.parametrize("scope", [{}, {"word": "hello"}, {"before": 10.0**12}])
def test_of_erased_swipes_no_count_is_left(own: Store, scope: Any) -> None:
    cycle(own, to(1.1)).run(1)
    previewed = would_forget(own, **scope)
    assert len(own.nights.all()) == previewed.nights == 1
    assert forget(own, **scope) == previewed
    assert own.nights.all() == []
    assert status_of(own).gain.swipes == 0


def test_where_nothing_is_erased_nights_stay(own: Store) -> None:
    cycle(own, to(1.1)).run(1)
    assert forget(own, word="unswiped").nights == 0
    assert len(own.nights.all()) == 1
