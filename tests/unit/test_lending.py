"""A coordinator whose versions are made elsewhere: whatever happens, an update goes into one, and into no second."""

import itertools
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture
from swipefl.errors import TooLittleData, TrustError, UsageError
from swipefl.federation.aggregation import weight_of
from swipefl.federation.coordinator import lending
from swipefl.federation.coordinator.lending import Lent, follow, lend, name_of, standing
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import Aggregator
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.status import status_of
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.round import Master
from swipefl.federation.update import SCORE_SHARE, norms_of
from tests.support.lending import FOLLOWING, WHERE, Offered, marked, marks_of, submit
from tests.support.states import SMALL, enrolled

PATIENT = 1e9  # a norm that nothing reaches


def moved(by: float) -> Checkpoint:
    """The small model, a little further on."""
    weights = {name: array + np.float32(by) for name, array in SMALL.weights.items()}
    return replace(SMALL, weights=weights)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "coordinator.db") as state:
        state.create(SMALL)
        yield state


def waits(state: State, count: int, first: int = 0) -> list[str]:
    """So many devices' updates."""
    devices = [enrolled(state) for _ in range(count)]
    for mark, device in enumerate(devices, first):
        assert submit(state, device, mark).outcome == "accepted"
    return devices


def lent(state: State, attempt: str = "a", version: int = 1, policy: Policy = FOLLOWING) -> Lent:
    return lend(state, policy, attempt, version, PATIENT)


def taken(state: State, given: Lent, version: int = 2) -> Offered:
    """The version that a contribution went into."""
    return Offered(version, {name_of(state): given.id}, moved(0.01 * version))


def test_when_a_node_came_is_known_to_the_minute_until_nobody_is_followed(tmp_path: Path) -> None:
    times = [50.0, 161.0, 130.0, 100.0]  # from the end; the last one is of a clock that was set back
    with State(tmp_path / "coordinator.db", clock=times.pop) as state:
        noted = []
        while times:
            state.node_came()
            noted.append(state.served_with("node_came_at"))
        assert noted == [100, 100, 161, 50]
        state.serves_with(20, 1, follows=True)
        assert state.served_with("node_came_at") == 50
        state.serves_with(20, 1)
        assert state.served_with("node_came_at") is None


def test_what_is_lent_is_the_weighted_mean_and_how_much_it_weighs(state: State) -> None:
    """Late ones count less, as in a version that is made here."""
    early = enrolled(state)
    submit(state, early, 0)
    follow(state, FOLLOWING, Offered())
    submit(state, enrolled(state), 1)
    given = lent(state)
    late = weight_of(10, 1, 0)
    assert (given.updates, given.examples, given.weight) == (2, 20, pytest.approx(1 + late))
    np.testing.assert_allclose(given.delta[WHERE].flat[:3], [late / (1 + late), 1 / (1 + late), 0], rtol=1e-3)


def test_a_contribution_is_within_the_bound_that_is_asked_for(state: State) -> None:
    waits(state, 1)
    follow(state, FOLLOWING, Offered())
    norms = norms_of(lend(state, FOLLOWING, "a", 1, 0.25).delta)
    assert norms.whole == pytest.approx(0.25)
    assert norms.score <= SCORE_SHARE * 0.25


def test_the_same_attempt_is_given_the_same_and_another_one_what_came_since(state: State) -> None:
    waits(state, 2)
    follow(state, FOLLOWING, Offered())
    first = lent(state)
    waits(state, 1, first=2)
    again, more = lent(state), lent(state, "b")
    assert (again.id, again.weight, marks_of(again.delta)) == (first.id, first.weight, {0, 1})
    np.testing.assert_array_equal(again.delta[WHERE], first.delta[WHERE])
    assert more.id != first.id
    assert marks_of(more.delta) == {0, 1, 2}
    assert lent(state).id == first.id


@pytest.mark.parametrize("which", [0, 1, 2])
def test_what_went_into_a_version_is_consumed_and_the_rest_waits_again(state: State, which: int) -> None:
    """Whichever of several attempts it was."""
    waits(state, 1)
    follow(state, FOLLOWING, Offered())
    gifts = [lent(state, "a")]
    for attempt in "bc":
        waits(state, 1, first=len(gifts))
        gifts.append(lent(state, attempt))
    follow(state, FOLLOWING, taken(state, gifts[which]))
    left = {0, 1, 2} - set(range(which + 1))
    assert status_of(state).followed.lent == len(left)  # type: ignore[union-attr]
    assert state.versions.newest().updates == which + 1
    assert state.updates.backlog()[0] == len(left)
    waits(state, 1, first=3)
    assert marks_of(lent(state, "d", 2).delta) == left | {3}


