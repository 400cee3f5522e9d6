"""Callers with no right to call, or who call too often or for what never was: refused with a reason, and counted."""

import secrets
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

from swipefl.errors import CredentialRefused
from swipefl.federation.protocol.token import Token
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceStub
from tests.support.attacks import costs_one_client, raw_stub, refused_call
from tests.support.command import swipefl
from tests.support.coordinator import Coordinator, Device
from tests.support.updates import header_for, update
from tests.support.waiting import LONG_S


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer :",
        "Bearer nobody:" + "00" * 32,
        "Bearer " + "x" * 4000,
        "Bearer ' OR 1=1 --:00",
        "Bearer a:" + "0" * 63,
        "Bearer 1:" * 100,
    ],
)
def test_who_is_no_device_is_refused(impatient: Coordinator, authorization: str | None) -> None:
    metadata = [("authorization", authorization)] if authorization is not None else []
    channel, stub = raw_stub(impatient.address)
    with (
        channel,
        costs_one_client(impatient, refused_call("unknown-device")),
        pytest.raises(grpc.RpcError, match="unknown-device") as error,
    ):
        stub.CheckIn(wire.CheckInRequest(), metadata=metadata, timeout=LONG_S)
    assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_each_call_is_counted_by_how_it_ended(impatient: Coordinator) -> None:
    """An alert asks for what is the coordinator's fault: no stranger's call may look like it."""
    member = [("authorization", impatient.device().authorization or "")]
    none = wire.UploadUpdateRequest()
    calls = {
        ("CheckIn", "UNAUTHENTICATED"): lambda stub: stub.CheckIn(wire.CheckInRequest()),
        ("Enroll", "PERMISSION_DENIED"): lambda stub: stub.Enroll(
            wire.EnrollRequest(token=b"0" * 16, credential=b"0" * 32)
        ),
        ("UploadUpdate", "INVALID_ARGUMENT"): lambda stub: stub.UploadUpdate(iter([none]), metadata=member),
        ("DownloadCheckpoint", "NOT_FOUND"): lambda stub: list(
            stub.DownloadCheckpoint(wire.DownloadCheckpointRequest(version=77), metadata=member)
        ),
        ("CheckIn", "OK"): lambda stub: stub.CheckIn(wire.CheckInRequest(), metadata=member),
    }
    channel, stub = raw_stub(impatient.address)
    with channel:
        for (method, code), call in calls.items():
            counted = f'swipefl_request_duration_seconds_count{{code="{code}",method="{method}"}}'
            with costs_one_client(impatient, counted), suppress(grpc.RpcError):
                call(stub)


def test_a_credential_of_another_device_is_refused(impatient: Coordinator) -> None:
    one, other = (impatient.device().authorization or "" for _ in range(2))
    stolen = f"{one.partition(':')[0]}:{other.partition(':')[2]}"
    with (
        costs_one_client(impatient, refused_call("unknown-device")),
        Device(impatient.address, stolen).client() as client,
        pytest.raises(CredentialRefused, match="unknown-device"),
    ):
        client.check_in(1, "")


def test_a_revoked_device_gets_nothing(impatient: Coordinator) -> None:
    device = impatient.device()
    with impatient.state() as state:
        state.revoke((device.authorization or "").partition(":")[0])
    with costs_one_client(impatient, refused_call("revoked-device")), device.client() as client:
        for call in (
            lambda: client.check_in(1, ""),
            lambda: client.download(1, lambda: 0, lambda data: None),
            lambda: client.upload(header_for(update()), update()),
        ):
            with pytest.raises(CredentialRefused, match="revoked-device"):
                call()


def test_a_token_of_another_coordinator_enrols_nobody(impatient: Coordinator, tmp_path: Path) -> None:
    swipefl(tmp_path / "other", "coordinator", "init")
    foreign = swipefl(tmp_path / "other", "coordinator", "token").out.strip()
    with costs_one_client(impatient, refused_call("wrong-token")):
        done = swipefl(tmp_path / "device", "enroll", impatient.address, "--token", foreign)
        assert (done.code, "does not take this token" in done.err) == (2, True)


def test_who_tries_tokens_is_slowed_down_and_one_with_a_token_is_not(impatient: Coordinator) -> None:
    channel, stub = raw_stub(impatient.address)
    said = []
    with channel, costs_one_client(impatient, refused_call("too-many-wrong-tokens")):
        for _ in range(30):
            wrong = wire.EnrollRequest(token=secrets.token_bytes(16), credential=bytes(32))
            with pytest.raises(grpc.RpcError) as error:
                stub.Enroll(wrong, timeout=LONG_S)
            said.append(error.value.code())
        assert grpc.StatusCode.RESOURCE_EXHAUSTED in said  # a guess is given back every six seconds
        with impatient.state() as state:
            token = state.devices.new_token(60)
        right = wire.EnrollRequest(token=token.secret, credential=secrets.token_bytes(32))
        assert stub.Enroll(right, timeout=LONG_S).device_id


