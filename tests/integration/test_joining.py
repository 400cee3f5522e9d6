"""Joining and leaving a federation: what a person is told and asked, and that nothing of before or after goes out."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from swipefl.cli.enroll import SHARED
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import CoordinatorUnreachable, CredentialRefused, Interrupted, UsageError
from swipefl.federation.device import client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.leaving import LEAVE_S, PENDING, Left, leave
from swipefl.home import Home
from swipefl.settings.device import Settings
from swipefl.stopping import Stop
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support.command import SHORT, Done, environment, swipefl
from tests.support.coordinator import Coordinator
from tests.support.cycles import MEMBER, joins_nobody
from tests.support.phones import Phone
from tests.support.proxy import proxied
from tests.support.swipes import GOOD
from tests.support.terminal import swipefl_on_terminal
from tests.support.updates import update

QUESTION = "[y/N]"


def says_what_is_shared(done: Done, address: str) -> bool:
    said = " ".join((done.out + done.err).split())
    return all(sentence.format(address=address) in said for sentence in SHARED)


def devices(serving: Coordinator) -> list[str]:
    with serving.state() as state:
        return [device.id for device in state.devices.page(100).devices]


def waiting_of(serving: Coordinator, device: str) -> list[str]:
    """The ids of the updates of a device that may go into a version."""
    with closing(sqlite3.connect(serving.home / "coordinator.db")) as database:
        query = "SELECT id FROM updates WHERE device = ? AND blob IS NOT NULL"
        return [id for (id,) in database.execute(query, (device,))]


def is_member(home: Path) -> bool:
    return bool(swipefl(home, "status", "--json").json["federation"])


def test_who_runs_a_script_is_told_and_not_asked(quiet: Coordinator, tmp_path: Path) -> None:
    done = swipefl(tmp_path, "enroll", quiet.address, "--token", quiet.token(), "--json")
    assert (done.code, list(done.json)) == (0, ["address", "device_id"])
    assert says_what_is_shared(done, quiet.address)
    assert len(done.err.splitlines()) == len(SHARED) == 3
    assert QUESTION not in done.err


@pytest.mark.parametrize(("typed", "joins"), [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False)])
def test_who_is_at_a_terminal_is_asked(quiet: Coordinator, tmp_path: Path, typed: str, joins: bool) -> None:
    before, token = len(devices(quiet)), quiet.token()
    done = swipefl_on_terminal(tmp_path, "enroll", quiet.address, "--token", token, columns=200, typed=typed)
    assert done.code == 0
    assert done.out.count(QUESTION) == 1
    assert says_what_is_shared(done, quiet.address)
    assert done.out.index("swipefl leave") < done.out.index(QUESTION)
    assert is_member(tmp_path) is joins
    assert len(devices(quiet)) == before + joins, "a no uses no token"


def test_a_flag_answers_the_question_and_json_stays_one_object(quiet: Coordinator, tmp_path: Path) -> None:
    command = ("enroll", quiet.address, "--token", quiet.token(), "--json")
    asked = swipefl_on_terminal(tmp_path, *command, piped="out", typed="n\n")
    assert asked.json == {"address": quiet.address, "device_id": None}
    assert QUESTION in asked.err
    done = swipefl_on_terminal(tmp_path, *command, "--yes", piped="out")
    assert done.json["device_id"]
    assert QUESTION not in done.err
    assert says_what_is_shared(done, quiet.address)


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", "True"), ("n\n", "False")])
def test_who_pipes_something_in_is_asked_at_the_terminal(tmp_path: Path, typed: str, agreed: str) -> None:
    """Only where the command reads it; a script whose input is a pipe for another reason is asked nothing."""
    code = (
        "import sys; from swipefl.cli.asking import agrees, asks; taken = sys.argv[1] == 'taken'; "
        "print(not asks(False, taken) or agrees('Join?', taken))"
    )
    taken, other = (
        swipefl_on_terminal(tmp_path, kind, given=b"y\n", typed=typed, piped="out", run=("-c", code))
        for kind in ("taken", "other")
    )
    assert (taken.out.strip(), QUESTION in taken.err) == (agreed, True)
    assert (other.out.strip(), QUESTION in other.err) == ("True", False)


def test_nothing_made_before_joining_is_ever_sent(quiet: Coordinator, tmp_path: Path) -> None:
    """Neither for nobody, as earlier versions made it, nor for a federation that was forgotten by other means."""
    swipefl(tmp_path, "ingest", "-", given=b"".join(GOOD[:60]))
    base = base_checkpoint().fingerprint
    with Store(tmp_path / "swipefl.db") as store:
        earlier = QueuedUpdate("earlier", base, 1.0, 9, update(), False, store.gestures.fingerprint(), None, b"left")
        store.outbox.queue(replace(earlier, id="sent", attempted=True, version=1))
        store.outbox.queue(earlier)
    joined = swipefl(tmp_path, "enroll", quiet.address, "--token", quiet.token(), "--json").json
    status = swipefl(tmp_path, "status", "--json").json
    assert (status["outbox"], status["federation"]["device_id"]) == ([], joined["device_id"])
    with Store(tmp_path / "swipefl.db") as store:
        member = store.memberships.get()
        assert member
        assert (member.residual, store.meta.get(PENDING)) == (b"", None)
    assert swipefl(tmp_path, "sync", "--json").json["pushed"] == 0
    (report,) = swipefl(tmp_path, "cycle", "--json", **SHORT).json["rounds"]
    assert report["push"] == "sent"
    assert waiting_of(quiet, joined["device_id"]) == [report["update_id"]]


def test_who_leaves_is_no_device_of_the_coordinator_any_more(quiet: Coordinator, tmp_path: Path) -> None:
    with Phone(tmp_path, quiet) as phone:
        phone.visit()
        phone.queue(1)
        assert phone.visit().pushed == 1
        phone.queue(2)
        member = phone.member
        assert member.residual
    assert len(waiting_of(quiet, member.device_id)) == 1
    assert swipefl(tmp_path, "leave", "--json").json == {
        "left": quiet.address,
        "told": True,
        "why": None,
        "was_node": False,
    }
    with quiet.state() as state:
        device = state.devices.get(member.device_id)
        assert device
        assert device.revoked
    assert waiting_of(quiet, member.device_id) == []
    status = swipefl(tmp_path, "status", "--json").json
    assert (status["federation"], status["outbox"]) == (None, [])
    assert [each["kind"] for each in status["checkpoints"]] == ["global"], "models stay"
    assert swipefl(tmp_path, "leave", "--json").json == {"left": None, "told": False, "why": None, "was_node": False}


def test_a_device_leaves_also_where_nobody_answers(quiet: Coordinator, tmp_path: Path) -> None:
    """Away, mute, another service, and one whose files are gone."""
    with proxied(quiet.address) as proxy:
        proxy.mute_after = 0
        addresses = {"away": "127.0.0.1:1", "mute": proxy.address, "another": quiet.metrics_url.split("/")[2]}
        for name, address in addresses.items():
            with Phone(tmp_path / name, quiet, address):
                pass
            done = swipefl(tmp_path / name, "leave", "--json")
            assert (done.code, done.json["left"], done.json["told"]) == (0, address, False)
            assert done.json["why"]
            assert not is_member(tmp_path / name)
    with Phone(tmp_path / "files", quiet):
        pass
    gone = {"SWIPEFL_CLIENT_CERTIFICATE": str(tmp_path / "none.pem"), "SWIPEFL_CLIENT_KEY": str(tmp_path / "none.pem")}
    assert swipefl(tmp_path / "files", "leave", "--json", **gone).json["told"] is False
    assert not is_member(tmp_path / "files")


def test_who_leaves_gives_nobody_the_time_of_a_visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines: list[float] = []

    def connect(endpoint: Endpoint, authorization: str, deadline_s: float, stop: Stop, run: str) -> Answers:
        deadlines.append(deadline_s)
        return Answers(CoordinatorUnreachable("no-answer", ""))

    joins_nobody(tmp_path)
    monkeypatch.setattr(client, "Client", connect)
    settings = Settings(home=tmp_path)
    assert Home(settings).visits().leave() == Left(MEMBER.address, False, "no-answer")
    assert deadlines == [LEAVE_S]
    assert settings.sync_deadline_s / 10 > LEAVE_S


@pytest.mark.parametrize("known", [True, False])
def test_a_person_reads_whether_the_coordinator_knows(quiet: Coordinator, tmp_path: Path, known: bool) -> None:
    with Phone(tmp_path, quiet) as phone:
        if not known:
            phone.store.memberships.set(replace(phone.member, credential=b"?" * 32))
    said = swipefl_on_terminal(tmp_path, "leave").out
    assert ("which was told" in said) is known
    assert ("did not know this device any more" in said) is not known
    assert "belongs to no federation" in swipefl_on_terminal(tmp_path, "leave").out


def test_who_was_told_and_then_killed_leaves_with_the_next_try(quiet: Coordinator, tmp_path: Path) -> None:
    with Phone(tmp_path, quiet) as phone:
        with phone.client() as client:
            client.leave()
        assert phone.member  # killed before that was forgotten
    done = swipefl(tmp_path, "leave", "--json")
    assert (done.code, done.json["told"]) == (0, True)
    assert not is_member(tmp_path)


class Answers:
    """A client whose coordinator answers a device that leaves with an error, if any."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def __enter__(self) -> "Answers":
        return self

    def __exit__(self, *raised: object) -> None:
        pass

    def leave(self) -> None:
        if self.error:
            raise self.error


