"""A global model that came: judged before anything is predicted with it, and again when more is known."""

import itertools
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import decoder_of_any
from swipefl.decoder.evaluation import Judgement
from swipefl.device import acceptance, choosing
from swipefl.device.acceptance import GlobalJudge
from swipefl.device.cycle import nothing_to_do
from swipefl.device.ownership import forget
from swipefl.device.personal import personal_start, reset
from swipefl.device.prediction import choose_checkpoint
from swipefl.device.status import status_of
from swipefl.errors import CheckpointError, Interrupted
from swipefl.gesture.gesture import Example
from swipefl.store.checkpoints import Verdict
from swipefl.store.gestures import HELD_OUT
from swipefl.store.models import fallback, in_use, newest_global
from swipefl.store.store import Store
from tests.support.cycles import MEMBER, cycle
from tests.support.harm import BASE, REFUSED, WORSE, surer
from tests.support.people import examples
from tests.support.stores import put, side

HARMFUL, BETTER, BETTER_YET = surer(0.5), surer(1.1), surer(1.2)
HELD = [example for example in examples(400) if side(example) == HELD_OUT]


@pytest.fixture
def own(store: Store) -> Store:
    """A store with eight swipes held out, and more to learn from."""
    assert put(store, examples(60) + HELD[:8]) > 50
    return store


def came(store: Store, checkpoint: Checkpoint) -> int:
    return store.checkpoints.add("global", checkpoint.to_bytes(half=True), None, use=False, device_id="phone")


def judged(store: Store) -> bool | None:
    return GlobalJudge(store, decoder_of_any).run()


def verdict(store: Store, number: int) -> Verdict | None:
    return next(known.verdict for known in store.checkpoints.all() if known.id == number)


def predicts(store: Store) -> Checkpoint:
    used = choose_checkpoint(store, "personal")
    assert used.fingerprint == in_use(store).fingerprint == fallback(store).fingerprint
    return used


def is_(checkpoint: Checkpoint, other: Checkpoint) -> bool:
    return checkpoint.score.of_parts == pytest.approx(other.score.of_parts) and all(
        np.array_equal(checkpoint.weights[name], other.weights[name]) for name in other.weights
    )


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """On how many swipes each model was judged, in turn."""
    seen: list[int] = []
    real = acceptance.judge

    def counting(decoder: object, some: Iterator[Example]) -> Judgement:
        swipes = list(some)
        seen.append(len(swipes))
        return real(decoder, swipes)  # type: ignore[arg-type]

    monkeypatch.setattr(acceptance, "judge", counting)
    return seen


def test_a_better_one_is_predicted_with_once_it_was_judged_and_not_before(own: Store) -> None:
    number = came(own, BETTER)
    assert is_(predicts(own), BASE), "a run that was killed between has judged nothing"
    assert status_of(own).in_use is None
    assert judged(own) is True
    assert is_(predicts(own), BETTER)
    assert status_of(own).in_use == number
    found = verdict(own, number)
    assert found
    assert (found.accepted, found.swipes) == (True, found.held_out)
    assert found.held_out == own.gestures.counts()[HELD_OUT]
    assert 0 < found.right_before <= found.right_now <= found.swipes


def test_a_worse_one_is_kept_to_contribute_from_and_not_predicted_with(own: Store) -> None:
    came(own, BETTER)
    judged(own)
    came(own, HARMFUL)
    assert judged(own) is False
    assert is_(predicts(own), BETTER)
    assert is_(personal_start(fallback(own), in_use(own)), BETTER)
    assert is_(newest_global(own), HARMFUL)
    assert is_(choose_checkpoint(own, "global"), HARMFUL), "who asks for it sees it"


@pytest.mark.parametrize("what", WORSE)
def test_none_that_does_harm_is_predicted_with(own: Store, what: str) -> None:
    came(own, WORSE[what]())
    assert judged(own) is False
    assert is_(predicts(own), BASE)