def said_of(stub: FederationServiceStub, token: bytes, credential: bytes) -> str:
    """What an enrolment comes to: the device's id, or why there is none."""
    asked = wire.EnrollRequest(token=token, credential=credential)
    try:
        return stub.Enroll(asked, timeout=LONG_S).device_id
    except grpc.RpcError as error:
        return f"{error.code().name} {error.details()}"


def test_a_lost_answer_is_repeated_and_not_for_ever(impatient: Coordinator) -> None:
    token, credential = Token.parse(impatient.token()).secret, secrets.token_bytes(32)
    before, joined = impatient.metric(refused_call("token-too-often")), impatient.metric("swipefl_enrolments_total")
    channel, stub = raw_stub(impatient.address)
    with channel:
        said = [said_of(stub, token, credential) for _ in range(100)]
        answered = said.index("RESOURCE_EXHAUSTED token-too-often")
        assert 3 <= answered <= 20  # a visit and some more
        assert set(said[:answered]) == {said[0]}
        assert set(said[answered:]) == {"RESOURCE_EXHAUSTED token-too-often"}
        assert len(said_of(stub, Token.parse(impatient.token()).secret, credential)) == len(said[0])  # another one
    assert impatient.metric(refused_call("token-too-often")) == before + 100 - answered
    assert impatient.metric("swipefl_enrolments_total") == joined + 2


def test_no_used_token_gets_into_the_queue_of_what_is_written(impatient: Coordinator) -> None:
    """Nor one that is too old, revoked, or of a revoked device."""
    token, credential = Token.parse(impatient.token()).secret, secrets.token_bytes(32)
    channel, stub = raw_stub(impatient.address)
    with channel, impatient.state() as state:
        device = said_of(stub, token, credential)
        old, gone, theirs = (state.devices.new_token(seconds).secret for seconds in (-1, 60, 60))
        state.devices.revoke_token(gone)
        state.revoke(state.devices.enroll(theirs, credential) or "")
        with state.transaction():  # while nothing can be written
            assert said_of(stub, token, credential) == device
            for secret, offered in ((token, bytes(32)), (old, credential), (gone, credential), (theirs, credential)):
                assert said_of(stub, secret, offered).endswith(("wrong-token", "too-many-wrong-tokens"))


def test_who_offers_a_used_token_is_slowed_down_as_one_who_guesses(impatient: Coordinator) -> None:
    token = Token.parse(impatient.token()).secret
    channel, stub = raw_stub(impatient.address)
    with channel, costs_one_client(impatient, refused_call("too-many-wrong-tokens")):
        said = [said_of(stub, token, secrets.token_bytes(32)) for _ in range(30)]
    assert len([id for id in said if " " not in id]) == 1
    assert "RESOURCE_EXHAUSTED too-many-wrong-tokens" in said


@pytest.mark.parametrize("length", [0, 31, 33, 100_000])
def test_a_credential_has_its_length(impatient: Coordinator, length: int) -> None:
    channel, stub = raw_stub(impatient.address)
    request = wire.EnrollRequest(token=bytes(16), credential=bytes(length))
    with (
        channel,
        costs_one_client(impatient, refused_call("bad-credential")),
        pytest.raises(grpc.RpcError, match="bad-credential"),
    ):
        stub.Enroll(request, timeout=LONG_S)


def test_a_device_that_calls_all_the_time_is_told_to_wait(impatient: Coordinator) -> None:
    device = impatient.device()
    channel, stub = raw_stub(impatient.address)
    with channel, costs_one_client(impatient, refused_call("too-often")):
        said = [None]
        while said[-1] is None and len(said) < 2000:  # 120 at once, and two more each second
            call = stub.CheckIn.future(wire.CheckInRequest(), metadata=device.metadata, timeout=LONG_S)
            said.append(call.exception())
        assert said[1] is None
        assert said[-1].details() == "too-often"


@pytest.mark.parametrize("version", [0, 99, 2**63, 2**64 - 1])
def test_a_version_that_never_was_cannot_be_had(impatient: Coordinator, version: int) -> None:
    channel, stub = raw_stub(impatient.address)
    request = wire.DownloadCheckpointRequest(version=version)
    with (
        channel,
        costs_one_client(impatient, refused_call("unknown-version")),
        pytest.raises(grpc.RpcError, match="unknown-version"),
    ):
        list(stub.DownloadCheckpoint(request, metadata=impatient.device().metadata, timeout=LONG_S))


def test_beyond_the_end_of_a_version_there_is_nothing(impatient: Coordinator) -> None:
    channel, stub = raw_stub(impatient.address)
    with channel:
        for offset in (10**9, 2**63, 2**64 - 1):
            request = wire.DownloadCheckpointRequest(version=1, offset=offset)
            assert not list(stub.DownloadCheckpoint(request, metadata=impatient.device().metadata, timeout=LONG_S))