def connecting(error: Exception) -> Callable[[Any], Any]:
    def connect(member: object) -> Any:
        raise error

    return connect


@pytest.mark.parametrize(
    ("connect", "why"),
    [
        (lambda member: Answers(None), None),
        (lambda member: Answers(CoordinatorUnreachable("no-answer", "")), "no-answer"),
        (lambda member: Answers(CredentialRefused("revoked", "")), "unknown-device"),
        (lambda member: Answers(UsageError("not-a-coordinator", "")), "not-a-coordinator"),
        (connecting(UsageError("unreadable", "")), "unreadable"),
    ],
)
def test_whatever_the_coordinator_says_nothing_of_it_is_left(store: Store, connect: Any, why: str | None) -> None:
    store.memberships.set(replace(MEMBER, residual=b"left over"))
    store.outbox.queue(QueuedUpdate("id", "base", 0.0, 1, b"", True, "data", 1, b"left over"))
    store.meta.set(PENDING, "an enrolment that was begun")
    assert leave(store, connect) == Left(MEMBER.address, why is None, why)
    assert (store.memberships.get(), store.outbox.waiting(), store.meta.get(PENDING)) == (None, [], None)


def test_who_stops_while_the_coordinator_is_told_has_not_left(store: Store) -> None:
    store.memberships.set(MEMBER)
    with pytest.raises(Interrupted):
        leave(store, lambda member: Answers(Interrupted(2)))  # type: ignore[arg-type, return-value]
    assert store.memberships.get() == MEMBER