def test_a_version_without_the_contribution_consumes_nothing(state: State) -> None:
    waits(state, 2)
    follow(state, FOLLOWING, Offered())
    first = lent(state)
    follow(state, FOLLOWING, Offered(2, {"another": first.id, name_of(state): "e" * 32}, moved(0.1)))
    again = lent(state, "b", 2)
    assert (marks_of(again.delta), again.id, again.weight) == ({0, 1}, first.id, first.weight)
    follow(state, FOLLOWING, taken(state, again, 3))
    assert state.updates.backlog()[0] == 0


def test_versions_in_between_may_be_missed(state: State) -> None:
    waits(state, 2)
    follow(state, FOLLOWING, Offered())
    given = lent(state)
    follow(state, FOLLOWING, taken(state, given, version=7))
    assert state.updates.backlog()[0] == 0
    waits(state, 1, first=2)
    follow(state, FOLLOWING, taken(state, given, version=8))  # it still is the last of this one in any
    assert marks_of(lent(state, "b", 8).delta) == {2}


def test_a_version_is_followed_once_and_what_devices_load_is_its_model(state: State) -> None:
    follow(state, FOLLOWING, Offered(3, {}, moved(0.5)))
    follow(state, FOLLOWING, Offered(3, {}, moved(0.5)))
    newest = state.versions.newest()
    assert (newest.number, newest.made_by) == (2, "followed")
    np.testing.assert_array_equal(state.versions.master().model.weights[WHERE], moved(0.5).weights[WHERE])


def test_one_that_is_worse_here_is_not_used_here_and_consumes_all_the_same(state: State) -> None:
    waits(state, 2)
    follow(state, FOLLOWING, Offered())
    given, offered = lent(state), Offered(2, {}, moved(0.1))
    offered = replace(offered, included={name_of(state): given.id})
    fingerprint = state.versions.newest().fingerprint
    worse = offered.model.weights[WHERE][0, 0]

    def score(model: Checkpoint, stop: object) -> float:
        return 0.25 if abs(model.weights[WHERE][0, 0] - worse) < 1e-3 else 0.75

    followed = follow(state, FOLLOWING, offered, score)
    newest = state.versions.newest()
    assert (followed.top1_before, followed.top1_after) == (0.75, 0.25)
    assert (newest.made_by, newest.fingerprint, newest.updates) == ("kept", fingerprint, 2)
    assert (newest.top1, newest.candidate_top1) == (0.75, 0.25)
    assert follow(state, FOLLOWING, offered, None) == followed  # what it came to is known


@pytest.mark.parametrize(
    ("offered", "code"),
    [
        (Offered(5, key=b"x" * 32), "wrong-signer"),
        (Offered(6, key=b"x" * 32), "wrong-signer"),
        (Offered(4), "older-version"),
        (Offered(5, model=moved(1)), "another-model"),
    ],
)
def test_who_was_followed_first_is_and_nothing_older(state: State, offered: Offered, code: str) -> None:
    follow(state, FOLLOWING, Offered(5))
    with pytest.raises(TrustError) as refused:
        follow(state, FOLLOWING, offered)
    assert refused.value.code == code
    assert state.versions.newest().number == 2


def test_another_server_is_followed_once_its_key_is_set(state: State) -> None:
    """What the one before may have in a version is lent to nobody any more."""
    other = b"another" + b" " * 25
    there = replace(FOLLOWING, flower_key=other)
    follow(state, FOLLOWING, Offered(5))
    waits(state, 2)
    lent(state, version=5)
    waits(state, 1, first=2)
    with pytest.raises(TrustError):
        follow(state, there, Offered(6))
    assert follow(state, there, Offered(1, key=other)).version == 1
    assert marks_of(lent(state, "b", policy=there).delta) == {2}
    with pytest.raises(TrustError):
        follow(state, FOLLOWING, Offered(6))
    with pytest.raises(TrustError):
        follow(state, replace(FOLLOWING, flower_key=b"k" * 32), Offered(2, key=other))


