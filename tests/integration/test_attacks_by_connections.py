"""Many connections and calls at once that say little or nothing: nobody is kept out, nothing is held for ever."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.attacks import IN_TIME_S, costs_one_client, raw_stub, refused_call, serve_an_honest_device
from tests.support.coordinator import Coordinator, in_process
from tests.support.frames import NO_WINDOW, PREFACE, SETTINGS, call, connections, frame, message
from tests.support.waiting import LONG_S, wait_until


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator that waits for what callers say for minutes: who is served in time was not kept waiting by them."""
    policy = Policy(limits=Limits(request_s=10 * IN_TIME_S, stream_s=10 * IN_TIME_S), buffer=10**6)
    with in_process(tmp_path_factory.mktemp("coordinator"), policy) as serving:
        yield serving


def test_five_hundred_connections_at_once_keep_nobody_out(impatient: Coordinator) -> None:
    before = impatient.peak_mb()
    silent, begun, confused = b"", PREFACE + frame(SETTINGS), b"GET / HTTP/1.1\r\n\r\n"
    with connections(impatient, [silent, begun, confused, PREFACE, secrets.token_bytes(1000)] * 100):
        serve_an_honest_device(impatient)
    assert impatient.peak_mb() - before < 64


@pytest.mark.parametrize(
    ("method", "enrolled", "reason"),
    [
        ("Enroll", False, "too-many-at-once"),
        ("CheckIn", False, "too-many-at-once"),
        ("CheckIn", True, "too-many-at-once"),
        ("DownloadCheckpoint", True, "too-many-at-once"),
        ("UploadUpdate", True, "one-stream-at-a-time"),
    ],
)
def test_calls_that_begin_and_then_say_nothing_keep_nobody_out(
    patient: Coordinator, method: str, enrolled: bool, reason: str
) -> None:
    before = patient.metric(refused_call(reason))
    authorization = patient.device().authorization if enrolled else None
    calls = b"".join(call(stream, method, authorization) for stream in range(1, 32, 2))
    with (
        costs_one_client(patient, refused_call(reason)),
        connections(patient, [PREFACE + frame(SETTINGS) + calls] * 100),
    ):
        wait_until(lambda: patient.metric(refused_call(reason)) > before)
        serve_an_honest_device(patient)


@pytest.mark.parametrize(
    "said", ["Bearer \xff\xfe\x80:\xc3\x28", "\x00", "\x7f" * 200, "Bearer \xd0\xb0:\xd9\xa3\xd9\xa3"]
)
def test_who_says_no_text_is_no_device(impatient: Coordinator, said: str) -> None:
    refused = refused_call("unknown-device")
    before = impatient.metric(refused)
    with connections(
        impatient, [PREFACE + frame(SETTINGS) + call(1, "CheckIn", said) + message(1, wire.CheckInRequest())]
    ):
        wait_until(lambda: impatient.metric(refused) > before)
    serve_an_honest_device(impatient)


def test_who_never_says_what_it_asks_is_hung_up_on(tmp_path: Path) -> None:
    with in_process(tmp_path, Policy(limits=Limits(request_s=1.0))) as serving:
        for authorization in (None, serving.device().authorization):
            before = serving.metric(refused_call("no-request"))
            with connections(serving, [PREFACE + frame(SETTINGS) + call(1, "CheckIn", authorization)]):
                wait_until(lambda: serving.metric(refused_call("no-request")) > before)  # noqa: B023
        serve_an_honest_device(serving)


def test_who_asks_for_health_and_says_nothing_keeps_nobody_out(patient: Coordinator) -> None:
    before = patient.metric(refused_call("too-many-at-once"))
    calls = b"".join(call(stream, "Check", service="grpc.health.v1.Health") for stream in range(1, 32, 2))
    with connections(patient, [PREFACE + frame(SETTINGS) + calls] * 100):
        wait_until(lambda: patient.metric(refused_call("too-many-at-once")) > before)
        serve_an_honest_device(patient)


def test_a_download_that_nobody_takes_is_ended(impatient: Coordinator) -> None:
    devices = [impatient.device() for _ in range(3)]
    calls = [
        call(stream, "DownloadCheckpoint", device.authorization)
        + message(stream, wire.DownloadCheckpointRequest(version=1))
        for device in devices
        for stream in (1, 3, 5)
    ]
    said = [PREFACE + frame(SETTINGS, payload=NO_WINDOW) + b"".join(calls[at : at + 3]) for at in (0, 3, 6)]
    slow = refused_call("too-slow")
    before = impatient.metric(slow)
    with costs_one_client(impatient, refused_call("one-stream-at-a-time"), slow), connections(impatient, said):
        serve_an_honest_device(impatient)
        wait_until(lambda: impatient.metric(slow) >= before + 3)
        assert devices[0].download(1)  # its place is free again


def test_who_watches_the_health_holds_no_place(impatient: Coordinator) -> None:
    with grpc.insecure_channel(impatient.address) as channel, pytest.raises(grpc.RpcError) as error:
        list(health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=LONG_S))
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_calls_that_are_begun_and_taken_back_keep_nobody_out(impatient: Coordinator) -> None:
    device, before = impatient.device(), impatient.peak_mb()
    channel, stub = raw_stub(impatient.address)
    with channel:
        for _ in range(3000):
            stub.CheckIn.future(wire.CheckInRequest(), metadata=device.metadata).cancel()
    serve_an_honest_device(impatient)
    assert impatient.peak_mb() - before < 32
