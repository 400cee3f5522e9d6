"""What a coordinator makes of its members: one vote each, a way out, what they say of versions, who sends what."""

import itertools
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.device.status import status_of
from swipefl.errors import StoreError
from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.state import State
from swipefl.federation.coordinator.versions import Draft
from swipefl.federation.protocol.signing import verified_manifest
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.hosting import Coordinator as Owner
from swipefl.settings.coordinator import CoordinatorSettings
from swipefl.stopping import Stop, until
from tests.support.command import swipefl
from tests.support.coordinator import Coordinator, Device, coordinator, in_process
from tests.support.phones import Phone, aggregate, publish
from tests.support.terminal import seen, swipefl_on_terminal
from tests.support.updates import Held, header_for, parts_of, update
from tests.support.waiting import LONG_S, wait_until

BLOBS = [update(seed, norm=0.5) for seed in range(3)]
BASE = base_checkpoint().fingerprint


def publish_base(serving: Coordinator, times: int) -> None:
    """So many more versions, all of them the base: an update may name any of them."""
    for _ in range(times):
        publish(serving, 1.0)


def status(serving: Coordinator) -> dict[str, object]:
    return swipefl(serving.home, "coordinator", "status", "--json").json


def shown(serving: Coordinator, device: Device) -> dict[str, Any]:
    """What `devices` shows of it."""
    listed = swipefl(serving.home, "coordinator", "devices", "--json").json["devices"]
    return next(each for each in listed if each["id"] == device.id)


def code_of(error: pytest.ExceptionInfo[grpc.RpcError]) -> tuple[grpc.StatusCode, str]:
    return error.value.code(), error.value.details()


@pytest.mark.parametrize("order", ["up", "down", "mixed"])
def test_many_uploads_of_one_device_at_once_are_one_vote_also_over_a_crash(tmp_path: Path, order: str) -> None:
    """Each over a connection of its own, each from another version, with copies of the credential."""
    versions = list(range(1, 9))
    if order != "up":
        versions = versions[::-1] if order == "down" else random.Random(3).sample(versions, len(versions))
    with coordinator(tmp_path, "--buffer", "1000") as serving, ThreadPoolExecutor(8) as pool:
        device = serving.device()
        publish_base(serving, 7)

        def send(version: int) -> str:
            try:
                answer = device.upload(BLOBS[version % 3], base_version=version, base_fingerprint=BASE)
            except grpc.RpcError as error:
                return error.details() or ""
            return f"{answer.outcome} {answer.reason}"

        said = list(pool.map(send, versions * 2))
        assert said.count("1 ") == 1
        assert set(said) <= {"1 ", "4 already-contributed", "one-stream-at-a-time"}
        assert serving.process
        serving.process.send_signal(signal.SIGKILL)
        serving.process.wait()
        with coordinator(tmp_path, "--buffer", "1000", init=False, listen=serving.address) as again:
            assert set(pool.map(send, versions)) <= {"4 already-contributed", "one-stream-at-a-time"}
            assert status(again)["waiting"] == 1
            assert device.check_in().contributed


def test_an_update_that_comes_while_a_round_is_made_of_another_of_its_device_waits_for_the_next(tmp_path: Path) -> None:
    with drafting(tmp_path) as (serving, held):
        device, other = serving.device(), serving.device()
        publish_base(serving, 1)
        for each in (device, other):
            assert each.upload(BLOBS[0]).outcome == wire.OUTCOME_ACCEPTED
        assert held.begun.wait(LONG_S)
        answer = device.upload(BLOBS[1], base_version=2, base_fingerprint=BASE)
        assert answer.reason == "already-contributed"
        assert device.check_in().contributed
        held.go_on.set()
        serving.wait_for_version(3)
        assert not device.check_in().contributed
        answer = device.upload(BLOBS[1], base_version=2, base_fingerprint=BASE)
        assert answer.outcome == wire.OUTCOME_ACCEPTED
        with serving.state() as state:
            assert (state.versions.newest().updates, state.updates.backlog()[0]) == (2, 1)


