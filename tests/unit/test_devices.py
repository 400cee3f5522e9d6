"""Who belongs to a federation, and by which name its owner knows them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import UsageError
from swipefl.federation.coordinator.devices import LONGEST_NAME, STATES, Device
from swipefl.federation.coordinator.enrolments import Enrolments, Refusal
from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.status import devices_of
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.coordinator.writer import Writer
from swipefl.federation.round import Master
from tests.support.states import enrolled


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "coordinator.db") as state:
        state.create(base_checkpoint())
        yield state


def known(state: State, name: str = "") -> Device:
    device = state.devices.get(enrolled(state, name))
    assert device
    return device


@pytest.mark.parametrize("name", ["", "ada", "Ada's phone, 2nd", "имя", "名前", "x" * LONGEST_NAME, "[red]", "a b"])
def test_a_device_has_the_name_of_its_token(state: State, name: str) -> None:
    assert [known(state, name).name, known(state, name).name] == [name, name]


@pytest.mark.parametrize(
    "name", ["x" * (LONGEST_NAME + 1), "a\nb", "\x1b[31m", "a\tb", "\0", "a\u202eb", "a\u200bb", "\udcff", "\u2028"]
)
def test_a_name_that_could_move_the_cursor_or_end_a_line_is_refused(state: State, name: str) -> None:
    with pytest.raises(UsageError, match="64 characters"):
        state.devices.new_token(60, name)
    assert state.sql.rows("SELECT * FROM tokens") == []


def test_a_device_knows_which_version_was_the_newest_when_it_came(state: State) -> None:
    assert known(state).enrolled_with == 1
    for _ in range(3):
        state.publish(Draft(Master(base_checkpoint()), "published"))
    assert known(state).enrolled_with == 4


def test_a_used_token_gives_its_device_the_same_place_and_nobody_else_one(state: State) -> None:
    """Also asked of the tokens alone, and not to one that was shown the door."""
    secret, credential, other = state.devices.new_token(60).secret, b"c" * 32, b"o" * 32
    device = state.devices.enroll(secret, credential)
    assert device

    def found(said: bytes) -> set[str | None]:
        return {state.devices.enroll(secret, said), state.devices.enrolled(secret, said)}

    assert (found(credential), found(other)) == ({device}, {None})
    state.revoke(device)
    assert (found(credential), found(other)) == ({None}, {None})


def test_devices_that_ask_several_times_at_once_join_once_each(state: State) -> None:
    tokens, metrics = [state.devices.new_token(60).secret for _ in range(5)], Metrics()

    async def asked() -> list[str | Refusal]:
        writer = Writer(state.path, Policy())
        enrolments = Enrolments(state, writer, Limits(), metrics)
        places = await asyncio.gather(
            *(enrolments.place(token, bytes(30) + b"%02d" % n, None) for n in range(5) for token in tokens[n:] * 3)
        )
        await writer.close()
        return places

    places = asyncio.run(asked())
    joined = {device.id for device in state.devices.page(100).devices}
    assert {place for place in places if isinstance(place, str)} == joined
    assert len(joined) == 5
    assert metrics.registry.get_sample_value("swipefl_enrolments_total") == 5


def test_the_last_update_of_a_device_is_known_when_all_of_it_is_forgotten(state: State) -> None:
    device, other = enrolled(state), enrolled(state)
    for number in (1, 2):
        state.updates.add(Received(f"u{number}", device, number, 10, b""))
        state.updates.discard(device)
    state.updates.prune(1000)
    assert not state.updates.is_known(device, "u2")
    assert (state.updates.last_of(device), state.updates.last_of(other)) == ("u2", "")


def test_a_device_is_found_by_the_beginning_of_its_id_where_no_other_one_begins_so(state: State) -> None:
    ids = ["5e0d4c8a91b7f320", "5e0d4c8a91b7f321", "5e0dffffffffffff", "ffff000000000000"]
    made = [enrolled(state) for _ in ids]
    state.sql.run("DELETE FROM tokens")  # which know their devices
    for device, id in zip(made, ids, strict=True):
        state.sql.run("UPDATE devices SET id = ? WHERE id = ?", (id, device))
    for begun, id in ((ids[0], ids[0]), ("5e0df", ids[2]), ("ffff", ids[3]), (ids[1][:16], ids[1])):
        assert state.devices.id_of(begun) == id
    for begun, code in {
        "": "short-id",
        "fff": "short-id",
        "5e0d": "several-devices",
        ids[0][:15]: "several-devices",
        "5e0e": "no-such-device",
        ids[3] + "0": "no-such-device",
        "%%%%": "no-such-device",
        "____": "no-such-device",
    }.items():
        with pytest.raises(UsageError) as refused:
            state.devices.id_of(begun)
        assert refused.value.code == code


def test_what_state_a_device_is_in_is_that_of_the_page_it_is_on(state: State) -> None:
    here, silent, left, revoked = (enrolled(state) for _ in range(4))
    state.sql.run("UPDATE devices SET seen_at = seen_at - ? WHERE id = ?", (31 * 86_400, silent))
    state.leave(left)
    state.revoke(revoked)
    found = {each: devices_of(state, 10, None, each).devices for each in STATES}
    assert {each: [(d.id, d.state) for d in page] for each, page in found.items()} == {
        "active": [(here, "active")],
        "silent": [(silent, "silent")],
        "left": [(left, "left")],
        "revoked": [(revoked, "revoked")],
    }


def test_who_left_and_who_was_revoked_are_told_apart_and_both_are_refused(state: State) -> None:
    left, revoked, both, here = (enrolled(state) for _ in range(4))
    for device in (left, revoked, both, here):
        state.updates.add(Received("u", device, 1, 10, b""))
    state.leave(left)
    state.leave(left)
    state.revoke(revoked)
    state.revoke(both)
    state.leave(both)  # who was shown the door does not say that he went
    found = {device.id: (device.revoked, device.left) for device in state.devices.page(100).devices}
    assert found == {left: (True, True), revoked: (True, False), both: (True, False), here: (False, False)}
    assert state.updates.backlog()[0] == 1
    state.leave("nobody")
    assert len(state.devices.page(100).devices) == 4
