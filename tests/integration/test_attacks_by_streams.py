"""Streams that are no upload, never end, drip or inflate: each is ended in time and takes no memory."""

import itertools
import threading
import time
from collections.abc import Iterator

import grpc
import pytest

from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.attacks import costs_one_client, raw_stub, refused_call, serve_an_honest_device, streamed
from tests.support.coordinator import Coordinator
from tests.support.updates import header_for, update


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
    impatient: Coordinator, reason: str, parts: list[wire.UploadUpdateRequest]
) -> None:
    device = impatient.device()
    with costs_one_client(impatient, refused_call(reason)), pytest.raises(grpc.RpcError, match=reason):
        device.send(*parts)
    assert device.upload(update()).outcome == wire.OUTCOME_ACCEPTED


@pytest.mark.parametrize(
    ("reason", "part", "most"), [("more-than-declared", _data(500_000), 200), ("no-data", _header(), 20_000)]
)
def test_a_stream_without_an_end_is_ended(
    impatient: Coordinator, reason: str, part: wire.UploadUpdateRequest, most: int
) -> None:
    sent = itertools.count()

    def endless() -> Iterator[wire.UploadUpdateRequest]:
        yield _header()
        while next(sent) < 20_000:  # of data, ten gigabytes
            yield part

    before, began = impatient.peak_mb(), time.monotonic()
    with costs_one_client(impatient, refused_call(reason)):
        with pytest.raises(grpc.RpcError, match=reason):
            streamed(impatient, endless())
        assert (time.monotonic() - began < 5, next(sent) < most) == (True, True)
    assert impatient.peak_mb() - before < 16


def test_an_upload_that_drips_is_ended_and_meanwhile_others_are_served(impatient: Coordinator) -> None:
    def dripping() -> Iterator[wire.UploadUpdateRequest]:
        yield _header()
        for _ in range(100):
            time.sleep(0.2)
            yield _data(4096)

    began, served = time.monotonic(), threading.Thread(target=serve_an_honest_device, args=(impatient,))
    with costs_one_client(impatient, refused_call("too-slow")):
        served.start()
        with pytest.raises(grpc.RpcError) as error:
            streamed(impatient, dripping())
        assert (error.value.code(), error.value.details()) == (grpc.StatusCode.DEADLINE_EXCEEDED, "too-slow")
        assert time.monotonic() - began < 5
        served.join()


def test_a_message_that_inflates_is_not_inflated(impatient: Coordinator) -> None:
    before = impatient.peak_mb()
    for bomb in ([_header(), _data(200_000_000)], [_data(200_000_000)]):
        serve_an_honest_device(impatient)
        for kind in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            with pytest.raises(grpc.RpcError) as error:
                streamed(impatient, bomb, compression=kind)
            assert error.value.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.RESOURCE_EXHAUSTED)
    serve_an_honest_device(impatient)
    assert impatient.peak_mb() - before < 16


def test_a_message_that_is_too_large_is_not_read(impatient: Coordinator) -> None:
    before = impatient.peak_mb()
    with pytest.raises(grpc.RpcError) as error:
        streamed(impatient, [_header(), _data(100_000_000)])
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    serve_an_honest_device(impatient)
    assert impatient.peak_mb() - before < 16


def test_metadata_without_measure_is_refused(impatient: Coordinator) -> None:
    channel, stub = raw_stub(impatient.address)
    before = impatient.peak_mb()
    with channel:
        for metadata in ([("x", "y" * 1_000_000)], [(f"x{n}", "y" * 100) for n in range(5000)]):
            with pytest.raises(grpc.RpcError) as error:
                stub.CheckIn(wire.CheckInRequest(), metadata=[*impatient.device().metadata, *metadata], timeout=5)
            assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    serve_an_honest_device(impatient)
    assert impatient.peak_mb() - before < 16
