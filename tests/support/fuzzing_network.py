"""A coordinator that is sent anything, and a device that is answered anything."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from hypothesis import settings
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.errors import SwipeflError
from swipefl.federation.coordinator.server import SERVICE
from swipefl.federation.device.client import Client
from swipefl.federation.device.endpoint import Endpoint
from swipefl.federation.device.exchange import Exchange
from swipefl.federation.protocol.signing import public_bytes
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.store.membership import Membership
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support.coordinator import Coordinator
from tests.support.fuzzing import (
    KEYS,
    numbers,
    plans,
    right_manifests,
    said_of,
    signing_keys,
    texts,
    tried,
    wrong_manifests,
)
from tests.support.updates import header_for, update
from tests.support.waiting import LONG_S

BLOB = update()


headers = st.builds(
    lambda changes: header_for(BLOB, **changes),
    st.fixed_dictionaries(
        {},
        optional={
            "update_id": texts,
            "base_version": numbers,
            "base_fingerprint": texts,
            "examples": numbers,
            "size_bytes": numbers,
            "sha256": st.binary(max_size=40),
        },
    ),
)


parts = st.lists(
    st.builds(lambda header: wire.UploadUpdateRequest(header=header), headers)
    | st.builds(lambda data: wire.UploadUpdateRequest(data=data), st.binary(max_size=100) | st.just(BLOB)),
    max_size=4,
).map(lambda parts: [part.SerializeToString() for part in parts])


counts = st.integers(0, 500) | st.integers(0, 2**32 - 1)


any_calls = st.one_of(
    st.tuples(st.just("UploadUpdate"), parts | st.lists(st.binary(max_size=200), max_size=3)),
    st.tuples(
        st.just("DownloadCheckpoint"),
        st.builds(wire.DownloadCheckpointRequest, version=numbers, offset=numbers).map(
            lambda request: [request.SerializeToString()]
        ),
    ),
    st.tuples(
        st.just("Enroll"),
        st.builds(wire.EnrollRequest, token=st.binary(max_size=40), credential=st.binary(max_size=40)).map(
            lambda request: [request.SerializeToString()]
        ),
    ),
    st.tuples(
        st.just("CheckIn"),
        st.builds(
            wire.CheckInRequest,
            judged=st.builds(wire.Judged, version=numbers, swipes=counts, right_before=counts, right_now=counts),
        ).map(lambda request: [request.SerializeToString()]),
    ),
    st.tuples(
        st.sampled_from(["Enroll", "CheckIn", "DownloadCheckpoint", "UploadUpdate", "Other"]),
        st.lists(st.binary(max_size=200), max_size=3),
    ),
)


EXPECTED = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.ABORTED,
}


def whatever_is_called(serving: Coordinator, how: settings) -> None:
    device = serving.device()
    with grpc.insecure_channel(serving.address) as channel:

        def call(called: tuple[str, list[bytes]]) -> None:
            method, requests = called
            begin = channel.stream_stream(f"/{SERVICE}/{method}")
            _, error = said_of(
                lambda: list(begin(iter(requests), metadata=device.metadata, timeout=LONG_S)), grpc.RpcError
            )
            assert error is None or error.code() in EXPECTED, (error.code(), error.details())

        tried(call, any_calls, how)
    with serving.state() as state:
        assert len(state.updates.waiting()) <= 1  # at most what was right by chance
    assert serving.device().upload(BLOB).outcome == wire.OUTCOME_ACCEPTED


@dataclass
class Answers:
    """The bytes that a server answers with, whatever it is asked."""

    check_in: bytes = b""
    parts: list[bytes] = field(default_factory=list)
    upload: bytes = b""


@contextmanager
def answering(answers: Answers) -> Iterator[str]:
    """A server of `answers`, and its address."""

    def upload(requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        list(requests)
        return answers.upload

    server = grpc.server(ThreadPoolExecutor(4))
    handlers = {
        "CheckIn": grpc.unary_unary_rpc_method_handler(lambda request, context: answers.check_in),
        "DownloadCheckpoint": grpc.unary_stream_rpc_method_handler(lambda request, context: iter(answers.parts)),
        "UploadUpdate": grpc.stream_unary_rpc_method_handler(upload),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


check_ins = st.builds(
    wire.CheckInResponse,
    newest=right_manifests | wrong_manifests,
    plan=plans,
    keys=st.just(wire.SigningKeys(public_key=public_bytes(KEYS[0]))) | signing_keys,
    retry_after_s=st.floats(),
    contributed=st.booleans(),
)


downloads = st.builds(wire.DownloadCheckpointResponse, offset=st.just(0) | numbers, data=st.binary(max_size=50))


uploads = st.builds(
    wire.UploadUpdateResponse, outcome=st.integers(-(2**31), 2**31 - 1) | st.integers(0, 5), reason=texts
)


any_answers = st.builds(
    Answers,
    check_ins.map(lambda answer: answer.SerializeToString()) | st.binary(max_size=100),
    st.lists(downloads.map(lambda part: part.SerializeToString()) | st.binary(max_size=50), max_size=3),
    uploads.map(lambda answer: answer.SerializeToString()) | st.binary(max_size=50),
)


@dataclass
class Clock:
    """A clock that only waiting moves, so that retries take no time."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def whatever_is_answered(home: Path, how: settings) -> None:
    given_now, base = Answers(), base_checkpoint().fingerprint
    with answering(given_now) as address, Store(home / "swipefl.db") as store:

        def connect(member: Membership) -> Client:
            clock = Clock()
            return Client(Endpoint(address), member.authorization, 20.0, clock=clock, sleep=clock.sleep)

        def visit(answers: Answers) -> None:
            vars(given_now).update(vars(answers))
            store.memberships.set(Membership(address, "device", bytes(32), public_bytes(KEYS[0])))
            store.outbox.erase()
            store.outbox.queue(QueuedUpdate("id", base, 0.0, 20, b"update", False, "data", version=1))
            _, error = said_of(Exchange(store, home, connect).run, SwipeflError)
            assert error is None or (error.exit_code > 1 and len(str(error)) < 1000)
            member = store.memberships.get()
            assert member is not None
            assert 0 <= member.wait_s <= 24 * 3600
            assert store.checkpoints.all() == []  # no bytes by chance are a model that was signed

        tried(visit, any_answers, how)
    assert sum(file.stat().st_size for file in home.rglob("*.part")) < 1000
