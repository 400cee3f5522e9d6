"""A coordinator's rounds and versions, without a server."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture
from swipefl.errors import StoreError, UsageError, VersionConflict
from swipefl.federation.coordinator.admission import Verdict, admit
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.rounds import Aggregator, Holdout
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.coordinator.versions import Draft, Version
from swipefl.federation.protocol.signing import successor
from swipefl.federation.round import Master
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import decode_update, encode_update, shapes_of
from swipefl.store.store import Store
from tests.support.states import enrolled
from tests.support.updates import delta

HOUR_S, DAY_S = 3600.0, 24 * 3600.0
PLAIN = Policy(strategy=Strategy(optimizer="fedavg"), least=1)


def checkpoint(hidden: int = 4, seed: int = 0) -> Checkpoint:
    rng = np.random.default_rng(seed)
    shapes = Architecture(hidden).shapes()
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    return Checkpoint(f"bilstm-{hidden}", weights, ScoreWeights(1.0, 2.0))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "coordinator.db") as state:
        state.create(checkpoint())
        yield state


def give(state: State, count: int = 1, version: int = 1, norm: float = 1.0) -> list[dict[str, np.ndarray]]:
    """Updates of so many new devices, as the coordinator will read them."""
    return [give_of(state, enrolled(state), version, norm) for _ in range(count)]


def give_of(state: State, device: str, version: int = 1, norm: float = 1.0) -> dict[str, np.ndarray]:
    """One of this device."""
    start = checkpoint_from_bytes(state.versions.blob(version) or b"")
    blob = encode_update(delta(start.parameters, secrets.randbits(32), norm), 1e9).blob
    assert admit(state, PLAIN, [Received(f"for {version}", device, version, 10, blob)]) == [Verdict("accepted")]
    return decode_update(blob, shapes_of(start.parameters))


def advance(state: State, policy: Policy = PLAIN, holdout: Holdout | None = None) -> Version:
    aggregator = Aggregator(policy, Metrics(), holdout)
    return aggregator.publish(aggregator.draft(state), state)


def test_a_version_is_what_devices_will_load(state: State) -> None:
    """The fingerprint is that of the float16 weights, the master goes on in float32."""
    give(state, 3)
    version = advance(state)
    published = checkpoint_from_bytes(state.versions.blob(version.number) or b"")
    assert (version.number, version.made_by, version.updates) == (2, "aggregated", 3)
    assert version.fingerprint == published.fingerprint
    master = state.versions.master().model
    assert any((master.weights[name] != array).any() for name, array in published.weights.items())
    for name, array in published.weights.items():
        np.testing.assert_array_equal(master.weights[name].astype(np.float16), array)


def test_late_updates_count_less(state: State) -> None:
    """Two versions late: 1 / sqrt(3)."""
    before, device = checkpoint_from_bytes(state.versions.blob(1) or b""), enrolled(state)
    for _ in range(2):
        state.publish(Draft(Master(before), "published"))
    late, fresh = give_of(state, device), give_of(state, enrolled(state), version=3)
    advance(state)
    after, weight = state.versions.master().model, 3**-0.5
    for name in before.parameters:
        mean = (weight * late[name] + fresh[name]) / (1 + weight)
        np.testing.assert_allclose(after.parameters[name], before.parameters[name] + mean, atol=1e-6)


@pytest.mark.parametrize("rule", ["median", "trimmed-mean"])
def test_the_robust_rules_are_not_moved_by_one(state: State, rule: str) -> None:
    give(state, 8, norm=0.1)
    give(state, 2, norm=1e4)
    before = state.versions.master().model
    advance(state, replace(PLAIN, strategy=Strategy(rule, "fedavg")))
    after = state.versions.master().model
    assert max(np.abs(after.parameters[name] - before.parameters[name]).max() for name in before.parameters) < 0.1


def test_every_update_is_consumed_once_and_momentum_outlives_a_restart(state: State) -> None:
    momentum = replace(PLAIN, strategy=Strategy(optimizer="fedavgm", momentum=0.5))
    first = give(state)[0]
    start = state.versions.master().model
    advance(state, momentum)
    assert state.updates.waiting() == []
    with State(state.path) as reopened:
        second = give(reopened, version=2)[0]
        assert advance(reopened, momentum).updates == 1
    after = state.versions.master().model
    for name, array in start.parameters.items():
        np.testing.assert_allclose(after.parameters[name], array + 1.5 * first[name] + second[name], atol=1e-5)


def test_a_round_is_due_when_enough_wait_or_one_waits_long(state: State) -> None:
    policy, later = replace(PLAIN, buffer=2, max_wait_s=60), iter([0.0, 59.0, 61.0, -5.0, 0.0])
    began = state.versions.newest().created_at
    aggregator = Aggregator(policy, Metrics(), clock=lambda: began + next(later))
    assert not aggregator.is_due(state)
    give(state)
    received_at = state.updates.backlog()[1]
    aggregator = replace(aggregator, clock=lambda: received_at + next(later))
    assert [aggregator.is_due(state) for _ in range(3)] == [False, True, True]
    give(state)
    assert aggregator.is_due(state)


@pytest.mark.parametrize(
    ("buffer", "least", "waiting", "at_once", "in_time"),
    [
        (40, 10, 9, False, False),
        (40, 10, 10, False, True),
        (40, 10, 40, True, True),
        (1, 10, 0, False, False),
        (1, 10, 1, True, True),
        (3, 10, 2, False, False),
        (3, 10, 3, True, True),
        (10**6, 1, 1, False, True),
        (10**6, 0, 0, False, False),
    ],
)
def test_a_version_is_made_of_the_least_that_it_may_be(
    state: State, buffer: int, least: int, waiting: int, at_once: bool, in_time: bool
) -> None:
    policy = Policy(buffer=buffer, least=least, max_wait_s=60)
    for _ in range(waiting):
        state.updates.add(Received("u", enrolled(state), 1, 10, b""))
    now = time.time()
    assert Aggregator(policy, Metrics(), clock=lambda: now).is_due(state) is at_once
    assert Aggregator(policy, Metrics(), clock=lambda: now + 61).is_due(state) is in_time
    if not in_time:
        with pytest.raises(VersionConflict):
            Aggregator(policy, Metrics()).draft(state)


def test_a_default_policy_gives_no_update_away() -> None:
    assert Policy().fewest == 10
    assert [Policy(least=n).gives_away for n in (1, 2, 3)] == [True, True, False]
    assert [Policy(buffer=n).gives_away for n in (1, 2, 3)] == [True, True, False]


def test_of_a_device_of_which_several_wait_each_version_takes_one(state: State) -> None:
    """As in a file from before, where one could contribute to several versions at once."""
    greedy, other = enrolled(state), enrolled(state)
    state.publish(Draft(Master(checkpoint()), "published"))
    state.publish(Draft(Master(checkpoint()), "published"))
    blob = encode_update(delta(checkpoint().parameters), 1e9).blob
    for number, device in ((1, greedy), (2, greedy), (3, greedy), (1, other)):
        state.updates.add(Received(f"for {number}", device, number, 10, blob))
    assert state.updates.backlog()[0] == 2
    assert not Aggregator(replace(PLAIN, buffer=3), Metrics()).is_due(state)
    assert [advance(state).updates for _ in range(3)] == [2, 1, 1]
    went = state.sql.rows("SELECT device, consumed_by FROM updates ORDER BY number")
    assert went == [(greedy, 4), (greedy, 5), (greedy, 6), (other, 4)]
    assert state.updates.waiting() == []


@pytest.mark.parametrize("goes", [State.leave, State.revoke, lambda state, device: state.updates.discard(device)])
def test_a_draft_that_names_what_went_meanwhile_becomes_no_version(
    state: State, goes: Callable[[State, str], None]
) -> None:
    first, second = enrolled(state), enrolled(state)
    give_of(state, first, norm=100.0)
    given = give_of(state, second)
    before, start = state.versions.newest(), state.versions.master().model
    aggregator = Aggregator(PLAIN, Metrics())
    draft = aggregator.draft(state)
    goes(state, first)
    with pytest.raises(VersionConflict, match="waits no longer"):
        aggregator.publish(draft, state)
    assert (state.versions.newest(), state.updates.backlog()[0]) == (before, 1)
    assert state.versions.master().model.fingerprint == start.fingerprint
    assert advance(state).updates == 1
    for name, array in state.versions.master().model.parameters.items():
        np.testing.assert_allclose(array, start.parameters[name] + given[name], atol=1e-6)


def test_what_went_while_a_draft_reads_it_is_told_as_that(state: State) -> None:
    device = enrolled(state)
    give_of(state, device)
    (waiting,) = state.updates.waiting()
    state.leave(device)
    with pytest.raises(VersionConflict):
        state.updates.blob(waiting)


def test_who_leaves_before_a_draft_makes_nobody_stand_alone(state: State) -> None:
    devices = [enrolled(state) for _ in range(3)]
    for device in devices:
        give_of(state, device)
    aggregator = Aggregator(replace(PLAIN, buffer=3, least=3), Metrics())
    assert aggregator.is_due(state)
    state.leave(devices[0])
    state.leave(devices[1])
    with pytest.raises(VersionConflict):
        aggregator.draft(state)
    assert not aggregator.is_due(state)


def test_as_many_versions_stay_as_whoever_serves_keeps(state: State) -> None:
    """Whoever publishes beside it may know of fewer."""
    state.serves_with(kept=4, least=1)
    for _ in range(6):
        state.publish(Draft(Master(checkpoint()), "published"), kept=2)
    assert state.roll_back(4, kept=2).number == 8
    assert [version.number for version in state.versions.all() if not version.is_gone] == [5, 6, 7, 8]
    state.serves_with(kept=2, least=1)
    state.publish(Draft(Master(checkpoint()), "published"), kept=2)
    assert [version.number for version in state.versions.all() if not version.is_gone] == [8, 9]


def test_what_is_read_in_one_go_is_of_one_moment(state: State) -> None:
    """A key and a version that come in between are not seen until then, and wait for nobody."""
    with State(state.path) as other, state.reading():
        before = state.versions.newest(), state.keys.public(), state.keys.signing().private_bytes_raw()
        other.keys.rotate()
        other.publish(Draft(Master(checkpoint()), "published"))
        assert before == (state.versions.newest(), state.keys.public(), state.keys.signing().private_bytes_raw())
    assert state.versions.newest().number == 2
    assert len(state.keys.public().successions) == 1
    with pytest.raises(ZeroDivisionError), state.reading():
        _ = 1 // 0
    state.keys.rotate()
    with state.transaction(), state.reading():
        state.keys.rotate()
    assert len(state.keys.public().successions) == 3


def test_a_worse_candidate_changes_nothing_but_the_version(state: State) -> None:
    give(state, 2)
    before, scores = state.versions.newest(), iter([0.8, 0.7, 0.8, 0.8])
    kept = advance(state, holdout=lambda checkpoint, stop: next(scores))
    assert (kept.made_by, kept.fingerprint, kept.top1, kept.candidate_top1) == ("kept", before.fingerprint, 0.8, 0.7)
    assert state.updates.waiting() == []
    give(state, 2, version=2)
    made = advance(state, holdout=lambda checkpoint, stop: next(scores))
    assert (made.made_by, made.top1, made.candidate_top1) == ("aggregated", 0.8, None)


def test_a_candidate_that_no_device_takes_is_told_and_tried_once(state: State) -> None:
    give(state, 2, norm=1e5)
    before = state.versions.newest()
    with capture_logs() as lines:
        kept = advance(state, replace(PLAIN, strategy=Strategy(server_lr=100)))
    assert (kept.made_by, kept.fingerprint, kept.top1, kept.candidate_top1) == ("kept", before.fingerprint, None, None)
    assert [line["log_level"] for line in lines if line["event"] == "candidate not published"] == ["warning"]
    assert state.updates.waiting() == []
    give(state, 2, version=2)
    assert advance(state).made_by == "aggregated"


def test_a_round_gives_way_to_what_its_owner_published_meanwhile(state: State) -> None:
    give(state)
    aggregator = Aggregator(PLAIN, Metrics())
    draft = aggregator.draft(state)
    state.publish(Draft(Master(checkpoint(seed=1)), "published"))
    with pytest.raises(VersionConflict):
        aggregator.publish(draft, state)
    assert len(state.updates.waiting()) == 1
    assert advance(state).number == 3


def test_updates_for_another_architecture_go_into_no_version(state: State) -> None:
    give(state, 2)
    version = state.publish(Draft(Master(checkpoint(hidden=6)), "published"))
    assert (version.architecture, version.updates, state.updates.waiting()) == ("bilstm-6", 0, [])
    assert admit(state, PLAIN, [Received("u", enrolled(state), 1, 10, b"")]) == [Verdict("stale")]


def test_old_versions_and_their_updates_are_pruned(state: State) -> None:
    for number in range(1, 6):
        give(state, version=number)
        advance(state, replace(PLAIN, kept=2))
    assert [version.number for version in state.versions.all() if not version.is_gone] == [5, 6]
    assert state.sql.rows("SELECT min(consumed_by), count(*) FROM updates") == [(5, 2)]
    with pytest.raises(UsageError, match="no longer"):
        state.roll_back(1)
    assert state.roll_back(5).number == 7


def test_a_rotated_key_is_reached_from_any_earlier_one(state: State) -> None:
    pinned = [state.keys.public().public_key]
    for _ in range(3):
        state.keys.rotate()
        pinned.append(state.keys.public().public_key)
    assert len(set(pinned)) == 4
    assert {successor(key, state.keys.public()) for key in pinned} == {pinned[-1]}


def test_nothing_secret_is_kept_as_it_is(state: State) -> None:
    token, credential = state.devices.new_token(60).secret, secrets.token_bytes(32)
    assert state.devices.enroll(token, credential)
    files = [path for path in state.path.parent.iterdir() if path.is_file()]
    assert not any(secret in path.read_bytes() for path in files for secret in (token, credential))
    assert {path.stat().st_mode & 0o077 for path in [*files, state.path.parent]} == {0}


def test_a_store_and_a_coordinator_are_not_taken_for_one_another(tmp_path: Path) -> None:
    Store(tmp_path / "swipefl.db").close()
    State(tmp_path / "coordinator.db").close()
    (tmp_path / "swipefl.db").rename(tmp_path / "a.db")
    (tmp_path / "coordinator.db").rename(tmp_path / "b.db")
    with pytest.raises(StoreError, match="another program's"):
        State(tmp_path / "a.db")
    with pytest.raises(StoreError, match="another program's"):
        Store(tmp_path / "b.db")


def test_the_base_can_be_version_1(tmp_path: Path) -> None:
    with State(tmp_path / "coordinator.db") as state:
        assert state.create(base_checkpoint()).fingerprint == base_checkpoint().fingerprint
        with pytest.raises(UsageError, match="already"):
            state.create(base_checkpoint())


@pytest.mark.parametrize(("wrong_by", "due"), [(0.0, False), (-2 * HOUR_S, True), (DAY_S, True)])
def test_a_coordinators_clock_that_went_back_holds_no_update_for_ever(
    tmp_path: Path, wrong_by: float, due: bool
) -> None:
    now = time.time()
    with State(tmp_path / "coordinator.db", clock=lambda: now + wrong_by) as state:
        state.create(base_checkpoint())
        device = enrolled(state)
        admit(state, PLAIN, [Received("an id", device, 1, 100, b"")])
        assert (
            Aggregator(Policy(buffer=40, least=1, max_wait_s=HOUR_S), Metrics(), clock=lambda: now).is_due(state) is due
        )
