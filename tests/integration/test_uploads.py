"""What a coordinator takes from a device, what it refuses, and in which words."""

import hashlib
import secrets
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import grpc
import numpy as np
import pytest
from safetensors.numpy import load, save

from swipefl.errors import StoreBusy, StoreError
from swipefl.federation.coordinator import writer
from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.coordinator import Coordinator, coordinator, in_process
from tests.support.updates import Held, header_for, parts_of, update

Code = grpc.StatusCode


@pytest.fixture(scope="module")
def blob() -> bytes:
    return update()


def refused(collecting: Coordinator, blob: bytes, **header: object) -> str:
    answer = collecting.device().upload(blob, **header)
    assert answer.outcome == wire.OUTCOME_REFUSED
    return answer.reason


def code_of(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value.code(), error.value.details()


def test_an_update_is_taken_once(collecting: Coordinator, blob: bytes) -> None:
    device, first = collecting.device(), {"update_id": secrets.token_hex(16)}
    assert device.upload(blob, **first).outcome == wire.OUTCOME_ACCEPTED
    with collecting.state() as state:
        assert state.updates.is_known(device.id, first["update_id"])  # durable when it is acknowledged
    assert device.upload(blob, **first).outcome == wire.OUTCOME_DUPLICATE
    again = device.upload(blob)
    assert (again.outcome, again.reason) == (wire.OUTCOME_REFUSED, "already-contributed")
    with device.stub() as stub:
        answer = stub.CheckIn(wire.CheckInRequest(version=1), metadata=device.metadata)
        assert (answer.contributed, answer.retry_after_s, answer.plan.max_norm) == (True, 0.0, 4.0)
        other = collecting.device()
        assert not stub.CheckIn(wire.CheckInRequest(version=1), metadata=other.metadata).contributed
    assert other.upload(blob, **first).outcome == wire.OUTCOME_ACCEPTED  # an id is one device's own


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"update_id": ""}, "bad-update-id"),
        ({"update_id": "x" * 65}, "bad-update-id"),
        ({"update_id": "a\nlevel=info"}, "bad-update-id"),
        ({"base_version": 0}, "unknown-version"),
        ({"base_version": 99}, "unknown-version"),
        ({"base_version": 2**64 - 1}, "unknown-version"),
        ({"base_fingerprint": "0" * 64}, "wrong-fingerprint"),
        ({"examples": 0}, "implausible-examples"),
        ({"examples": 100_001}, "implausible-examples"),
        ({"size_bytes": 2**40}, "too-large"),
        ({"sha256": b"no"}, "damaged"),
    ],
)
def test_a_header_that_cannot_be_is_refused(
    collecting: Coordinator, blob: bytes, header: dict[str, object], reason: str
) -> None:
    assert refused(collecting, blob, **header) == reason
    assert collecting.metric(f'swipefl_updates_total{{outcome="refused",reason="{reason}"}}') >= 1


def test_bytes_that_are_no_update_of_the_model_are_refused(collecting: Coordinator, blob: bytes) -> None:
    tensors = load(blob)
    first = next(name for name in tensors if name.endswith(".int8"))
    scale = first.replace(".int8", ".scale")
    wrong = {
        "missing-tensor": {name: array for name, array in tensors.items() if name != first},
        "extra-tensor": {**tensors, "more": np.zeros(1, np.int8)},
        "wrong-dtype": {**tensors, first: tensors[first].astype(np.uint8)},
        "wrong-shape": {**tensors, first: tensors[first][:-1]},
        "not-finite": {**tensors, scale: np.full_like(tensors[scale], np.nan)},
    }
    for reason, changed in wrong.items():
        assert refused(collecting, save(changed)) == reason
    assert refused(collecting, b"\0" * 1000) == "damaged"
    assert refused(collecting, update(norm=4.01)) == "norm-too-large"
    assert collecting.device().upload(update(norm=2.0)).outcome == wire.OUTCOME_ACCEPTED


def test_a_broken_protocol_ends_the_call(collecting: Coordinator, blob: bytes) -> None:
    device, parts = collecting.device(), parts_of(header_for(blob), blob)
    assert code_of(lambda: device.send()) == (Code.INVALID_ARGUMENT, "no-header")
    assert code_of(lambda: device.send(*parts[1:])) == (Code.INVALID_ARGUMENT, "no-header")
    assert code_of(lambda: device.send(parts[0], *parts)) == (Code.INVALID_ARGUMENT, "no-data")
    more = parts_of(header_for(blob, size_bytes=1000), blob)
    assert code_of(lambda: device.send(*more)) == (Code.RESOURCE_EXHAUSTED, "more-than-declared")
    large = wire.UploadUpdateRequest(data=bytes(2**21))
    assert code_of(lambda: device.send(parts[0], large))[0] == Code.RESOURCE_EXHAUSTED
    assert code_of(lambda: device.send(*parts[:-1])) == (Code.ABORTED, "cut-short")
    assert device.send(*parts).outcome == wire.OUTCOME_ACCEPTED


def test_what_is_small_on_the_wire_may_not_become_large(collecting: Coordinator) -> None:
    assert collecting.process
    before = collecting.peak_mb()
    with collecting.device().stub() as stub:
        request = wire.EnrollRequest(token=bytes(100_000_000), credential=bytes(32))
        assert code_of(lambda: stub.Enroll(request, compression=grpc.Compression.Gzip))[0] == Code.UNIMPLEMENTED
    assert collecting.peak_mb() < before + 10