@pytest.mark.parametrize("what", REFUSED)
def test_nor_one_that_lay_there_before_there_were_bounds(own: Store, what: str) -> None:
    own.checkpoints.add("global", REFUSED[what]().to_bytes(), None, use=False)
    assert judged(own) is False
    assert is_(predicts(own), BASE)
    with pytest.raises(CheckpointError):
        choose_checkpoint(own, "global")


def test_one_that_is_as_good_is_accepted(own: Store) -> None:
    came(own, replace(BASE, info={"made": "again"}))
    assert judged(own) is True
    assert predicts(own).info == {"made": "again"}


def test_swipes_of_which_no_model_knows_the_word_are_no_reason_to_accept_one(store: Store) -> None:
    """All models are as good as each other there."""
    put(store, [replace(example, word="zyzzogeton") for example in HELD[:3]])
    came(store, WORSE["weights turned round"]())
    assert judged(store) is False
    assert is_(predicts(store), BASE)
    put(store, HELD[3:8])
    came(store, BETTER)
    assert judged(store) is True


def test_with_nothing_to_judge_by_it_is_predicted_with_until_there_is_something(store: Store) -> None:
    number = came(store, HARMFUL)
    assert judged(store) is None
    assert is_(predicts(store), HARMFUL)
    assert status_of(store).in_use == number
    put(store, HELD[:8])
    assert is_(predicts(store), BASE)
    assert judged(store) is False
    assert is_(predicts(store), BASE)


def test_nothing_is_judged_twice_before_twice_as_much_is_held_out(store: Store, looks: list[int]) -> None:
    put(store, HELD[:4])
    number = came(store, HARMFUL)
    for held_out, times in ((4, 2), (7, 2), (8, 4), (15, 4), (16, 6)):
        put(store, HELD[:held_out])
        for _ in range(2):
            judged(store)
        assert len(looks) == times
    found = verdict(store, number)
    assert found
    assert (found.held_out, looks) == (16, [4, 4, 8, 8, 16, 16])


def test_what_chance_decided_is_put_right_when_more_is_known(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, HELD[:4])
    came(store, BETTER)
    came(store, BETTER_YET)
    luck = itertools.cycle([Judgement(0.5, -1.0), Judgement(0.25, -2.0)])
    with monkeypatch.context() as by_chance:
        by_chance.setattr(acceptance, "judge", lambda decoder, some: next(luck))
        assert judged(store) is False
    put(store, HELD[:8])
    assert judged(store) is True
    assert is_(predicts(store), BETTER_YET)
    came(store, HARMFUL)
    lucky = itertools.cycle([Judgement(0.25, -2.0), Judgement(0.5, -1.0)])
    with monkeypatch.context() as by_chance:
        by_chance.setattr(acceptance, "judge", lambda decoder, some: next(lucky))
        assert judged(store) is True
    put(store, HELD[:16])
    assert judged(store) is False
    assert is_(predicts(store), BETTER_YET)


def test_an_accepted_one_that_turns_out_worse_gives_way_beneath_a_newer_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, HELD[:4])
    came(store, HARMFUL)
    with monkeypatch.context() as by_chance:
        by_chance.setattr(acceptance, "judge", lambda decoder, some: Judgement(0.5, -1.0))
        assert judged(store) is True
    put(store, HELD[:8])
    came(store, surer(0.6))  # better than that, and worse than the base
    assert judged(store) is False
    assert is_(predicts(store), BASE)


def test_no_more_are_judged_on_than_say_something_new(
    own: Store, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choosing, "JUDGED_NEWEST", 4)
    monkeypatch.setattr(choosing, "JUDGED_OLDER", 1)
    number = came(own, BETTER)
    judged(own)
    found = verdict(own, number)
    assert found
    assert looks == [5, 5]
    assert (found.swipes, found.held_out) == (5, own.gestures.counts()[HELD_OUT])


