"""What attacks on a coordinator share: what is counted, and that an honest device is served all the same."""

import hashlib
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import grpc

from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.federation.wire.v1.federation_pb2_grpc import FederationServiceStub
from tests.support.coordinator import Coordinator
from tests.support.updates import header_for, update
from tests.support.waiting import LONG_S

IN_TIME_S = 30.0  # a hundred times what it takes, and a tenth of what the patient coordinator is patient for


def refused_update(reason: str) -> str:
    return f'swipefl_updates_total{{outcome="refused",reason="{reason}"}}'


def refused_call(reason: str) -> str:
    return f'swipefl_refused_calls_total{{reason="{reason}"}}'


def serve_an_honest_device(running: Coordinator) -> None:
    """A device checks in, downloads and uploads, in time."""
    began, got, device = time.monotonic(), bytearray(), running.device()
    with device.client(deadline_s=LONG_S) as client:
        manifest = wire.Manifest.FromString(client.check_in(0, "").newest.manifest)
        client.download(manifest.version, lambda: len(got), got.extend)
        assert hashlib.sha256(got).digest() == manifest.sha256
        blob = update(seed=secrets.randbits(32))
        assert client.upload(header_for(blob), blob).outcome == wire.OUTCOME_ACCEPTED
    assert time.monotonic() - began < IN_TIME_S


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


def streamed(running: Coordinator, parts: Iterable[wire.UploadUpdateRequest], **call: object) -> object:
    """What the coordinator answers to any stream of parts."""
    channel, stub = raw_stub(running.address)
    with channel:
        return stub.UploadUpdate(iter(parts), metadata=running.device().metadata, timeout=LONG_S, **call)