def test_a_model_that_was_made_here_is_not_lost_by_the_first_version_that_comes(state: State) -> None:
    """Unless that goes on from it, a holdout has a say, or the owner says that it may be."""
    here = Aggregator(replace(FOLLOWING, versions_from="here"), Metrics())

    def learns(mark: int) -> None:
        waits(state, 1, first=mark)
        assert here.publish(here.draft(state), state).made_by == "aggregated"

    learns(0)
    learned = state.versions.newest()
    with pytest.raises(UsageError) as refused:
        follow(state, FOLLOWING, Offered())
    assert (refused.value.code, state.versions.newest()) == ("model-would-be-lost", learned)
    follow(state, FOLLOWING, Offered(1, model=checkpoint_from_bytes(state.versions.blob(learned.number) or b"")))
    follow(state, FOLLOWING, Offered(2))  # which was made of it
    for says_so in (
        lambda: state.roll_back(1),
        lambda: state.publish(Draft(Master(SMALL), "published")),
    ):
        state.serves_with(20, 1, follows=False)
        learns(state.versions.newest().number)
        state.serves_with(20, 1, follows=True)
        with pytest.raises(UsageError):
            follow(state, FOLLOWING, Offered())
        says_so()
        follow(state, FOLLOWING, Offered())
    state.serves_with(20, 1, follows=False)
    learns(30)
    state.serves_with(20, 1, follows=True)
    assert follow(state, FOLLOWING, Offered(), lambda model, stop: 0.5).version == 1


def test_rounds_are_counted_from_the_version_that_was_followed_last(state: State) -> None:
    """What an optimiser remembers begins there, too."""
    here = Aggregator(replace(FOLLOWING, versions_from="here"), Metrics())
    follow(state, FOLLOWING, Offered())
    state.serves_with(20, 1, follows=False)
    assert state.versions.rounds() == 0
    waits(state, 1)
    here.publish(here.draft(state), state)
    assert state.versions.rounds() == 1
    state.serves_with(20, 1, follows=True)
    follow(state, FOLLOWING, Offered(), lambda model, stop: 0.5)
    assert state.versions.rounds() == 0


def test_nothing_is_lent_for_a_version_that_is_not_followed(state: State) -> None:
    waits(state, 1)
    for _ in range(2):
        with pytest.raises(TrustError):
            lent(state, version=2)
        follow(state, FOLLOWING, Offered(1))


def test_fewer_than_any_version_is_made_of_are_not_lent(state: State) -> None:
    few = replace(FOLLOWING, least=3)
    waits(state, 2)
    follow(state, few, Offered())
    with pytest.raises(TooLittleData) as refused:
        lent(state, policy=few)
    assert refused.value.code == "too-few-to-lend"
    waits(state, 1, first=2)
    assert lent(state, policy=few).updates == 3


@pytest.mark.parametrize("goes", ["revoke", "leave"])
def test_a_device_that_goes_is_in_no_later_sum_and_the_others_are_in_one(state: State, goes: str) -> None:
    """The sum that it is in may be on its way: it is not given once more, and may count."""
    first, *_ = waits(state, 3)
    follow(state, FOLLOWING, Offered())
    on_its_way = lent(state)
    getattr(state, goes)(first)
    with pytest.raises(TooLittleData) as refused:
        lent(state)
    assert refused.value.code == "contribution-gone"
    with pytest.raises(TooLittleData):  # the others alone would tell, beside that sum, what the one that left gave
        lent(state, "b")
    waits(state, 1, first=3)
    assert marks_of(lent(state, "b").delta) == {1, 2, 3}
    follow(state, FOLLOWING, taken(state, on_its_way))
    assert state.updates.backlog()[0] == 1
    waits(state, 1, first=4)
    assert marks_of(lent(state, "c", 2).delta) == {3, 4}