def test_the_wrong_credential_is_told_nothing_more(collecting: Coordinator, blob: bytes) -> None:
    device = collecting.device()
    assert device.authorization
    for authorization in (None, "", ":", "nobody:" + "0" * 64, f"{device.id}:", device.authorization[:-2] + "zz"):
        other = type(device)(device.address, authorization)
        assert code_of(lambda device=other: device.upload(blob)) == (Code.UNAUTHENTICATED, "unknown-device")
        assert code_of(lambda device=other: device.download(1)) == (Code.UNAUTHENTICATED, "unknown-device")
    with collecting.state() as state:
        state.revoke(device.id)
    assert code_of(lambda: device.upload(blob)) == (Code.PERMISSION_DENIED, "revoked-device")


def test_a_checkpoint_is_downloaded_from_any_offset(collecting: Coordinator) -> None:
    device = collecting.device()
    with device.stub() as stub:
        signed = stub.CheckIn(wire.CheckInRequest(), metadata=device.metadata).newest
    manifest = wire.Manifest.FromString(signed.manifest)
    whole = device.download(1)
    assert (len(whole), hashlib.sha256(whole).digest()) == (manifest.size_bytes, manifest.sha256)
    for offset in (1, 300_000, len(whole) - 1, len(whole), 2**63):
        assert device.download(1, offset) == whole[offset:]
    for version in (0, 2, 2**64 - 1):
        assert code_of(lambda version=version: device.download(version)) == (Code.NOT_FOUND, "unknown-version")


def test_a_token_gives_the_same_answer_to_the_same_device(collecting: Coordinator) -> None:
    with collecting.state() as state, collecting.device().stub() as stub:
        used, old = state.devices.new_token(60), state.devices.new_token(-1)
        request = wire.EnrollRequest(token=used.secret, credential=secrets.token_bytes(32))
        assert stub.Enroll(request) == stub.Enroll(request)
        other = wire.EnrollRequest(token=used.secret, credential=secrets.token_bytes(32))
        assert code_of(lambda: stub.Enroll(other)) == (Code.PERMISSION_DENIED, "wrong-token")
        expired = wire.EnrollRequest(token=old.secret, credential=bytes(32))
        assert code_of(lambda: stub.Enroll(expired)) == (Code.PERMISSION_DENIED, "wrong-token")
        short = wire.EnrollRequest(token=used.secret, credential=b"short")
        assert code_of(lambda: stub.Enroll(short))[0] == Code.INVALID_ARGUMENT


def test_nobody_may_have_too_much(tmp_path: Path, blob: bytes) -> None:
    limits = Limits(calls_a_minute=6, upload_bytes_a_day=3 * len(blob) // 2, wrong_tokens_a_minute=2)
    with in_process(tmp_path, Policy(limits=limits)) as serving:
        greedy, busy, other = (serving.device() for _ in range(3))
        assert greedy.upload(blob, sha256=b"no").reason == "damaged"
        assert code_of(lambda: greedy.upload(blob)) == (Code.RESOURCE_EXHAUSTED, "daily-quota")
        for _ in range(6):
            busy.download(1, 10**9)
        assert code_of(lambda: busy.download(1)) == (Code.RESOURCE_EXHAUSTED, "too-often")
        with busy.stub() as stub:
            guess = wire.EnrollRequest(token=bytes(16), credential=bytes(32))
            codes = [code_of(lambda: stub.Enroll(guess))[1] for _ in range(3)]
        assert codes == ["wrong-token", "wrong-token", "too-many-wrong-tokens"]
        parts = Held(parts_of(header_for(blob), blob))
        with ThreadPoolExecutor() as pool:
            first = pool.submit(other.stream, parts)
            serving.reads(parts)
            assert code_of(lambda: other.download(1)) == (Code.RESOURCE_EXHAUSTED, "one-stream-at-a-time")
            parts.let_go()
            assert first.result().outcome == wire.OUTCOME_ACCEPTED


def test_who_streams_slowly_is_ended(tmp_path: Path, blob: bytes) -> None:
    with in_process(tmp_path, Policy(limits=Limits(stream_s=0.4))) as serving, ThreadPoolExecutor() as pool:
        parts = Held(parts_of(header_for(blob), blob))
        slow = pool.submit(code_of, lambda: serving.device().stream(parts))
        assert slow.result() == (Code.DEADLINE_EXCEEDED, "too-slow")
        parts.let_go()


def test_a_device_is_told_whether_to_try_again_and_nothing_else(
    tmp_path: Path, blob: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_process(tmp_path, Policy()) as serving:
        device = serving.device()
        for error, told in (
            (StoreError("disk-full", "/a/path is full"), (Code.UNAVAILABLE, "store")),
            (StoreBusy("locked", "/a/path is locked"), (Code.UNAVAILABLE, "store")),
            (KeyError("secret"), (Code.INTERNAL, "bug")),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(writer, "admit", Mock(side_effect=error))
                assert code_of(lambda: device.upload(blob)) == told
        assert device.upload(blob).outcome == wire.OUTCOME_ACCEPTED


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, blob: bytes) -> None:
    with coordinator(tmp_path, "--buffer", "1000") as serving:
        devices = [serving.device() for _ in range(12)]
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda device: device.upload(blob).outcome, devices))
        assert serving.process
        serving.process.send_signal(signal.SIGKILL)
        serving.process.wait()
    assert answers == [wire.OUTCOME_ACCEPTED] * 12
    with serving.state() as state:
        assert [state.updates.contributed(device.id, 1) for device in devices] == [True] * 12
        assert [state.updates.blob(update) for update in state.updates.waiting()] == [blob] * 12
