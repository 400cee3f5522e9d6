"""Attacks on a real coordinator: each is refused with a reason, counted, and costs nobody else anything."""

import hashlib
import itertools
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from safetensors.numpy import load, save

from swipefl.errors import UpdateRefused
from swipefl.federation.coordinator.policy import Limits, Policy
from swipefl.federation.coordinator.server import SERVICE
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceStub
from tests.support.command import swipefl
from tests.support.coordinator import Coordinator, Device, coordinator, in_process
from tests.support.updates import header_for, update


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator that never aggregates and has little patience."""
    flags = ("--buffer", "100000", "--stream-s", "2")
    with coordinator(tmp_path_factory.mktemp("coordinator"), *flags) as serving:
        yield serving


def refused_update(reason: str) -> str:
    return f'swipefl_updates_total{{outcome="refused",reason="{reason}"}}'


def refused_call(reason: str) -> str:
    return f'swipefl_refused_calls_total{{reason="{reason}"}}'


def serve_an_honest_device(running: Coordinator, seconds: float = 5.0) -> None:
    """A device checks in, downloads and uploads, in time."""
    began, got, device = time.monotonic(), bytearray(), running.device()
    with device.client(deadline_s=20) as client:
        manifest = wire.Manifest.FromString(client.check_in(0, "").newest.manifest)
        client.download(manifest.version, lambda: len(got), got.extend)
        assert hashlib.sha256(got).digest() == manifest.sha256
        blob = update(seed=secrets.randbits(32))
        assert client.upload(header_for(blob), blob).outcome == wire.OUTCOME_ACCEPTED
    assert time.monotonic() - began < seconds


@contextmanager
def costs_one_client(running: Coordinator, *counted: str) -> Iterator[None]:
    """What happens inside is counted, and an honest device is served right after it."""
    before = [running.metric(name) for name in counted]
    yield
    serve_an_honest_device(running)
    for name, was in zip(counted, before, strict=True):
        assert running.metric(name) > was, name


def raw_stub(address: str) -> tuple[grpc.Channel, FederationServiceStub]:
    """A channel, and a stub that lets everything pass."""
    channel = grpc.insecure_channel(address)
    return channel, FederationServiceStub(channel)


def changed(**changes: np.ndarray | None) -> bytes:
    """An update with other tensors; None leaves one out."""
    tensors: dict[str, np.ndarray | None] = {**load(update()), **changes}
    return save({name: array for name, array in tensors.items() if array is not None})


def streamed(running: Coordinator, parts: Iterable[wire.UploadUpdateRequest], **call: object) -> object:
    """What the coordinator answers to any stream of parts."""
    channel, stub = raw_stub(running.address)
    with channel:
        return stub.UploadUpdate(iter(parts), metadata=running.device().metadata, timeout=20, **call)


def bias(value: float, kind: type = np.float16) -> np.ndarray:
    return np.full(6, value, kind)


BAD_UPDATES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "NaN": ("not-finite", lambda: changed(**{"head.bias.scale": bias(np.nan)})),
    "Inf": ("not-finite", lambda: changed(**{"head.bias.scale": bias(np.inf)})),
    "a norm of a million": (
        "norm-too-large",
        lambda: update(norm=1e6),
    ),
    "a norm of 4.1": ("norm-too-large", lambda: update(norm=4.1)),
    "score weights moved by 0.3": (
        "score-norm-too-large",
        lambda: changed(**{"score.int8": np.full(9, 100, np.int8), "score.scale": np.full(9, 0.001, np.float16)}),
    ),
    "a wrong shape": ("wrong-shape", lambda: changed(**{"head.bias.int8": np.zeros((6, 1), np.int8)})),
    "a row too many": ("wrong-shape", lambda: changed(**{"head.bias.scale": np.zeros(7, np.float16)})),
    "no shape": ("wrong-shape", lambda: changed(**{"head.bias.scale": np.zeros((), np.float16)})),
    "wide scales": ("wrong-dtype", lambda: changed(**{"head.bias.scale": bias(0, np.float32)})),
    "unsigned values": ("wrong-dtype", lambda: changed(**{"head.bias.int8": np.zeros(6, np.uint8)})),
    "a missing tensor": ("missing-tensor", lambda: changed(**{"head.bias.int8": None})),
    "an extra tensor": ("extra-tensor", lambda: changed(**{"more.int8": np.zeros(6, np.int8)})),
    "a thousand extra tensors": (
        "extra-tensor",
        lambda: changed(**{f"{n}": np.zeros(0, np.int8) for n in range(800)}),
    ),
    "no safetensors": ("damaged", lambda: secrets.token_bytes(50_000)),
    "nothing at all": ("damaged", lambda: b""),
    "a header of 2**63 bytes": ("damaged", lambda: (2**63).to_bytes(8, "little") + update()[8:]),
    "a pickle": ("damaged", lambda: b"\x80\x04\x95" + update()[3:]),
    "too many bytes": ("too-large", lambda: update() + bytes(10**6)),
}


@pytest.mark.parametrize("what", BAD_UPDATES)
def test_an_update_that_does_not_fit_is_refused(running: Coordinator, what: str) -> None:
    reason, make = BAD_UPDATES[what]
    with costs_one_client(running, refused_update(reason)):
        answer = running.device().upload(make())
        assert (answer.outcome, answer.reason) == (wire.OUTCOME_REFUSED, reason)


@pytest.mark.parametrize(
    ("reason", "header"),
    [
        ("implausible-examples", {"examples": 1_000_000}),
        ("implausible-examples", {"examples": 0}),
        ("implausible-examples", {"examples": 2**64 - 1}),
        ("unknown-version", {"base_version": 7}),
        ("unknown-version", {"base_version": 0}),
        ("unknown-version", {"base_version": 2**63}),
        ("unknown-version", {"base_version": 2**64 - 1}),
        ("wrong-fingerprint", {"base_fingerprint": "0" * 64}),
        ("wrong-fingerprint", {"base_fingerprint": "f" * 500_000}),
        ("damaged", {"sha256": bytes(32)}),
        ("damaged", {"sha256": b""}),
        ("too-large", {"size_bytes": 2**64 - 1}),
        ("bad-update-id", {"update_id": ""}),
        ("bad-update-id", {"update_id": "x" * 65}),
        ("bad-update-id", {"update_id": "x" * 900_000}),
    ],
    ids=lambda value: value if isinstance(value, str) else "".join(value),
)
def test_an_update_that_claims_what_is_not_so_is_refused(
    running: Coordinator, reason: str, header: dict[str, object]
) -> None:
    with costs_one_client(running, refused_update(reason)):
        answer = running.device().upload(update(), **header)
        assert (answer.outcome, answer.reason) == (wire.OUTCOME_REFUSED, reason)


def test_a_replayed_update_counts_once(running: Coordinator) -> None:
    device, blob, header = running.device(), update(), {"update_id": secrets.token_hex(16)}
    with running.state() as state, costs_one_client(running, refused_update("already-contributed")):
        before = len(state.waiting())
        assert device.upload(blob, **header).outcome == wire.OUTCOME_ACCEPTED
        for _ in range(3):
            assert device.upload(blob, **header).outcome == wire.OUTCOME_DUPLICATE
        for again in (blob, update(seed=9)):  # the same bytes under a new name, and a second contribution
            answer = device.upload(again)
            assert (answer.outcome, answer.reason) == (wire.OUTCOME_REFUSED, "already-contributed")
        assert len(state.waiting()) == before + 1


def test_many_copies_of_an_update_at_the_same_time_count_once(running: Coordinator) -> None:
    device, blob = running.device(), update()
    with running.state() as state:
        before = len(state.waiting())
        channel, stub = raw_stub(running.address)
        with channel:
            calls = [
                stub.UploadUpdate.future(
                    iter([wire.UploadUpdateRequest(header=header_for(blob)), wire.UploadUpdateRequest(data=blob)]),
                    metadata=device.metadata,
                    timeout=20,
                )
                for _ in range(10)
            ]
            said = [call.exception() or call.result() for call in calls]
        assert [getattr(answer, "outcome", None) for answer in said].count(wire.OUTCOME_ACCEPTED) == 1
        assert len(state.waiting()) == before + 1


def test_an_update_id_of_another_device_says_nothing_of_its_update(running: Coordinator) -> None:
    blob, header = update(), {"update_id": secrets.token_hex(16)}
    assert running.device().upload(blob, **header).outcome == wire.OUTCOME_ACCEPTED
    assert running.device().upload(blob, **header).outcome == wire.OUTCOME_ACCEPTED


# who calls


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
def test_who_is_no_device_is_refused(running: Coordinator, authorization: str | None) -> None:
    metadata = [("authorization", authorization)] if authorization is not None else []
    channel, stub = raw_stub(running.address)
    with (
        channel,
        costs_one_client(running, refused_call("unknown-device")),
        pytest.raises(grpc.RpcError, match="unknown-device") as error,
    ):
        stub.CheckIn(wire.CheckInRequest(), metadata=metadata, timeout=5)
    assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_a_credential_of_another_device_is_refused(running: Coordinator) -> None:
    one, other = (running.device().authorization or "" for _ in range(2))
    stolen = f"{one.partition(':')[0]}:{other.partition(':')[2]}"
    with (
        costs_one_client(running, refused_call("unknown-device")),
        Device(running.address, stolen).client() as client,
        pytest.raises(UpdateRefused, match="unknown-device"),
    ):
        client.check_in(1, "")


def test_a_revoked_device_gets_nothing(running: Coordinator) -> None:
    device = running.device()
    with running.state() as state:
        state.revoke((device.authorization or "").partition(":")[0])
    with costs_one_client(running, refused_call("revoked-device")), device.client() as client:
        for call in (
            lambda: client.check_in(1, ""),
            lambda: client.download(1, lambda: 0, lambda data: None),
            lambda: client.upload(header_for(update()), update()),
        ):
            with pytest.raises(UpdateRefused, match="revoked-device"):
                call()


def test_a_token_of_another_coordinator_enrols_nobody(running: Coordinator, tmp_path: Path) -> None:
    swipefl(tmp_path / "other", "coordinator", "init")
    foreign = swipefl(tmp_path / "other", "coordinator", "token").out.strip()
    with costs_one_client(running, refused_call("wrong-token")):
        done = swipefl(tmp_path / "device", "enroll", running.address, "--token", foreign)
        assert (done.code, "does not take this token" in done.err) == (2, True)


def test_who_tries_tokens_is_slowed_down_and_one_with_a_token_is_not(running: Coordinator) -> None:
    channel, stub = raw_stub(running.address)
    said = []
    with channel, costs_one_client(running, refused_call("too-many-wrong-tokens")):
        for _ in range(30):
            wrong = wire.EnrollRequest(token=secrets.token_bytes(16), credential=bytes(32))
            with pytest.raises(grpc.RpcError) as error:
                stub.Enroll(wrong, timeout=5)
            said.append(error.value.code())
        assert said[-1] == grpc.StatusCode.RESOURCE_EXHAUSTED
        with running.state() as state:
            token = state.new_token(60)
        right = wire.EnrollRequest(token=token.secret, credential=secrets.token_bytes(32))
        assert stub.Enroll(right, timeout=5).device_id


@pytest.mark.parametrize("length", [0, 31, 33, 100_000])
def test_a_credential_has_its_length(running: Coordinator, length: int) -> None:
    channel, stub = raw_stub(running.address)
    request = wire.EnrollRequest(token=bytes(16), credential=bytes(length))
    with (
        channel,
        costs_one_client(running, refused_call("bad-credential")),
        pytest.raises(grpc.RpcError, match="bad-credential"),
    ):
        stub.Enroll(request, timeout=5)


def test_a_device_that_calls_all_the_time_is_told_to_wait(running: Coordinator) -> None:
    device = running.device()
    channel, stub = raw_stub(running.address)
    with channel, costs_one_client(running, refused_call("too-often")):
        calls = (stub.CheckIn.future(wire.CheckInRequest(), metadata=device.metadata, timeout=5) for _ in range(200))
        said = [call.exception() for call in calls]
        assert said[0] is None
        assert said[-1].details() == "too-often"


@pytest.mark.parametrize("version", [0, 99, 2**63, 2**64 - 1])
def test_a_version_that_never_was_cannot_be_had(running: Coordinator, version: int) -> None:
    channel, stub = raw_stub(running.address)
    request = wire.DownloadCheckpointRequest(version=version)
    with (
        channel,
        costs_one_client(running, refused_call("unknown-version")),
        pytest.raises(grpc.RpcError, match="unknown-version"),
    ):
        list(stub.DownloadCheckpoint(request, metadata=running.device().metadata, timeout=5))


def test_beyond_the_end_of_a_version_there_is_nothing(running: Coordinator) -> None:
    channel, stub = raw_stub(running.address)
    with channel:
        for offset in (10**9, 2**63, 2**64 - 1):
            request = wire.DownloadCheckpointRequest(version=1, offset=offset)
            assert not list(stub.DownloadCheckpoint(request, metadata=running.device().metadata, timeout=5))


# streams


def _header(**changes: object) -> wire.UploadUpdateRequest:
    return wire.UploadUpdateRequest(header=header_for(update(), **changes))


def _data(size: int = 1000) -> wire.UploadUpdateRequest:
    return wire.UploadUpdateRequest(data=bytes(size))


@pytest.mark.parametrize(
    ("reason", "parts"),
    [
        ("no-header", []),
        ("no-header", [wire.UploadUpdateRequest()]),
        ("no-header", [_data()]),
        ("no-header", [_data(), _header()]),
        ("no-data", [_header(), _header()]),
        ("no-data", [_header(), _data(), _header(), _data()]),
        ("no-data", [_header(), _data(), _data(0), _data()]),
        ("more-than-declared", [_header(size_bytes=5), _data(6)]),
        ("too-many-parts", [_header(), *[_data(1)] * 2000]),
        ("cut-short", [_header()]),
        ("cut-short", [_header(), _data()]),
    ],
)
def test_a_stream_is_a_header_and_then_its_bytes(
    running: Coordinator, reason: str, parts: list[wire.UploadUpdateRequest]
) -> None:
    device = running.device()
    with costs_one_client(running, refused_call(reason)), pytest.raises(grpc.RpcError, match=reason):
        device.send(*parts)
    assert device.upload(update()).outcome == wire.OUTCOME_ACCEPTED


@pytest.mark.parametrize(
    ("reason", "part", "most"), [("more-than-declared", _data(500_000), 200), ("no-data", _header(), 20_000)]
)
def test_a_stream_without_an_end_is_ended(
    running: Coordinator, reason: str, part: wire.UploadUpdateRequest, most: int
) -> None:
    sent = itertools.count()

    def endless() -> Iterator[wire.UploadUpdateRequest]:
        yield _header()
        while next(sent) < 20_000:  # of data, ten gigabytes
            yield part

    before, began = running.peak_mb(), time.monotonic()
    with costs_one_client(running, refused_call(reason)):
        with pytest.raises(grpc.RpcError, match=reason):
            streamed(running, endless())
        assert (time.monotonic() - began < 5, next(sent) < most) == (True, True)
    assert running.peak_mb() - before < 16


def test_an_upload_that_drips_is_ended_and_meanwhile_others_are_served(running: Coordinator) -> None:
    def dripping() -> Iterator[wire.UploadUpdateRequest]:
        yield _header()
        for _ in range(100):
            time.sleep(0.2)
            yield _data(4096)

    began, served = time.monotonic(), threading.Thread(target=serve_an_honest_device, args=(running,))
    with costs_one_client(running, refused_call("too-slow")):
        served.start()
        with pytest.raises(grpc.RpcError) as error:
            streamed(running, dripping())
        assert (error.value.code(), error.value.details()) == (grpc.StatusCode.DEADLINE_EXCEEDED, "too-slow")
        assert time.monotonic() - began < 5
        served.join()


def test_a_message_that_inflates_is_not_inflated(running: Coordinator) -> None:
    before = running.peak_mb()
    for bomb in ([_header(), _data(200_000_000)], [_data(200_000_000)]):
        serve_an_honest_device(running)
        for kind in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            with pytest.raises(grpc.RpcError) as error:
                streamed(running, bomb, compression=kind)
            assert error.value.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.RESOURCE_EXHAUSTED)
    serve_an_honest_device(running)
    assert running.peak_mb() - before < 16


def test_a_message_that_is_too_large_is_not_read(running: Coordinator) -> None:
    before = running.peak_mb()
    with pytest.raises(grpc.RpcError) as error:
        streamed(running, [_header(), _data(100_000_000)])
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    serve_an_honest_device(running)
    assert running.peak_mb() - before < 16


def test_metadata_without_measure_is_refused(running: Coordinator) -> None:
    channel, stub = raw_stub(running.address)
    before = running.peak_mb()
    with channel:
        for metadata in ([("x", "y" * 1_000_000)], [(f"x{n}", "y" * 100) for n in range(5000)]):
            with pytest.raises(grpc.RpcError) as error:
                stub.CheckIn(wire.CheckInRequest(), metadata=[*running.device().metadata, *metadata], timeout=5)
            assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    serve_an_honest_device(running)
    assert running.peak_mb() - before < 16


# many at once: the few frames of HTTP/2 that it takes, since a client of grpc would be too polite


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, HEADERS, DATA = 4, 1, 0
END_STREAM, END_HEADERS = 1, 4
NO_WINDOW = bytes([0, 4, 0, 0, 0, 0])  # the setting: send me nothing before I ask for it


def _frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def _text(text: str) -> bytes:
    """A string of HPACK, without any coding; each letter is a byte."""
    rest = len(text) - 127
    return (bytes([len(text)]) if rest < 0 else bytes([127, rest])) + text.encode("latin-1")


def _call(stream: int, method: str, authorization: str | None = None) -> bytes:
    """The frame that begins a call."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": f"/{SERVICE}/{method}",
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
        **({"authorization": f"Bearer {authorization}"} if authorization else {}),
    }
    block = b"".join(b"\0" + _text(name) + _text(value) for name, value in fields.items())
    return _frame(HEADERS, END_HEADERS, stream, block)