def test_no_update_is_told_by_what_one_sum_has_that_another_has_not(state: State) -> None:
    """Whoever asks again is given the same, until there are enough new ones to hide one another."""
    three = replace(FOLLOWING, least=3)
    first, *_ = waits(state, 3)
    follow(state, three, Offered())
    a = lent(state, "a", policy=three)
    waits(state, 2, first=3)
    b = lent(state, "b", policy=three)
    np.testing.assert_array_equal(b.delta[WHERE], a.delta[WHERE])
    assert (b.id, b.weight) == (a.id, a.weight)
    state.leave(first)
    with pytest.raises(TooLittleData):
        lent(state, "c", policy=three)
    waits(state, 1, first=5)
    assert marks_of(lent(state, "c", policy=three).delta) == {1, 2, 3, 4, 5}


def test_that_something_was_lent_is_known_after_a_version_without_it(state: State) -> None:
    """And how much each counted then: other weights would tell them apart."""
    three = replace(FOLLOWING, least=3)
    late = enrolled(state)
    submit(state, late, 0)
    follow(state, three, Offered())
    waits(state, 2, first=1)
    a = lent(state, "a", policy=three)
    follow(state, three, Offered(2, {}, moved(0.1)))
    waits(state, 2, first=3)
    b = lent(state, "b", 2, three)
    np.testing.assert_array_equal(b.delta[WHERE], a.delta[WHERE])
    waits(state, 1, first=5)
    assert marks_of(lent(state, "c", 2, three).delta) == {0, 1, 2, 3, 4, 5}


def test_what_cannot_be_lent_again_is_given_up_where_nothing_new_comes(state: State) -> None:
    """Its devices may give anew then, to a version of the same weights; the sum that it was in may still count."""
    three = replace(FOLLOWING, least=3, max_wait_s=60)
    first, *others = waits(state, 4)
    follow(state, three, Offered())
    on_its_way = lent(state, policy=three)
    now = time.time()
    aggregator = Aggregator(three, Metrics(), clock=lambda: now)
    later = replace(aggregator, clock=lambda: now + 61)
    assert not later.is_due(state)
    state.leave(first)
    assert (aggregator.is_due(state), later.is_due(state)) == (False, True)
    before = state.versions.newest()
    given_up = later.publish(later.draft(state), state)
    assert (given_up.made_by, given_up.fingerprint, given_up.updates) == ("kept", before.fingerprint, 3)
    assert not later.is_due(state)
    for mark, device in enumerate(others, 4):
        assert submit(state, device, mark).outcome == "accepted"
    assert marks_of(lent(state, "b", policy=three).delta) == {4, 5, 6}
    follow(state, three, taken(state, on_its_way))
    assert state.updates.backlog()[0] == 3


def test_a_coordinator_is_ready_when_a_version_made_here_would_be_due(state: State) -> None:
    policy = replace(FOLLOWING, least=2, buffer=4, max_wait_s=60)

    def is_ready(after_s: float = 0) -> bool:
        stands = standing(state, policy, time.time() + after_s)
        return stands.waiting >= stands.needed

    ready = []
    for mark in range(4):
        waits(state, 1, first=mark)
        ready.append((is_ready(), is_ready(61)))
    assert ready == [(False, False), (False, True), (False, True), (True, True)]
    follow(state, policy, Offered())
    left, *_ = waits(state, 1, first=4)
    lent(state, policy=policy)
    assert (standing(state, policy, time.time()).proof, is_ready()) == (Offered().proof, True)  # the same, again
    state.leave(left)
    assert (is_ready(), is_ready(61)) == (False, False)
    waits(state, 1, first=5)
    assert (is_ready(), is_ready(61)) == (False, False)
    waits(state, 1, first=6)
    assert (is_ready(), is_ready(61)) == (True, True)


def test_no_fewer_are_lent_than_who_serves_makes_a_version_of(state: State) -> None:
    state.serves_with(20, 3, follows=True)
    waits(state, 2)
    follow(state, FOLLOWING, Offered())
    assert standing(state, FOLLOWING, time.time()).needed == 3
    with pytest.raises(TooLittleData):
        lent(state)
    waits(state, 1, first=2)
    assert lent(state).updates == 3


@pytest.mark.parametrize("rule", ["mean", "median"])
def test_more_than_one_sum_holds_wait_for_the_next(state: State, monkeypatch: pytest.MonkeyPatch, rule: str) -> None:
    monkeypatch.setattr(lending, "MOST_LENT", 5)
    monkeypatch.setattr(lending, "MOST_TOGETHER", 3)
    policy = replace(FOLLOWING, buffer=2, strategy=replace(FOLLOWING.strategy, rule=rule))
    waits(state, 7)
    follow(state, policy, Offered())
    given, most = lent(state, policy=policy), 5 if rule == "mean" else 3
    assert given.updates == most
    follow(state, policy, taken(state, given))
    assert lent(state, "b", 2, policy).updates == min(most, 7 - most)


