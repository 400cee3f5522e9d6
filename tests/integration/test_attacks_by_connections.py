"""Many connections and calls at once that say little or nothing: nobody is kept out, nothing is held for ever."""

import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.coordinator.limits import Limits
from swipefl.federation.coordinator.policy import Policy
from swipefl.federation.coordinator.server import SERVICE
from swipefl.federation.device.client import Client
from swipefl.federation.protocol.token import Token
from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.attacks import IN_TIME_S, costs_one_client, raw_stub, refused_call, serve_an_honest_device
from tests.support.certificates import certificates
from tests.support.coordinator import Coordinator, coordinator, in_process
from tests.support.frames import HELLO, NO_WINDOW, PREFACE, call, connections, hello, message
from tests.support.updates import header_for, parts_of, update
from tests.support.waiting import LONG_S, wait_until

HEALTH = "grpc.health.v1.Health"
REFLECTION = "grpc.reflection.v1alpha.ServerReflection"


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator that waits for what callers say for minutes: who is served in time was not kept waiting by them."""
    policy = Policy(limits=Limits(request_s=10 * IN_TIME_S, stream_s=10 * IN_TIME_S), buffer=10**6)
    with in_process(tmp_path_factory.mktemp("coordinator"), policy) as serving:
        yield serving


def is_answered(client: Client) -> bool:
    """Whether a device gets through."""
    try:
        return bool(client.check_in(0, "").newest.manifest)
    except CoordinatorUnreachable:
        return False


def test_five_hundred_connections_at_once_keep_nobody_out(impatient: Coordinator) -> None:
    before = impatient.peak_mb()
    silent, begun, confused = b"", HELLO, b"GET / HTTP/1.1\r\n\r\n"
    with connections(impatient, [silent, begun, confused, PREFACE, secrets.token_bytes(1000)] * 100):
        serve_an_honest_device(impatient)
    assert impatient.peak_mb() - before < 64


def test_rounds_and_members_go_on_where_connections_would_take_every_descriptor(tmp_path: Path) -> None:
    """And who connects anew is served when the silent ones were hung up on."""
    silent = [b"", PREFACE[:10], PREFACE, HELLO[:-14], b"GET / HTTP/1.1\r\n", HELLO]
    with coordinator(tmp_path, "--buffer", "1", descriptors=200) as serving:
        member, blob = serving.device(), update()
        with member.stub() as stub:
            stub.CheckIn(wire.CheckInRequest(), metadata=member.metadata, timeout=LONG_S)
            with connections(serving, silent * 42):
                parts = iter(parts_of(header_for(blob), blob))
                sent = stub.UploadUpdate(parts, metadata=member.metadata, timeout=LONG_S)
                assert sent.outcome == wire.OUTCOME_ACCEPTED
                serving.wait_for_version(2)
                with serving.device().client(deadline_s=LONG_S) as client:
                    wait_until(lambda: is_answered(client))
        assert "level='error'" not in serving.log()


def test_a_tls_handshake_that_is_not_finished_keeps_nobody_out(tmp_path: Path) -> None:
    unfinished = [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00", b"\x16\x03\x01" + bytes(50), HELLO]
    made = certificates(tmp_path / "made")
    flags = ("--tls-cert", str(made.certificate), "--tls-key", str(made.key))
    with coordinator(tmp_path, *flags, descriptors=200) as serving, connections(serving, unfinished * 50) as sockets:
        trusted = grpc.ssl_channel_credentials(made.ca.read_bytes())
        with grpc.secure_channel(serving.address, trusted) as channel:
            grpc.channel_ready_future(channel).result(LONG_S)
            assert health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=LONG_S)
        assert sockets[0].recv(1024)[7:] == b""  # at most an alert


@pytest.mark.parametrize(
    ("method", "enrolled", "reason"),
    [
        ("Enroll", False, "too-many-at-once"),
        ("CheckIn", False, "too-many-at-once"),
        ("CheckIn", True, "too-many-at-once"),
        ("DownloadCheckpoint", True, "too-many-at-once"),
        ("UploadUpdate", True, "one-stream-at-a-time"),
        ("UploadUpdate", False, "unknown-device"),
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
        connections(patient, [HELLO + calls] * 100),
    ):
        wait_until(lambda: patient.metric(refused_call(reason)) > before)
        serve_an_honest_device(patient)


@pytest.mark.parametrize(
    "said", ["Bearer \xff\xfe\x80:\xc3\x28", "\x00", "\x7f" * 200, "Bearer \xd0\xb0:\xd9\xa3\xd9\xa3"]
)
def test_who_says_no_text_is_no_device(impatient: Coordinator, said: str) -> None:
    refused = refused_call("unknown-device")
    before = impatient.metric(refused)
    with connections(impatient, [HELLO + call(1, "CheckIn", said) + message(1, wire.CheckInRequest())]):
        wait_until(lambda: impatient.metric(refused) > before)
    serve_an_honest_device(impatient)


def test_headers_that_are_no_text_do_not_fill_the_log(impatient: Coordinator) -> None:
    """Nor does a credential get into it that stands in one."""
    device, before = impatient.device(), len(impatient.log())
    identity, _, credential = (device.authorization or "").partition(":")
    said = [f"{identity}:{credential}\xff", "\x80" * 126, f"\xc3{credential}"]
    asked = [call(2 * n + 1, "CheckIn", said[n % 3]) + message(2 * n + 1, wire.CheckInRequest()) for n in range(16)]
    refused = refused_call("unknown-device")
    was = impatient.metric(refused)
    with connections(impatient, [HELLO + b"".join(asked)] * 20):
        wait_until(lambda: impatient.metric(refused) >= was + 320)
    serve_an_honest_device(impatient)
    log = impatient.log()[before:]
    assert len(log) < 10_000
    assert credential[:8] not in log


def test_who_never_says_what_it_asks_is_hung_up_on(tmp_path: Path) -> None:
    with in_process(tmp_path, Policy(limits=Limits(request_s=1.0))) as serving:
        for authorization in (None, serving.device().authorization):
            before = serving.metric(refused_call("no-request"))
            with connections(serving, [HELLO + call(1, "CheckIn", authorization)]):
                wait_until(lambda: serving.metric(refused_call("no-request")) > before)  # noqa: B023
        serve_an_honest_device(serving)


def test_who_asks_and_says_nothing_keeps_neither_health_nor_enrolment_from_who_does(patient: Coordinator) -> None:
    """Also not from others of the same address."""
    refused = refused_call("too-many-at-once")
    before, token = patient.metric(refused), Token.parse(patient.token())
    streams = range(1, 32, 4)
    calls = b"".join(call(n, "Check", service=HEALTH) + call(n + 2, "Enroll") for n in streams)
    channel, stub = raw_stub(patient.address)
    with channel, connections(patient, [HELLO + calls] * 100):
        wait_until(lambda: patient.metric(refused) > before + 100)
        health = health_pb2_grpc.HealthStub(channel)
        for _ in range(10):
            answer = health.Check(health_pb2.HealthCheckRequest(service=SERVICE), timeout=IN_TIME_S)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        asked = wire.EnrollRequest(token=token.secret, credential=secrets.token_bytes(32))
        assert stub.Enroll(asked, timeout=IN_TIME_S).device_id
        serve_an_honest_device(patient)


def test_who_takes_a_while_is_waited_for_though_another_address_begins_hundreds_of_calls(patient: Coordinator) -> None:
    begun, said = threading.Event(), threading.Event()

    def requests() -> Iterator[bytes]:
        begun.set()
        assert said.wait(LONG_S)
        yield health_pb2.HealthCheckRequest(service=SERVICE).SerializeToString()

    refused = refused_call("too-many-at-once")
    before = patient.metric(refused)
    calls = b"".join(call(stream, "Check", service=HEALTH) for stream in range(1, 32, 2))
    with grpc.insecure_channel(patient.address) as channel:
        answer = channel.stream_unary(f"/{HEALTH}/Check").future(requests(), timeout=LONG_S)
        assert begun.wait(LONG_S)
        health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())  # calls are begun in order
        with connections(patient, [HELLO + calls] * 50, source="127.0.0.2"):
            wait_until(lambda: patient.metric(refused) >= before + 500)
            said.set()
            status = health_pb2.HealthCheckResponse.FromString(answer.result()).status
    assert status == health_pb2.HealthCheckResponse.SERVING


def test_who_wants_the_service_listed_and_asks_nothing_keeps_nobody_out(tmp_path: Path) -> None:
    calls = b"".join(call(stream, "ServerReflectionInfo", service=REFLECTION) for stream in range(1, 32, 2))
    with (
        coordinator(tmp_path, "--reflection", "--buffer", "1000") as serving,
        connections(serving, [HELLO + calls] * 100),
    ):
        wait_until(lambda: serving.metric(refused_call("too-many-at-once")) > 0)
        serve_an_honest_device(serving)
        wait_until(lambda: serving.metric(refused_call("no-request")) > 0)


STALLED = hello(NO_WINDOW)  # whoever says so takes no answer
NOT_TAKEN, CROWDED = refused_call("answer-not-taken"), refused_call("too-many-at-once")


def test_answers_that_strangers_do_not_take_keep_nobody_out(patient: Coordinator) -> None:
    """Also not from others of the same address; 1,280 calls, which is more than may run."""
    before, asked = patient.metric(NOT_TAKEN), health_pb2.HealthCheckRequest(service=SERVICE)
    calls = b"".join(call(n, "Check", service=HEALTH) + message(n, asked) for n in range(1, 32, 2))
    with connections(patient, [STALLED + calls] * 80), grpc.insecure_channel(patient.address) as channel:
        wait_until(lambda: patient.metric(NOT_TAKEN) > before + 1000)
        serve_an_honest_device(patient)
        assert health_pb2_grpc.HealthStub(channel).Check(asked, timeout=IN_TIME_S)


def test_answers_that_a_device_does_not_take_keep_no_other_out(patient: Coordinator) -> None:
    before, device = patient.metric(NOT_TAKEN), patient.device().authorization
    calls = b"".join(call(n, "CheckIn", device) + message(n, wire.CheckInRequest()) for n in range(1, 32, 2))
    with costs_one_client(patient, NOT_TAKEN), connections(patient, [STALLED + calls] * 7):
        wait_until(lambda: patient.metric(NOT_TAKEN) > before + 90)  # of 112
        serve_an_honest_device(patient)


def test_a_list_of_the_service_that_nobody_takes_keeps_nobody_out(tmp_path: Path) -> None:
    asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE)
    each = [call(n, "ServerReflectionInfo", service=REFLECTION) + message(n, asked, flags=0) for n in range(1, 32, 2)]
    with (
        coordinator(tmp_path, "--reflection", "--buffer", "1000") as serving,
        connections(serving, [STALLED + b"".join(each)] * 80),
    ):
        wait_until(lambda: serving.metric(NOT_TAKEN) > 1000)
        serve_an_honest_device(serving)
        assert "Traceback" not in serving.log()


def test_an_answer_that_nobody_takes_is_waited_for_for_a_while(tmp_path: Path) -> None:
    with in_process(tmp_path, Policy(limits=Limits(request_s=1.0))) as serving:
        asked = call(1, "Check", service=HEALTH) + message(1, health_pb2.HealthCheckRequest(service=SERVICE))
        with connections(serving, [STALLED + asked]):
            wait_until(lambda: serving.metric(NOT_TAKEN) > 0)


def test_of_calls_without_credential_a_quarter_run_and_the_oldest_of_the_crowd_give_way(tmp_path: Path) -> None:
    limits = Limits(concurrent_calls=40, waiting_strangers=1000, request_s=10 * IN_TIME_S)
    with in_process(tmp_path, Policy(limits=limits, buffer=10**6)) as serving:
        calls = b"".join(call(stream, "Enroll") for stream in range(1, 32, 2))
        with connections(serving, [HELLO + calls] * 5):
            wait_until(lambda: serving.metric(CROWDED) >= 70)  # of 80
            serve_an_honest_device(serving)


def test_of_more_calls_of_devices_than_may_run_the_later_are_refused(tmp_path: Path) -> None:
    limits = Limits(concurrent_calls=8, request_s=10 * IN_TIME_S)
    with in_process(tmp_path, Policy(limits=limits)) as serving:
        devices = [serving.device() for _ in range(7)]
        said = [HELLO + call(1, "CheckIn", device.authorization) for device in devices]
        with connections(serving, said) as sockets:
            wait_until(lambda: serving.metric(CROWDED) >= 1)
            for each in sockets[:6]:
                each.sendall(message(1, wire.CheckInRequest()))
            with serving.device().client(deadline_s=LONG_S) as client:
                wait_until(lambda: is_answered(client))


def test_a_download_that_nobody_takes_is_ended(impatient: Coordinator) -> None:
    devices = [impatient.device() for _ in range(3)]
    calls = [
        call(stream, "DownloadCheckpoint", device.authorization)
        + message(stream, wire.DownloadCheckpointRequest(version=1))
        for device in devices
        for stream in (1, 3, 5)
    ]
    said = [hello(NO_WINDOW) + b"".join(calls[at : at + 3]) for at in (0, 3, 6)]
    slow = refused_call("too-slow")
    before = impatient.metric(slow)
    with costs_one_client(impatient, refused_call("one-stream-at-a-time"), slow), connections(impatient, said):
        serve_an_honest_device(impatient)
        wait_until(lambda: impatient.metric(slow) >= before + 3)
        assert devices[0].download(1)  # its place is free again


def test_who_watches_or_lists_the_health_holds_no_place_and_is_no_line_of_the_log(impatient: Coordinator) -> None:
    before = impatient.log()
    with grpc.insecure_channel(impatient.address) as channel:
        watch = channel.unary_stream(f"/{HEALTH}/Watch")
        list_all = channel.unary_unary(f"/{HEALTH}/List")  # which older packages of grpc know nothing of
        asks = (
            (lambda: list(watch(b"", timeout=LONG_S)), "ask with Check"),
            (lambda: list_all(b"", timeout=LONG_S), None),
        )
        for ask, says in asks:
            with pytest.raises(grpc.RpcError, match=says) as error:
                ask()
            assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert impatient.log() == before
    serve_an_honest_device(impatient)


def test_calls_that_are_begun_and_taken_back_keep_nobody_out(impatient: Coordinator) -> None:
    device, before = impatient.device(), impatient.peak_mb()
    channel, stub = raw_stub(impatient.address)
    with channel:
        for _ in range(3000):
            stub.CheckIn.future(wire.CheckInRequest(), metadata=device.metadata).cancel()
    serve_an_honest_device(impatient)
    assert impatient.peak_mb() - before < 32
