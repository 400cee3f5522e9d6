"""Who belongs to a federation, and by which name its owner knows them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import UsageError
from swipefl.federation.coordinator.devices import LONGEST_NAME, Device
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.updates import Received
from swipefl.federation.coordinator.versions import Draft
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


def test_who_left_and_who_was_revoked_are_told_apart_and_both_are_refused(state: State) -> None:
    left, revoked, both, here = (enrolled(state) for _ in range(4))
    for device in (left, revoked, both, here):
        state.updates.add(Received("u", device, 1, 10, b""))
    state.leave(left)
    state.leave(left)
    state.revoke(revoked)
    state.revoke(both)
    state.leave(both)  # who was shown the door does not say that he went
    found = {device.id: (device.revoked, device.left) for device in state.devices.all()}
    assert found == {left: (True, True), revoked: (True, False), both: (True, False), here: (False, False)}
    assert state.updates.backlog()[0] == 1
    state.leave("nobody")
    assert len(state.devices.all()) == 4