def _message(stream: int, request: wire.CheckInRequest | wire.DownloadCheckpointRequest) -> bytes:
    """The frame that carries a call's only request."""
    blob = request.SerializeToString()
    return _frame(DATA, END_STREAM, stream, b"\0" + struct.pack(">I", len(blob)) + blob)


@contextmanager
def connections(running: Coordinator, said: Sequence[bytes]) -> Iterator[list[socket.socket]]:
    """One connection for each of what is said."""
    host, port = running.address.split(":")
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection((host, int(port)), timeout=5)) for _ in said]
        for each, first in zip(sockets, said, strict=True):
            each.sendall(first)
        yield sockets


def test_five_hundred_connections_at_once_keep_nobody_out(running: Coordinator) -> None:
    before = running.peak_mb()
    silent, begun, confused = b"", PREFACE + _frame(SETTINGS), b"GET / HTTP/1.1\r\n\r\n"
    with connections(running, [silent, begun, confused, PREFACE, secrets.token_bytes(1000)] * 100):
        serve_an_honest_device(running)
    assert running.peak_mb() - before < 64


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
    running: Coordinator, method: str, enrolled: bool, reason: str
) -> None:
    authorization = running.device().authorization if enrolled else None
    calls = b"".join(_call(stream, method, authorization) for stream in range(1, 32, 2))
    with (
        costs_one_client(running, refused_call(reason)),
        connections(running, [PREFACE + _frame(SETTINGS) + calls] * 100),
    ):
        time.sleep(0.2)
        serve_an_honest_device(running)