def test_a_late_device_contributes_once_and_trains_for_nothing_until_that_is_consumed(tmp_path: Path) -> None:
    """It knows so after the one visit that sent its late update and fetched a newer version."""
    with coordinator(tmp_path / "coordinator", "--buffer", "1000") as serving, Phone(tmp_path / "d", serving) as phone:
        phone.visit()
        phone.queue(1)
        for factor in (0.5, 0.6):
            publish(serving, factor)
        done = phone.visit()
        assert (done.pushed, done.pulled, phone.member.version, phone.member.contributed) == (1, True, 3, 3)
        assert not phone.visit().pulled
        assert aggregate(serving, 0.7) == 4
        assert phone.visit().pulled
        assert (phone.member.version, phone.member.contributed) == (4, 3)
        phone.queue(2)
        assert phone.visit().pushed == 1


class HeldScore:
    """A score that is held until it is let go: so long a draft is being made."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def __call__(self, checkpoint: Checkpoint, stop: Stop) -> float:
        self.begun.set()
        assert self.go_on.wait(LONG_S)
        return 0.5


@contextmanager
def drafting(home: Path, buffer: int = 2) -> Iterator[tuple[Coordinator, HeldScore]]:
    """A coordinator whose drafts take as long as a test wants."""
    held = HeldScore()
    with in_process(home, Policy(buffer=buffer), held) as serving:
        try:
            yield serving, held
        finally:
            held.go_on.set()


def test_a_server_that_ends_scores_no_draft_to_its_end_and_its_updates_wait(tmp_path: Path) -> None:
    begun = threading.Event()

    def endless(checkpoint: Checkpoint, stop: Stop) -> float:
        begun.set()
        for _ in until(stop, itertools.count()):
            time.sleep(0.001)
        raise AssertionError

    with in_process(tmp_path, Policy(buffer=1), endless) as serving:
        assert serving.device().upload(BLOBS[0]).outcome == wire.OUTCOME_ACCEPTED
        assert begun.wait(LONG_S)
    with serving.state() as state:
        assert (state.versions.newest().number, len(state.updates.waiting())) == (1, 1)
    with in_process(tmp_path, Policy(buffer=1), lambda checkpoint, stop: 0.5, create=False) as serving:
        serving.wait_for_version(2)


@pytest.mark.parametrize("how", ["leaves", "is revoked"])
def test_who_goes_while_a_round_is_made_does_not_count_in_it(
    tmp_path: Path, how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with drafting(tmp_path) as (serving, held):
        going, *others = (serving.device() for _ in range(3))
        for device, blob in zip((going, others[0]), BLOBS, strict=False):
            assert device.upload(blob).outcome == wire.OUTCOME_ACCEPTED
        assert held.begun.wait(LONG_S)
        if how == "leaves":
            going.leave()
        else:
            assert swipefl(tmp_path, "coordinator", "devices", "--revoke", going.id).code == 0
        held.go_on.set()
        assert others[1].upload(BLOBS[2]).outcome == wire.OUTCOME_ACCEPTED
        serving.wait_for_version(2)
        with serving.state() as state:
            assert (state.versions.newest().updates, state.updates.waiting()) == (2, [])
            gone = state.sql.rows("SELECT consumed_by FROM updates WHERE device = ?", (going.id,))
            assert gone == [(0,)]
    assert "round failed" not in "".join(capfd.readouterr())


def test_a_device_leaves_and_may_say_so_again(tmp_path: Path) -> None:
    with coordinator(tmp_path, "--buffer", "2") as serving:
        device, other = serving.device(), serving.device()
        assert device.upload(BLOBS[0]).outcome == wire.OUTCOME_ACCEPTED
        for _ in range(3):
            assert device.leave() == wire.LeaveResponse()
        for call in (device.check_in, lambda: device.upload(BLOBS[1]), lambda: device.download(1)):
            with pytest.raises(grpc.RpcError) as error:
                call()
            assert code_of(error) == (grpc.StatusCode.PERMISSION_DENIED, "revoked-device")
        assert shown(serving, device).items() >= {"revoked": True, "left": True}.items()
        assert (status(serving)["devices"], status(serving)["waiting"]) == (1, 0)
        assert other.upload(BLOBS[0]).outcome == wire.OUTCOME_ACCEPTED
        with serving.state() as state:
            state.revoke(other.id)
        assert other.leave() == wire.LeaveResponse()
        assert shown(serving, other).items() >= {"revoked": True, "left": False}.items()
        for authorization in (None, f"{other.id}:00", "nobody:" + "00" * 32):
            with pytest.raises(grpc.RpcError) as error:
                Device(serving.address, authorization).leave()
            assert code_of(error) == (grpc.StatusCode.UNAUTHENTICATED, "unknown-device")


def test_what_devices_say_of_a_version_is_shown_in_sums(tmp_path: Path) -> None:
    with coordinator(tmp_path, "--buffer", "1000") as serving:
        publish_base(serving, 2)
        late = serving.device()
        publish_base(serving, 1)
        honest = [serving.device() for _ in range(3)]
        lies = [
            wire.Judged(version=4, swipes=401, right_before=1, right_now=1),
            wire.Judged(version=4, swipes=10, right_before=11, right_now=1),
            wire.Judged(version=4, swipes=2**32 - 1, right_before=2**32 - 1, right_now=2**32 - 1),
            wire.Judged(version=2, swipes=100, right_before=1, right_now=1),  # older than it
            wire.Judged(version=5, swipes=100, right_before=1, right_now=1),
            wire.Judged(version=2**64 - 1, swipes=100, right_before=1, right_now=1),
            wire.Judged(),
        ]
        for lie in lies:
            assert late.check_in(lie).newest.manifest
        for device in honest[:2]:
            device.check_in(wire.Judged(version=4, swipes=50, right_before=40, right_now=41))
        for _ in range(5):  # one that says it again, and more
            honest[0].check_in(wire.Judged(version=4, swipes=400, right_before=0, right_now=400))
        asked_at = time.time()
        honest[0].check_in()
        wait_until(lambda: shown(serving, honest[0])["seen_at"] >= asked_at, "what was said is not written down")
        assert [version["judged"] for version in status(serving)["versions"]] == [None] * 4
        assert serving.metric('swipefl_judged_devices{version="4"}') == 0
        honest[2].check_in(wire.Judged(version=4, swipes=20, right_before=10, right_now=15))
        name = 'swipefl_judged_right{model="now",version="4"}'
        wait_until(lambda: serving.metric(name) == 97)
        sums = {"devices": 3, "swipes": 120, "right_before": 90, "right_now": 97}
        assert [version["judged"] for version in status(serving)["versions"]] == [None, None, None, sums]
        late.check_in(wire.Judged(version=4, swipes=400, right_before=0, right_now=400))
    with coordinator(tmp_path, init=False) as again:  # the end wrote down what there was, and no sum of one
        assert again.metric(name) == 97
        text = swipefl_on_terminal(tmp_path, "coordinator", "status", columns=120).out
        assert "version 4 on 3 devices: the first word is right for 97 of 120 swipes, before it for 90" in text


def test_who_sends_what_is_counted_also_where_a_stream_is_refused(tmp_path: Path) -> None:
    with coordinator(tmp_path, "--buffer", "1000") as serving:
        token = swipefl(tmp_path, "coordinator", "token", "--name", "[b]Ada's phone[/b]", "--json").json["tokens"][0]
        enrolled = swipefl(tmp_path / "ada", "enroll", serving.address, "--token", token, "--json").json["device_id"]
        publish_base(serving, 1)
        device, parts = serving.device(), parts_of(header_for(BLOBS[0], base_version=2), BLOBS[0])
        for broken in ([], parts[1:], parts[:-1], [parts[0], *parts]):
            with pytest.raises(grpc.RpcError):
                device.send(*broken)
        assert device.upload(BLOBS[0], base_version=1).outcome == wire.OUTCOME_STALE
        assert device.upload(BLOBS[0], base_version=2, sha256=b"no").reason == "damaged"
        header = {"base_version": 2, "base_fingerprint": BASE, "update_id": "once"}
        assert device.upload(BLOBS[0], **header).outcome == wire.OUTCOME_ACCEPTED
        assert device.upload(BLOBS[0], **header).outcome == wire.OUTCOME_DUPLICATE
        assert device.upload(BLOBS[0], **header | {"update_id": "again"}).reason == "already-contributed"
        wait_until(lambda: shown(serving, device)["taken"] == 1, "no count while it serves")
    seen_of = shown(serving, device)
    assert (seen_of["taken"], seen_of["refused"], seen_of["stale"]) == (1, 5, 1)  # what was cut short is no fault
    assert (seen_of["revoked"], seen_of["left"], seen_of["name"]) == (False, False, "")
    listed = swipefl(tmp_path, "coordinator", "devices", "--json").json["devices"]
    assert {each["id"]: each["name"] for each in listed} == {device.id: "", enrolled: "[b]Ada's phone[/b]"}
    for columns in (80, 120):
        lines = seen(swipefl_on_terminal(tmp_path, "coordinator", "devices", columns=columns).out)
        assert max(map(len, lines)) <= columns
        assert set(" ".join(lines).split()) >= {device.id, enrolled}
    assert "[b]Ada's phone[/b]" in "\n".join(lines)
    assert f"as device {enrolled}" in "".join(seen(swipefl_on_terminal(tmp_path / "ada", "status", columns=200).out))


@pytest.mark.parametrize("fault", ["cut-short", "too-slow", "one-stream-at-a-time"])
def test_a_device_on_a_bad_network_is_not_counted_as_one_that_sends_what_is_refused(tmp_path: Path, fault: str) -> None:
    limits = Limits(stream_s=0.4) if fault == "too-slow" else Limits()
    with in_process(tmp_path, Policy(limits=limits)) as serving, ThreadPoolExecutor() as pool:
        device, whole = serving.device(), parts_of(header_for(BLOBS[0]), BLOBS[0])
        held = Held(whole)
        first = pool.submit(device.stream, held) if fault != "cut-short" else None
        if fault == "one-stream-at-a-time":
            serving.reads(held)
        with pytest.raises(grpc.RpcError) as error:
            first.result() if first and fault == "too-slow" else device.send(*whole[:-1])
        held.let_go()
        assert code_of(error)[1] == fault
        if first:
            wait([first])
        with pytest.raises(grpc.RpcError) as error:
            device.send(*whole[1:])
        assert code_of(error)[1] == "no-header"  # and no stream too many: the one before is over
    with State(tmp_path / "coordinator.db") as state:
        (known,) = [each for each in state.devices.page(100).devices if each.id == device.id]
    assert known.refused == 1, "only what was no update"


def test_a_check_in_mixes_no_keys_and_no_versions(tmp_path: Path) -> None:
    with coordinator(tmp_path, "--buffer", "1000") as serving, serving.device().stub() as stub:
        device, done = serving.device(), threading.Event()

        def rotate() -> None:
            with serving.state() as state:
                while not done.wait(0.002):
                    state.keys.rotate()

        rotating = threading.Thread(target=rotate)
        rotating.start()
        try:
            for _ in range(100):
                asked = stub.CheckIn(wire.CheckInRequest(), metadata=device.metadata, timeout=LONG_S)
                assert verified_manifest(asked.newest, asked.keys.public_key).version == 1
                links = [link.new_public_key for link in asked.keys.successions]
                assert not links or links[-1] == asked.keys.public_key
        finally:
            done.set()
            rotating.join()


def test_an_owner_beside_a_server_prunes_as_that_does(tmp_path: Path) -> None:
    with coordinator(tmp_path, "--max-staleness", "30") as serving:
        file = tmp_path / "model.safetensors"
        file.write_bytes(base_checkpoint().to_bytes(half=True))
        owner = Owner(CoordinatorSettings(home=serving.home))
        for _ in range(32):
            owner.publish(file)
        assert owner.rollback(4).version == 34
        kept = [version.version for version in owner.status().versions if version.bytes is not None]
        assert kept == list(range(4, 35))


@pytest.mark.parametrize(
    ("flags", "least", "warns"),
    [
        ((), 10, False),
        (("--buffer", "3"), 3, False),
        (("--least", "2"), 2, True),
        (("--buffer", "1"), 1, True),
    ],
)
def test_a_version_of_few_is_warned_of_and_its_number_shown(
    tmp_path: Path, flags: tuple[str, ...], least: int, warns: bool
) -> None:
    with coordinator(tmp_path, *flags) as serving:
        assert ("tells everybody what is in one" in serving.log()) is warns
        assert status(serving)["least"] == least
        text = swipefl_on_terminal(tmp_path, "coordinator", "status", columns=120).out
        assert f"takes updates of {least} devices" in text
        if least == 1:
            assert serving.device().upload(BLOBS[0]).outcome == wire.OUTCOME_ACCEPTED
            serving.wait_for_version(2)
            assert status(serving)["versions"][1]["updates"] == 1
            wait_until(lambda: "new version" in serving.log())
            (line,) = [line for line in serving.log().splitlines() if "new version" in line]
            assert "warning" in line


def test_a_version_that_was_kept_shows_both_scores(tmp_path: Path) -> None:
    scores = iter([0.83, 0.812])
    with in_process(tmp_path, Policy(buffer=1), lambda checkpoint, stop: next(scores)) as serving:
        assert serving.device().upload(BLOBS[0]).outcome == wire.OUTCOME_ACCEPTED
        serving.wait_for_version(2)
    first, second = status(serving)["versions"]
    assert (first["made_by"], first["top1"], first["candidate_top1"]) == ("published", None, None)
    assert (second["made_by"], second["top1"], second["candidate_top1"]) == ("kept", 0.83, 0.812)
    text = swipefl_on_terminal(tmp_path, "coordinator", "status", columns=120).out
    assert "version 2 was kept: the candidate had 81.2%, this one has 83.0% of the holdout" in text


def test_a_version_in_place_of_one_that_no_device_takes_says_so(tmp_path: Path) -> None:
    assert swipefl(tmp_path, "coordinator", "init").code == 0
    with Owner(CoordinatorSettings(home=tmp_path))._state() as state:
        state.publish(Draft(state.versions.master(), "kept"))
    text = swipefl_on_terminal(tmp_path, "coordinator", "status", columns=120).out
    assert "version 2 was kept: the candidate's weights were out of range, no device would take them" in text


@pytest.mark.parametrize("broken", [OverflowError, MemoryError, StoreError("no-store", "the disk is gone")])
def test_a_round_that_breaks_ends_no_server_and_is_tried_again(
    tmp_path: Path, broken: type[Exception] | Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[str] = []

    def score(checkpoint: Checkpoint, stop: Stop) -> float:
        tried.append(checkpoint.fingerprint)
        if len(tried) <= 2:
            raise broken
        return 0.5

    with in_process(tmp_path, Policy(buffer=1), score) as serving:
        device = serving.device()
        assert device.upload(BLOBS[0]).outcome == wire.OUTCOME_ACCEPTED
        wait_until(lambda: tried)
        device.check_in()
        serving.wait_for_version(2)
    logged = capsys.readouterr().out
    if isinstance(broken, StoreError):
        assert "the disk is gone" in logged
    else:
        assert "a bug" in logged
        assert "test_members.py" in logged


def test_tokens_of_several_devices_are_numbered(tmp_path: Path) -> None:
    assert swipefl(tmp_path, "coordinator", "init").code == 0
    hosting = Owner(CoordinatorSettings(home=tmp_path))
    done = swipefl(tmp_path, "coordinator", "token", "--count", "3", "--name", "tablet", "--json")
    assert len(done.json["tokens"]) == 3
    with hosting._state() as state:
        names = state.sql.rows("SELECT name FROM tokens ORDER BY name")
    assert names == [("tablet-1",), ("tablet-2",), ("tablet-3",)]
    for name in ("x" * 65, "a\nb"):
        done = swipefl(tmp_path, "coordinator", "token", "--name", name)
        assert (done.code, done.out, "64 characters" in done.err) == (2, "", True)


def test_both_ends_show_the_same_fingerprint_of_a_version(tmp_path: Path) -> None:
    """Of the base, of other weights, and of weights that were there before."""
    with (
        in_process(tmp_path / "coordinator", Policy(buffer=10**9)) as serving,
        Phone(tmp_path / "phone", serving) as it,
    ):
        before = status_of(it.store).federation
        assert before
        assert before.fingerprint == ""
        for factor in (None, 0.9, 0.8, 0.9):
            if factor:
                publish(serving, factor)
            it.visit()
            with serving.state() as state:
                newest = state.versions.newest()
            known = status_of(it.store).federation
            assert known
            assert (known.version, known.fingerprint) == (newest.number, newest.fingerprint)
    short = f"version {newest.number} ({newest.fingerprint[:12]})"
    assert short in swipefl_on_terminal(tmp_path / "phone", "status", columns=200).out
    assert newest.fingerprint[:12] in swipefl(tmp_path / "coordinator", "coordinator", "status").out
