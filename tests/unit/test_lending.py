"""A coordinator whose versions are made elsewhere: whatever happens, an update goes into one, and into no second."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights
from swipefl.decoder.encoder import Architecture
from swipefl.errors import TooLittleData, TrustError, UsageError
from swipefl.federation.aggregation import weight_of
from swipefl.federation.coordinator.lending import Lent, follow, lend, name_of
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
    assert status_of(state).followed.lent == 0  # type: ignore[union-attr]
    assert state.versions.newest().updates == which + 1
    assert state.updates.backlog()[0] == len(left)
    if left:
        assert marks_of(lent(state, "d", 2).delta) == left


def test_a_version_without_the_contribution_consumes_nothing(state: State) -> None:
    waits(state, 2)
    follow(state, FOLLOWING, Offered())
    first = lent(state)
    follow(state, FOLLOWING, Offered(2, {"another": first.id, name_of(state): "e" * 32}, moved(0.1)))
    assert marks_of(lent(state, "b", 2).delta) == {0, 1}


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
    assert marks_of(lent(state, "b").delta) == {1, 2}
    follow(state, FOLLOWING, taken(state, on_its_way))
    assert state.updates.backlog()[0] == 0
    waits(state, 1, first=3)
    assert marks_of(lent(state, "c", 2).delta) == {3}


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
    follow(state, FOLLOWING, Offered(1, key=b"another" + b" " * 25))  # and may follow another one


KILLS = st.one_of(st.none(), st.none(), st.integers(0, 12))  # before which write


class _Killed(BaseException):
    """The process is gone."""


class Lending(RuleBasedStateMachine):
    """One coordinator, and a server that is told of as much of it as a network and kills let through."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.state = State(self.folder / "coordinator.db")
        self.state.create(SMALL)
        self.name = name_of(self.state)
        self.devices: list[str] = []
        self.of_device: dict[int, str] = {}
        self.gone: set[str] = set()
        self.offered = Offered()
        self.asked: list[tuple[Offered, str]] = []  # all that was ever sent
        self.answers: dict[str, Lent] = {}  # of the attempt that goes on
        self.sums: list[set[int]] = []  # what went into versions

    def teardown(self) -> None:
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
        self.killable(kill_after, lambda: follow(self.state, FOLLOWING, self.offered))

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

    @rule(kill=st.booleans())
    def is_served_again(self, kill: bool) -> None:
        self.state.serves_with(20, 1, follows=True)
        if kill:
            self.reopen()

    def advance(self, included: dict[str, str]) -> None:
        version = self.offered.version + 1
        self.offered, self.answers = Offered(version, included, moved(0.001 * version)), {}

    def answered(self, offered: Offered, attempt: str, kill_after: int | None) -> Lent | None:
        def work() -> Lent:
            follow(self.state, FOLLOWING, offered)
            return lend(self.state, FOLLOWING, attempt, offered.version, PATIENT)

        return self.killable(kill_after, work)

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
        follow(self.state, FOLLOWING, self.offered)

    @invariant()
    def no_update_is_in_two_versions(self) -> None:
        together = [mark for sum_ in self.sums for mark in sum_]
        assert len(together) == len(set(together))

    def check_all(self) -> None:
        """Each that was acknowledged, and whose device is still there, is in one version or waits."""
        in_versions = {mark for sum_ in self.sums for mark in sum_}
        rows = self.state.sql.rows("SELECT id FROM updates WHERE consumed_by IS NULL")
        waiting = {int(update.removeprefix("update ")) for (update,) in rows}
        assert not in_versions & waiting
        stayed = {mark for mark, device in self.of_device.items() if device not in self.gone}
        assert stayed <= in_versions | waiting


Lending.TestCase.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestLending = Lending.TestCase


def test_the_marks_tell_what_is_in_a_sum() -> None:
    assert marks_of({name: a + b for (name, a), b in zip(marked(3).items(), marked(9).values(), strict=True)}) == {3, 9}