@pytest.mark.parametrize(
    "said", ["Bearer \xff\xfe\x80:\xc3\x28", "\x00", "\x7f" * 200, "Bearer \xd0\xb0:\xd9\xa3\xd9\xa3"]
)
def test_who_says_no_text_is_no_device(running: Coordinator, said: str) -> None:
    refused = refused_call("unknown-device")
    before = running.metric(refused)
    with connections(
        running, [PREFACE + _frame(SETTINGS) + _call(1, "CheckIn", said) + _message(1, wire.CheckInRequest())]
    ):
        wait_until(lambda: running.metric(refused) > before)
    serve_an_honest_device(running)


def test_who_never_says_what_it_asks_is_hung_up_on(tmp_path: Path) -> None:
    with in_process(tmp_path, Policy(limits=Limits(request_s=0.3))) as serving:
        for authorization in (None, serving.device().authorization):
            before = serving.metric(refused_call("no-request"))
            with connections(serving, [PREFACE + _frame(SETTINGS) + _call(1, "CheckIn", authorization)]):
                wait_until(lambda: serving.metric(refused_call("no-request")) > before)  # noqa: B023
        serve_an_honest_device(serving)


def test_who_asks_for_health_and_says_nothing_keeps_nobody_out(running: Coordinator) -> None:
    calls = b"".join(_call(stream, "Check") for stream in range(1, 32, 2))
    calls = calls.replace(_text(f"/{SERVICE}/Check"), _text("/grpc.health.v1.Health/Check"))
    with connections(running, [PREFACE + _frame(SETTINGS) + calls] * 100):
        time.sleep(0.2)
        serve_an_honest_device(running)