def test_what_is_lent_goes_along_though_the_buffer_is_smaller_now(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, "MOST_LENT", 4)
    waits(state, 8)
    follow(state, FOLLOWING, Offered())
    given, small = lent(state, policy=replace(FOLLOWING, buffer=8)), replace(FOLLOWING, buffer=2)
    assert (given.updates, lent(state, "b", policy=small).updates) == (8, 8)
    waits(state, 3, first=8)
    more = lent(state, "c", policy=small)
    assert marks_of(more.delta) == set(range(9))
    follow(state, small, taken(state, more))
    assert state.updates.backlog()[0] == 2


def test_an_owner_may_publish_while_something_is_lent(state: State) -> None:
    waits(state, 2)
    follow(state, FOLLOWING, Offered())
    given = lent(state)
    state.publish(Draft(Master(moved(3)), "published"))
    state.roll_back(1)
    again = lent(state)
    assert (again.id, again.weight) == (given.id, given.weight)  # as late as they were
    follow(state, FOLLOWING, taken(state, given))
    assert (state.versions.newest().made_by, state.updates.backlog()[0]) == ("followed", 0)


def test_updates_of_another_architecture_are_lent_no_more(state: State) -> None:
    waits(state, 2)
    follow(state, FOLLOWING, Offered())
    given = lent(state)
    weights = {name: np.zeros(shape, np.float32) for name, shape in Architecture(5).shapes().items()}
    follow(state, FOLLOWING, Offered(2, {}, Checkpoint("bilstm-5", weights, ScoreWeights(1.0, 2.0))))
    with pytest.raises(TooLittleData):
        lent(state, "b", 2)
    follow(state, FOLLOWING, taken(state, given, 3))
    with pytest.raises(TooLittleData):
        lent(state, "c", 3)


def test_what_was_lent_is_known_though_its_number_is_given_again(state: State) -> None:
    """SQLite gives the number of a row that was erased to the next one."""
    _, last = waits(state, 2)
    follow(state, FOLLOWING, Offered())
    given = lent(state)
    state.leave(last)
    state.publish(Draft(Master(SMALL), "published"))  # which forgets what will go into none
    waits(state, 1, first=2)
    follow(state, FOLLOWING, taken(state, given))
    assert marks_of(lent(state, "b", 2).delta) == {2}


def test_a_coordinator_that_follows_makes_no_version_itself(state: State) -> None:
    waits(state, 3)
    here = replace(FOLLOWING, versions_from="here", buffer=1)
    assert Aggregator(here, Metrics()).is_due(state)
    metrics = Metrics()
    assert not Aggregator(replace(here, versions_from="flower"), metrics).is_due(state)
    assert metrics.registry.get_sample_value("swipefl_waiting_updates") == 3


def test_one_that_makes_its_versions_follows_nobody_whoever_says_so(state: State) -> None:
    """Neither by its settings, nor by those of who serves it."""
    waits(state, 1)
    here = replace(FOLLOWING, versions_from="here")
    for policy, serves in ((here, True), (FOLLOWING, False)):
        state.serves_with(20, 1, serves)
        with pytest.raises(UsageError):
            follow(state, policy, Offered())
        with pytest.raises(UsageError):
            lent(state, policy=policy)
    state.serves_with(20, 1, True)
    follow(state, FOLLOWING, Offered())
    assert lent(state).updates == 1


def test_who_follows_nobody_any_more_counts_nothing_that_was_lent(state: State) -> None:
    """It may be in a version elsewhere; what was not lent goes into one of its own."""
    waits(state, 2)
    follow(state, FOLLOWING, Offered())
    lent(state)
    waits(state, 1, first=2)
    assert state.serves_with(20, 1, follows=False) == 2
    aggregator = Aggregator(replace(FOLLOWING, versions_from="here"), Metrics())
    version = aggregator.publish(aggregator.draft(state), state)
    assert version.updates == 1
    assert marks_of({WHERE: state.versions.master().model.weights[WHERE]}) == {2}
    assert status_of(state).followed is None
    state.serves_with(20, 1, follows=True)
    state.roll_back(1)
    follow(state, FOLLOWING, Offered(1, key=b"another" + b" " * 25))  # and may follow another one


