"""What a coordinator's owner does, by its settings."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import Remedy, UsageError
from swipefl.hosting import Coordinator, coordinator_of, policy_of
from swipefl.settings.coordinator import CoordinatorSettings, load_coordinator_settings
from tests.support.errors import advises
from tests.support.states import enrolled

HALF = "half.safetensors"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A checkpoint."""
    path = tmp_path / HALF
    path.write_bytes(base_checkpoint().to_bytes(half=True))
    return path


def test_what_an_owner_publishes_keeps_what_a_late_update_is_checked_against(tmp_path: Path, file: Path) -> None:
    """By hand no fewer versions stay than while it serves."""
    patient = Coordinator(CoordinatorSettings(home=tmp_path, max_staleness=30))
    patient.init()
    for _ in range(31):
        patient.publish(file)
    assert patient.rollback(2).version == 33
    assert [v.version for v in patient.status().versions if v.bytes is None] == [1, 2]
    Coordinator(CoordinatorSettings(home=tmp_path)).publish(file)
    assert [v.version for v in patient.status().versions if v.bytes is not None] == list(range(15, 35))


def test_reports_are_what_the_state_says(tmp_path: Path, file: Path) -> None:
    hosting = Coordinator(CoordinatorSettings(home=tmp_path))
    made = hosting.init(file)
    assert (made.version, made.fingerprint) == (1, base_checkpoint().fingerprint)
    one, two = hosting.token(2, 60 / 3600).tokens
    assert one != two
    assert hosting.token(revoke=one).tokens == ()
    with pytest.raises(UsageError, check=advises(Remedy.LIST_DEVICES)):
        hosting.token(revoke=one)
    before = hosting.rotate_key().public_key
    assert len(bytes.fromhex(before)) == 32
    assert hosting.rotate_key().public_key != before
    assert hosting.devices().devices == ()
    with pytest.raises(UsageError, check=advises(Remedy.LIST_DEVICES)):
        hosting.devices(revoke="nobody")
    with hosting._state() as state:
        device, other = enrolled(state), enrolled(state)
    assert hosting.devices(after=device[:15]).devices == hosting.devices(after=device).devices
    with pytest.raises(UsageError, match="too short"):
        hosting.devices(revoke=device, after="")
    assert {each.state for each in hosting.devices().devices} == {"active"}
    hosting.devices(revoke=other[:15])
    assert {each.id: each.state for each in hosting.devices().devices} == {device: "active", other: "revoked"}


@pytest.mark.parametrize(
    "given", [{"least": 100}, {"holdout": Path("swipes.jsonl")}, {"versions_from": "flower"}, {"flower_key": "ab" * 32}]
)
def test_what_a_node_beside_it_would_not_know_is_not_served_with(tmp_path: Path, given: dict[str, object]) -> None:
    """Its settings are those of the home; what is given to `serve` alone decides nothing about what it lends."""
    file = tmp_path / "coordinator.toml"
    Coordinator(CoordinatorSettings(home=tmp_path)).init()
    file.write_text("" if "versions_from" in given else 'versions_from = "flower"\n')
    with pytest.raises(UsageError, check=advises(Remedy.CORRECT_SETTING)) as refused:
        coordinator_of(tmp_path, given).serve()
    assert refused.value.code == "set-here-alone"
    assert next(iter(given)) in str(refused.value)


def test_whose_versions_are_followed_is_said_in_hex(tmp_path: Path) -> None:
    (tmp_path / "coordinator.toml").write_text(f'flower_key = "{"0f" * 32}"\n')
    assert policy_of(load_coordinator_settings(tmp_path)).flower_key == bytes([15] * 32)
    (tmp_path / "coordinator.toml").write_text('flower_key = "key.pem"\n')
    with pytest.raises(UsageError):
        load_coordinator_settings(tmp_path)


@pytest.mark.parametrize("what", ["listen", "metrics"])
def test_a_coordinator_that_cannot_listen_leaves_nothing_open_and_does_not_say_that_it_serves(
    tmp_path: Path, what: str
) -> None:
    Coordinator(CoordinatorSettings(home=tmp_path)).init()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        addresses = {"listen": "127.0.0.1:0", what: f"127.0.0.1:{taken.getsockname()[1]}"}
        hosting = Coordinator(CoordinatorSettings(home=tmp_path, **addresses))
        before = set(threading.enumerate())
        with pytest.raises(UsageError, match="cannot"):
            hosting.serve(lambda serving: pytest.fail("it serves"))
    threads = {thread.name.partition("_")[0] for thread in set(threading.enumerate()) - before}
    assert threads.isdisjoint({"writer", "rounds"})
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            assert not file.readlink().is_relative_to(tmp_path)
    assert hosting.status().least is None


def test_where_there_is_no_coordinator_nothing_is_made(tmp_path: Path, file: Path) -> None:
    nowhere = Coordinator(CoordinatorSettings(home=tmp_path / "nowhere"))
    for ask in (nowhere.status, nowhere.devices, nowhere.rotate_key, lambda: nowhere.publish(file)):
        with pytest.raises(UsageError, check=advises(Remedy.INIT_COORDINATOR)):
            ask()
    assert not (tmp_path / "nowhere").exists()