def test_a_download_that_nobody_takes_is_ended(running: Coordinator) -> None:
    devices = [running.device() for _ in range(3)]
    calls = [
        _call(stream, "DownloadCheckpoint", device.authorization)
        + _message(stream, wire.DownloadCheckpointRequest(version=1))
        for device in devices
        for stream in (1, 3, 5)
    ]
    said = [PREFACE + _frame(SETTINGS, payload=NO_WINDOW) + b"".join(calls[at : at + 3]) for at in (0, 3, 6)]
    slow = refused_call("too-slow")
    before = running.metric(slow)
    with costs_one_client(running, refused_call("one-stream-at-a-time"), slow), connections(running, said):
        serve_an_honest_device(running)
        wait_until(lambda: running.metric(slow) >= before + 3)
        assert devices[0].download(1)  # its place is free again


def wait_until(true: Callable[[], bool], seconds: float = 8.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_who_watches_the_health_holds_no_place(running: Coordinator) -> None:
    with grpc.insecure_channel(running.address) as channel, pytest.raises(grpc.RpcError) as error:
        list(health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=2))
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_calls_that_are_begun_and_taken_back_keep_nobody_out(running: Coordinator) -> None:
    device, before = running.device(), running.peak_mb()
    channel, stub = raw_stub(running.address)
    with channel:
        for _ in range(3000):
            stub.CheckIn.future(wire.CheckInRequest(), metadata=device.metadata).cancel()
    serve_an_honest_device(running)
    assert running.peak_mb() - before < 32