def test_where_there_is_none_to_leave_no_network_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom swipefl.cli.app import app\n"
        "try: app(['leave', '--json'])\nexcept SystemExit: pass\n"
        "assert not {'grpc', 'torch'} & {*sys.modules}"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, check=True)
    assert json.loads(done.stdout)["left"] is None


def test_a_held_home_is_not_left_and_nobody_told(tmp_path: Path, quiet: Coordinator) -> None:
    """Else a night that runs would send what it makes to one who was told that nothing comes any more."""
    from swipefl.database.lock import hold

    with Phone(tmp_path, quiet) as phone:
        device = phone.member.device_id
    with hold(tmp_path):
        assert swipefl(tmp_path, "leave").code == 8
    with quiet.state() as state:
        known = state.devices.get(device)
        assert known
        assert not known.revoked
    assert is_member(tmp_path)


def test_joining_again_begins_with_nothing(quiet: Coordinator, tmp_path: Path) -> None:
    joins_nobody(tmp_path)
    with Store(tmp_path / "swipefl.db") as store:
        member = store.memberships.get()
        assert member
        store.memberships.set(replace(member, residual=b"left over", contributed=7, version=7))
    refused = swipefl(tmp_path, "enroll", quiet.address, "--token", quiet.token())
    assert (refused.code, "swipefl leave" in refused.err) == (2, True)
    swipefl(tmp_path, "leave")
    assert swipefl(tmp_path, "enroll", quiet.address, "--token", quiet.token()).code == 0
    with Phone(tmp_path, None) as phone:
        assert (phone.member.residual, phone.member.contributed, phone.member.version) == (b"", 0, 0)