KILLS = st.one_of(st.none(), st.none(), st.integers(0, 12))  # before which write


class _Killed(BaseException):
    """The process is gone."""


class Lending(RuleBasedStateMachine):
    """One coordinator, and a server that is told of as much of it as a network and kills let through."""

    policy = FOLLOWING

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[frozenset[int], np.ndarray] = {}  # every sum that the server ever got, by what is in it
        self.lost: set[int] = set()  # into no version, by what their owner did
        self.folder = Path(tempfile.mkdtemp())
        self.state = State(self.folder / "coordinator.db")
        self.state.create(SMALL)
        self.name = name_of(self.state)
        self.most, lending.MOST_LENT = lending.MOST_LENT, 4
        self.devices: list[str] = []
        self.of_device: dict[int, str] = {}
        self.gone: set[str] = set()
        self.offered = Offered()
        self.asked: list[tuple[Offered, str]] = []  # all that was ever sent
        self.answers: dict[str, Lent] = {}  # of the attempt that goes on
        self.sums: list[set[int]] = []  # what went into versions

    def teardown(self) -> None:
        lending.MOST_LENT = self.most
        self.tell()
        self.check_all()
        self.state.close()
        shutil.rmtree(self.folder)

    @precondition(lambda self: len(self.of_device) < 60)
    @rule(fresh=st.booleans(), data=st.data())
    def submits(self, fresh: bool, data: st.DataObject) -> None:
        if fresh or not self.devices:
            self.devices.append(enrolled(self.state))
        device = data.draw(st.sampled_from(self.devices))
        mark = len(self.of_device)
        if submit(self.state, device, mark).outcome == "accepted":
            self.of_device[mark] = device

    @initialize(least=st.sampled_from([1, 2, 3, 5]))
    def is_set_up(self, least: int) -> None:
        self.policy = replace(FOLLOWING, least=least)

    @precondition(lambda self: self.state.contributions.stuck())
    @rule()
    def gives_up(self) -> None:
        aggregator = Aggregator(self.policy, Metrics())
        if aggregator.is_due(self.state):
            self.lost |= self.lent()
            aggregator.publish(aggregator.draft(self.state), self.state)

    @precondition(lambda self: len(self.of_device) % 8 == 7)
    @rule()
    def is_served_for_itself(self) -> None:
        """And then as before: what was lent is dropped."""
        self.lost |= self.lent()
        self.state.serves_with(20, 1, follows=False)
        self.state.serves_with(20, 1, follows=True)

    def lent(self) -> set[int]:
        rows = self.state.sql.rows("SELECT id, number FROM updates WHERE consumed_by IS NULL")
        lent = self.state.contributions.lent()
        return {int(name.removeprefix("update ")) for name, number in rows if number in lent}

    @precondition(lambda self: len(self.devices) > 2 * len(self.gone) + 2)
    @rule(data=st.data(), how=st.sampled_from(["leave", "revoke"]))
    def goes(self, data: st.DataObject, how: str) -> None:
        device = data.draw(st.sampled_from(self.devices))
        getattr(self.state, how)(device)
        self.gone.add(device)

    @rule(arrives=st.sampled_from([True, True, False]), kill_after=KILLS)
    def begins(self, arrives: bool, kill_after: int | None) -> None:
        """A new attempt, maybe of a server that was killed in the one before; what is answered may not arrive."""
        self.asked.append((self.offered, f"a{len(self.asked)}"))
        self.answers = {}
        given = self.answered(*self.asked[-1], kill_after)
        if given and arrives:
            self.answers[given.id] = given

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), kill_after=KILLS)
    def is_asked_late(self, data: st.DataObject, kill_after: int | None) -> None:
        """What was asked arrives, late or once more."""
        offered, attempt = data.draw(st.sampled_from(self.asked[-6:]))
        given = self.answered(offered, attempt, kill_after)
        if given and attempt == self.asked[-1][1]:
            self.answers.setdefault(given.id, given)

    @rule(kill_after=KILLS)
    def is_told(self, kill_after: int | None) -> None:
        self.killable(kill_after, lambda: follow(self.state, self.policy, self.offered))

    @precondition(lambda self: self.answers)
    @rule(data=st.data())
    def makes(self, data: st.DataObject) -> None:
        """A version, out of one of what this attempt was given: doubles are dropped."""
        given = data.draw(st.sampled_from(sorted(self.answers.values(), key=lambda given: given.id)))
        self.sums.append(marks_of(given.delta))
        self.advance({self.name: given.id})

    @precondition(lambda self: self.offered.version < 2 * len(self.sums) + 2)
    @rule()
    def makes_one_without(self) -> None:
        self.advance(dict(self.offered.included))

    @rule()
    def owner_publishes(self) -> None:
        self.state.publish(Draft(Master(SMALL), "published"))

    @rule(kill=st.booleans(), rotate=st.booleans(), buffer=st.sampled_from([40, 6, 5]))
    def is_served_again(self, kill: bool, rotate: bool, buffer: int) -> None:
        """`MOST_LENT` is small: a sum that was lent may be larger than one may be now."""
        self.policy = replace(self.policy, buffer=buffer)
        self.state.serves_with(20, 1, follows=True)
        if rotate:
            self.state.keys.rotate()
        if kill:
            self.reopen()

    def advance(self, included: dict[str, str]) -> None:
        version = self.offered.version + 1
        self.offered, self.answers = Offered(version, included, moved(0.001 * version)), {}

    def answered(self, offered: Offered, attempt: str, kill_after: int | None) -> Lent | None:
        def work() -> Lent:
            follow(self.state, self.policy, offered)
            return lend(self.state, self.policy, attempt, offered.version, PATIENT)

        given = self.killable(kill_after, work)
        if given is not None:
            share = given.delta[WHERE].astype(np.float64).ravel() * given.weight
            known = self.given.setdefault(frozenset(marks_of(given.delta)), share)
            np.testing.assert_allclose(share, known, atol=1e-3)  # with other weights it would be another sum
        return given

    def killable(self, after: int | None, work):  # type: ignore[no-untyped-def]
        """What comes of some work, None where it is refused, or killed at its so manieth write."""
        left, run = after, self.state.sql.run

        def counted(*statement: object) -> int:
            nonlocal left
            if left is not None and left <= 0:
                raise _Killed
            left = None if left is None else left - 1
            return run(*statement)  # type: ignore[arg-type]

        self.state.sql.run = counted  # type: ignore[method-assign, assignment]
        try:
            with suppress(TooLittleData, TrustError):
                return work()
        except _Killed:
            self.reopen()
        finally:
            self.state.sql.run = run if self.state.sql.run is counted else self.state.sql.run  # type: ignore[method-assign]
        return None

    def reopen(self) -> None:
        self.state.close()
        self.state = State(self.folder / "coordinator.db")

    def tell(self) -> None:
        follow(self.state, self.policy, self.offered)

    @invariant()
    def no_update_is_in_two_versions(self) -> None:
        together = [mark for sum_ in self.sums for mark in sum_]
        assert len(together) == len(set(together))

    @invariant()
    def no_two_sums_differ_by_few(self) -> None:
        for one, other in itertools.combinations(self.given, 2):
            assert len(one ^ other) >= self.policy.fewest

    @invariant()
    def no_sums_together_tell_of_few(self) -> None:
        """Each has so many that none before it had: they are in whatever is made of it and of those before."""
        before: set[int] = set()
        for marks in sorted(self.given, key=max):
            assert len(marks - before) >= self.policy.fewest
            before |= marks

    def check_all(self) -> None:
        """Each that was acknowledged, and whose device is still there, is in one version or waits."""
        in_versions = {mark for sum_ in self.sums for mark in sum_}
        rows = self.state.sql.rows("SELECT id FROM updates WHERE consumed_by IS NULL")
        waiting = {int(update.removeprefix("update ")) for (update,) in rows}
        assert not in_versions & waiting
        stayed = {mark for mark, device in self.of_device.items() if device not in self.gone}
        assert stayed <= in_versions | waiting | self.lost


Lending.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestLending = Lending.TestCase


def test_the_marks_tell_what_is_in_a_sum() -> None:
    assert marks_of({name: a + b for (name, a), b in zip(marked(3).items(), marked(9).values(), strict=True)}) == {3, 9}
