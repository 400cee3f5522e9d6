"""Streams that are no upload, never end, drip or inflate: each is ended in time and takes no memory."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.attacks import costs_one_client, raw_stub, refused_call, serve_an_honest_device, streamed
from tests.support.coordinator import Coordinator
from tests.support.updates import header_for, update
from tests.support.waiting import LONG_S


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

    before = impatient.peak_mb()
    with costs_one_client(impatient, refused_call(reason)):
        with pytest.raises(grpc.RpcError, match=reason):
            streamed(impatient, endless())
        assert next(sent) < most
    assert impatient.peak_mb() - before < 16


def test_an_upload_that_drips_is_ended_and_meanwhile_others_are_served(impatient: Coordinator) -> None:
    begun, dripped, ended = threading.Event(), itertools.count(), threading.Event()

    def dripping() -> Iterator[wire.UploadUpdateRequest]:
        yield _header()
        begun.set()
        while next(dripped) < 130 and not ended.wait(0.2):  # 26 seconds, in as many parts as such a size may have
            yield _data(4096)

    with costs_one_client(impatient, refused_call("too-slow")), ThreadPoolExecutor() as pool:
        drips = pool.submit(streamed, impatient, dripping())
        assert begun.wait(LONG_S)
        serve_an_honest_device(impatient)
        with pytest.raises(grpc.RpcError) as error:
            drips.result()
        ended.set()
        assert (error.value.code(), error.value.details()) == (grpc.StatusCode.DEADLINE_EXCEEDED, "too-slow")
        assert next(dripped) < 100


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
                stub.CheckIn(wire.CheckInRequest(), metadata=[*impatient.device().metadata, *metadata], timeout=LONG_S)
            assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    serve_an_honest_device(impatient)
    assert impatient.peak_mb() - before < 16
