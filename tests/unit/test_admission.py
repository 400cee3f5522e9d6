"""Which updates a coordinator takes, and what it says of the others: of the header, of the bytes, and when stored."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.encoder import Architecture
from swipefl.federation.coordinator.admission import (
    Verdict,
    admit,
    largest_update,
    verdict_on_bytes,
    verdict_on_header,
)
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.round import Master
from tests.support.states import SMALL, enrolled
from tests.support.updates import header_for, update

POLICY = Policy(plan=Plan(max_norm=1.0), max_staleness=2, kept=2)
BLOB = update(norm=0.9)
LARGEST = largest_update(Architecture.named(base_checkpoint().architecture).parameter_shapes())


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "coordinator.db") as state:
        state.create(base_checkpoint())
        yield state


def publish(state: State, count: int = 1) -> None:
    for _ in range(count):
        state.publish(Draft(Master(base_checkpoint()), "published"))


def consume(state: State, made: Checkpoint | None = None) -> None:
    """A version of all that waits."""
    numbers = [update.number for update in state.updates.waiting()]
    state.publish(Draft(Master(made or base_checkpoint()), "aggregated", numbers))


def of_header(state: State, device: str = "a device", **changes: object) -> Verdict | None:
    return verdict_on_header(state, POLICY, device, header_for(BLOB, **changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"update_id": "x" * 64}, ""),
        ({"update_id": "x" * 65}, "bad-update-id"),
        ({"update_id": "x"}, ""),
        ({"update_id": ""}, "bad-update-id"),
        ({"update_id": "a\nline"}, "bad-update-id"),
        ({"base_version": 0}, "unknown-version"),
        ({"base_version": 2}, "unknown-version"),
        ({"base_version": 2**63}, "unknown-version"),
        ({"base_version": 2**64 - 1}, "unknown-version"),
        ({"base_version": 2**63 - 1}, "unknown-version"),
        ({"base_fingerprint": "another"}, "wrong-fingerprint"),
        ({"examples": 0}, "implausible-examples"),
        ({"examples": 1}, ""),
        ({"examples": 100_000}, ""),
        ({"examples": 100_001}, "implausible-examples"),
        ({"size_bytes": LARGEST}, ""),
        ({"size_bytes": LARGEST + 1}, "too-large"),
    ],
)
def test_what_a_header_says_is_refused_before_its_bytes_come(
    state: State, changes: dict[str, object], reason: str
) -> None:
    assert of_header(state, **changes) == (Verdict("refused", reason) if reason else None)


def test_a_version_may_have_any_number_that_the_state_can_hold(state: State) -> None:
    state.sql.run("UPDATE versions SET number = ?", (2**63 - 1,))
    assert of_header(state, base_version=2**63 - 1) is None


def test_an_update_may_be_some_versions_late_and_no_later(state: State) -> None:
    publish(state, 2)
    assert of_header(state) is None
    publish(state)
    assert of_header(state) == Verdict("stale")


def test_an_update_of_a_version_that_is_gone_or_of_another_architecture_is_stale(state: State) -> None:
    device = enrolled(state)
    state.sql.run("UPDATE versions SET blob = NULL WHERE number = 1")
    publish(state)
    assert of_header(state) == Verdict("stale")
    assert admit(state, POLICY, [Received("u", device, 1, 10, BLOB)]) == [Verdict("stale")]
    assert admit(state, POLICY, [Received("u", device, 9, 10, BLOB)]) == [Verdict("stale")]
    state.sql.run("UPDATE versions SET architecture = 'bilstm-6' WHERE number = 2")
    publish(state)
    assert of_header(state, base_version=2) == Verdict("stale")
    assert admit(state, POLICY, [Received("u", device, 2, 10, BLOB)]) == [Verdict("stale")]
    assert state.updates.waiting() == []


def test_a_device_contributes_once_a_version_and_what_came_twice_is_one(state: State) -> None:
    first, second = enrolled(state), enrolled(state)
    taken = Received("u", first, 1, 10, BLOB)
    assert admit(state, POLICY, [taken, replace(taken, device=second), taken, replace(taken, id="v")]) == [
        Verdict("accepted"),
        Verdict("accepted"),
        Verdict("duplicate"),
        Verdict("refused", "already-contributed"),
    ]
    assert of_header(state, first, update_id="u") == Verdict("duplicate")
    assert of_header(state, first, update_id="v") == Verdict("refused", "already-contributed")
    assert of_header(state, enrolled(state), update_id="u") is None
    consume(state)
    publish(state, 2)
    assert of_header(state, first, update_id="u") == Verdict("duplicate"), "whose fate is known, however late"
    assert of_header(state, first, update_id="v", base_version=2) is None
    assert admit(state, POLICY, [Received("v", first, 2, 10, BLOB)]) == [Verdict("accepted")]
    assert [(waiting.version, waiting.examples) for waiting in state.updates.waiting()] == [(2, 10)]


@pytest.mark.parametrize("look", range(1, 12))
@pytest.mark.parametrize("is_consumed", [False, True])
def test_what_is_taken_while_its_header_is_looked_at_again_is_not_refused_for_itself(
    state: State, monkeypatch: pytest.MonkeyPatch, look: int, is_consumed: bool
) -> None:
    """The call that its device gave up goes on in the coordinator's writer, beside the one that sends it again."""
    device, policy = enrolled(state), replace(POLICY, max_staleness=0)
    looks, rows = 0, state.sql.rows

    def meanwhile(*query: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == look:
            assert admit(state, policy, [Received("u", device, 1, 10, BLOB)]) == [Verdict("accepted")]
            if is_consumed:
                consume(state)
        return rows(*query)

    monkeypatch.setattr(state.sql, "rows", meanwhile)
    assert verdict_on_header(state, policy, device, header_for(BLOB, update_id="u")) in (Verdict("duplicate"), None)
    monkeypatch.undo()
    (said,) = admit(state, policy, [Received("u", device, 1, 10, BLOB)])
    assert said == Verdict("duplicate" if looks >= look else "accepted")


VERSIONS = range(1, 12)
VOTED = Verdict("refused", "already-contributed")


@pytest.mark.parametrize("order", [VERSIONS, VERSIONS[::-1], [6, *VERSIONS], [11, 1, 11]], ids=str)
def test_of_one_device_one_update_waits_whatever_versions_it_names(state: State, order: Sequence[int]) -> None:
    """In one transaction and in several, before the bytes come and when they are stored; then one more a version."""
    policy, devices = replace(POLICY, max_staleness=20), [enrolled(state) for _ in range(3)]
    publish(state, len(VERSIONS) - 1)
    sent = [Received(f"from {version}", devices[0], version, 10, BLOB) for version in dict.fromkeys(order)]
    assert admit(state, policy, sent) == [Verdict("accepted"), *[VOTED] * (len(sent) - 1)]
    assert admit(state, policy, [replace(sent[0], device=devices[1])]) == [Verdict("accepted")]
    for version in order:
        header = header_for(BLOB, base_version=version)
        assert verdict_on_header(state, policy, devices[0], header) == VOTED
        assert admit(state, policy, [Received("another", devices[1], version, 10, BLOB)]) == [VOTED]
        assert verdict_on_header(state, policy, devices[2], header) is None
    publish(state)
    assert verdict_on_header(state, policy, devices[0], header_for(BLOB, base_version=12)) == VOTED, "it still waits"
    consume(state)
    for version in range(1, 14):
        said = verdict_on_header(state, policy, devices[0], header_for(BLOB, base_version=version))
        assert said == (VOTED if version == order[0] else None)


@pytest.mark.parametrize("enrolled_with", [1, 3, 5])
def test_no_update_is_taken_for_a_version_older_than_the_device(state: State, enrolled_with: int) -> None:
    policy = replace(POLICY, max_staleness=20)
    publish(state, enrolled_with - 1)
    device = enrolled(state)
    publish(state, 5 - enrolled_with)
    for version in range(1, 6):
        said = verdict_on_header(state, policy, device, header_for(BLOB, base_version=version))
        stored = admit(state, policy, [Received("u", device, version, 10, BLOB)])
        state.sql.run("DELETE FROM updates")
        is_older = version < enrolled_with
        assert (said, *stored) == ((Verdict("stale"),) * 2 if is_older else (None, Verdict("accepted")))


@pytest.mark.parametrize("late", range(5))
def test_an_honest_device_may_be_as_late_as_the_policy_says(state: State, late: int) -> None:
    """Also where it contributed to the version before its long rest."""
    device = enrolled(state)
    assert admit(state, POLICY, [Received("u", device, 1, 10, BLOB)]) == [Verdict("accepted")]
    consume(state)
    publish(state, late)
    said = of_header(state, device, base_version=2)
    if late > POLICY.max_staleness:
        assert said == Verdict("stale")
        return
    assert (said, admit(state, POLICY, [Received("v", device, 2, 10, BLOB)])) == (None, [Verdict("accepted")])
    assert state.updates.backlog()[0] == 1


@pytest.mark.parametrize("published", range(5))
@pytest.mark.parametrize("meanwhile", range(5))
def test_an_update_that_came_to_be_late_while_it_was_uploaded_is_stale(
    state: State, published: int, meanwhile: int
) -> None:
    """Before its bytes come and when it is stored the same is said of it."""
    device = enrolled(state)
    publish(state, published)
    early = of_header(state, device)
    publish(state, meanwhile)
    (stored,) = admit(state, POLICY, [Received("u", device, 1, 10, BLOB)])
    late = [count > POLICY.max_staleness for count in (published, published + meanwhile)]
    assert [early, stored] == [Verdict("stale") if late[0] else None, Verdict("stale" if late[1] else "accepted")]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6) | st.none()), max_size=25))
