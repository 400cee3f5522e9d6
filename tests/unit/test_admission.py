"""Which updates a coordinator takes, and what it says of the others: of the header, of the bytes, and when stored."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from swipefl.decoder.checkpoint import base_checkpoint
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
from tests.support.updates import header_for, update

POLICY = Policy(plan=Plan(max_norm=1.0), max_staleness=2, kept=2)
BLOB = update(norm=0.9)
LARGEST = largest_update(Architecture.named(base_checkpoint().architecture).parameter_shapes())


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "coordinator.db") as state:
        state.create(base_checkpoint())
        yield state


def enrolled(state: State) -> str:
    device = state.devices.enroll(state.devices.new_token(60).secret, secrets.token_bytes(32))
    assert device
    return device


def publish(state: State, count: int = 1) -> None:
    for _ in range(count):
        state.publish(Draft(Master(base_checkpoint()), "published"))


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
    assert admit(state, [Received("u", device, 1, 10, BLOB)]) == [Verdict("stale")]
    assert admit(state, [Received("u", device, 9, 10, BLOB)]) == [Verdict("stale")]
    state.sql.run("UPDATE versions SET architecture = 'bilstm-6' WHERE number = 2")
    publish(state)
    assert of_header(state, base_version=2) == Verdict("stale")
    assert admit(state, [Received("u", device, 2, 10, BLOB)]) == [Verdict("stale")]
    assert state.updates.waiting() == []


def test_a_device_contributes_once_a_version_and_what_came_twice_is_one(state: State) -> None:
    first, second = enrolled(state), enrolled(state)
    taken = Received("u", first, 1, 10, BLOB)
    assert admit(state, [taken, replace(taken, device=second), taken, replace(taken, id="v")]) == [
        Verdict("accepted"),
        Verdict("accepted"),
        Verdict("duplicate"),
        Verdict("refused", "already-contributed"),
    ]
    assert of_header(state, first, update_id="u") == Verdict("duplicate")
    assert of_header(state, first, update_id="v") == Verdict("refused", "already-contributed")
    assert of_header(state, enrolled(state), update_id="u") is None
    publish(state, 3)
    assert of_header(state, first, update_id="u") == Verdict("duplicate"), "whose fate is known, however late"
    assert of_header(state, first, update_id="v", base_version=2) is None
    assert admit(state, [Received("v", first, 2, 10, BLOB)]) == [Verdict("accepted")]
    assert [(waiting.version, waiting.examples) for waiting in state.updates.waiting()] == [(1, 10), (1, 10), (2, 10)]


def test_of_a_device_that_is_unknown_or_was_revoked_meanwhile_nothing_is_stored(state: State) -> None:
    device = enrolled(state)
    state.devices.revoke(device)
    given = [Received("u", device, 1, 10, BLOB), Received("u", "nobody", 1, 10, BLOB)]
    assert admit(state, given) == [Verdict("refused", "revoked-device")] * 2
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