def test_a_signal_ends_it_at_the_next_swipe_and_the_next_run_goes_on(own: Store) -> None:
    came(own, BETTER)
    asked: list[None] = []

    def stop() -> Interrupted | None:
        asked.append(None)
        return Interrupted(signal.SIGTERM) if len(asked) > 3 else None

    with pytest.raises(Interrupted):
        GlobalJudge(own, decoder_of_any, stop).run()
    assert len(asked) == 4
    assert is_(predicts(own), BASE)
    assert judged(own) is True


def test_the_accepted_one_stays_however_many_worse_ones_come(own: Store) -> None:
    accepted = came(own, BETTER)
    judged(own)
    for factor in (0.5, 0.51, 0.52, 0.53):
        newest = came(own, surer(factor))
        judged(own)
    assert [known.id for known in own.checkpoints.all()] == [accepted, newest - 1, newest]
    assert is_(predicts(own), BETTER)
    following = came(own, BETTER_YET)
    judged(own)
    latest = came(own, HARMFUL)
    assert [known.id for known in own.checkpoints.all()] == [following, latest]


@pytest.mark.parametrize("is_member", [True, False])
@pytest.mark.parametrize("is_judged", [True, False])
@pytest.mark.parametrize("is_held_out", [True, False])
@pytest.mark.parametrize("is_newest", [True, False])
def test_a_damaged_one_is_predicted_without_and_keeps_no_night_from_its_work(
    store: Store, is_newest: bool, is_held_out: bool, is_judged: bool, is_member: bool
) -> None:
    swipes = examples(60) + HELD[:8]
    put(store, swipes if is_held_out else [swipe for swipe in swipes if side(swipe) != HELD_OUT])
    if is_member:
        store.memberships.set(MEMBER)
    number = came(store, BETTER)
    if is_judged:
        judged(store)
    if not is_newest:
        came(store, HARMFUL)
    store.sql.run("UPDATE checkpoints SET blob = x'00' WHERE id = ?", (number,))
    assert nothing_to_do(store) is None
    (report,) = cycle(store).run(1).rounds
    assert report.skipped is None
    assert report.push == ("queued" if is_member and not is_newest else "none")
    assert is_(predicts(store), BASE if is_newest or is_held_out else HARMFUL)
    assert nothing_to_do(store)
    came(store, BETTER)
    assert nothing_to_do(store) is None, "fetched once more it is one to start from"


def test_going_back_is_to_what_predictions_may_use(own: Store) -> None:
    came(own, HARMFUL)
    judged(own)
    assert reset(own, "base").in_use == "base"
    with pytest.raises(CheckpointError) as caught:
        reset(own, "global")
    assert caught.value.code == "no-global"
    came(own, BETTER)
    judged(own)
    came(own, surer(0.4))
    judged(own)
    assert reset(own, "base").in_use == reset(own, "global").in_use == "global"
    assert is_(predicts(own), BETTER)


def test_of_erased_swipes_no_count_is_left_and_what_was_refused_stays_so_until_it_is_judged_again(own: Store) -> None:
    number = came(own, HARMFUL)
    judged(own)
    forget(own)
    assert verdict(own, number) == Verdict(False, 0, 0, 0, 0)
    assert is_(predicts(own), BASE)
    put(own, HELD[:4])
    judged(own)
    found = verdict(own, number)
    assert found
    assert (found.accepted, found.held_out) == (False, 4)


def test_a_model_that_came_or_was_accepted_is_something_to_do(own: Store, path: Path) -> None:
    cycle(own).run(1)
    assert nothing_to_do(own)
    came(own, HARMFUL)
    assert nothing_to_do(own) is None
    (report,) = cycle(own).run(1).rounds
    assert report.skipped is None
    assert nothing_to_do(own)
    newest = own.checkpoints.newest_global()
    assert newest
    own.checkpoints.settle(newest.id, Verdict(True, 99, 99, 1, 2))
    assert nothing_to_do(own) is None