def test_whatever_is_sent_and_whenever_no_version_consumes_two_of_one_device(
    calls: list[tuple[int, int | None]],
) -> None:
    """None for the version: a new one is made of what waits."""
    with TemporaryDirectory() as folder, State(Path(folder) / "coordinator.db") as state:
        state.sql.run("PRAGMA synchronous = OFF")  # no power fails here
        state.create(SMALL)
        devices = [enrolled(state) for _ in range(3)]
        for number, (which, version) in enumerate(calls):
            if version is None:
                consume(state, SMALL)
            else:
                admit(state, Policy(), [Received(f"{number}", devices[which], version, 10, b"bytes")])
            waiting = state.sql.rows("SELECT count(*) FROM updates WHERE consumed_by IS NULL GROUP BY device")
            assert {count for (count,) in waiting} <= {1}
        consumed = state.sql.rows("SELECT count(*) FROM updates WHERE consumed_by > 0 GROUP BY device, consumed_by")
        assert {count for (count,) in consumed} <= {1}


def test_of_a_device_that_is_unknown_or_was_revoked_meanwhile_nothing_is_stored(state: State) -> None:
    device = enrolled(state)
    state.devices.revoke(device)
    sent = [Received("u", device, 1, 10, BLOB), Received("u", "nobody", 1, 10, BLOB)]
    assert admit(state, POLICY, sent) == [Verdict("refused", "revoked-device")] * 2
    assert state.updates.waiting() == []


def test_bytes_are_refused_unless_they_are_those_announced_and_within_the_norm(state: State) -> None:
    def said(blob: bytes, **changes: object) -> Verdict | None:
        return verdict_on_bytes(state, POLICY, header_for(blob, **changes), blob)

    assert said(BLOB) is None
    assert said(BLOB, sha256=b"another") == Verdict("refused", "damaged")
    assert said(BLOB[:-1]) == Verdict("refused", "damaged")
    assert said(update(norm=1.1)) == Verdict("refused", "norm-too-large")
    assert said(BLOB) is None


def test_the_largest_update_is_one_of_a_byte_a_number_two_a_row_and_a_header() -> None:
    assert largest_update({"a": (3, 5), "b": (7,)}) == 65_536 + 15 + 6 + 7 + 14
    assert len(BLOB) < LARGEST < len(BLOB) + 65_536
