"""All that reads bytes of the network, given any bytes: it answers or raises an error of swipefl, and stays small."""

import json
import re
import resource
import struct
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, base_checkpoint, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture, fitting
from swipefl.errors import BadUpdate, CheckpointError, SwipeflError, UsageError
from swipefl.federation.coordinator.policy import Limits, Policy
from swipefl.federation.coordinator.server import SERVICE
from swipefl.federation.device.client import Client, Endpoint
from swipefl.federation.device.exchange import Exchange
from swipefl.federation.protocol.plan import ContributionPlan
from swipefl.federation.protocol.signing import public_bytes, signed_manifest, succession, successor, verified_manifest
from swipefl.federation.protocol.token import Token
from swipefl.federation.update import decode_update, encode_update, encoded_norms, norm_of
from swipefl.federation.wire.v1 import federation_pb2 as wire
from swipefl.store.membership import Membership
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store
from tests.support.coordinator import Coordinator, in_process
from tests.support.updates import delta, header_for, update

SHORT = settings(
    max_examples=100, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
LONG = settings(SHORT, derandomize=False, print_blob=True)
MOST_MB = 64  # that one example may add to the most memory that this process ever had
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(4)]
SMALL = Architecture.named("bilstm-1")
SHAPES = SMALL.parameter_shapes()
PARAMETERS = {name: np.full(shape, 0.5, np.float32) for name, shape in SHAPES.items()}
WEIGHTS = {name: PARAMETERS[name] for name in SMALL.shapes()}
MODEL = Checkpoint("bilstm-1", WEIGHTS, ScoreWeights(1.5, 2.0), {"from": "x"}).to_bytes(half=True)
UPDATE = encode_update(delta(PARAMETERS), 1e9).blob

# what numbers, texts and files of the network look like
numbers = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**63, 2**64 - 1])
texts = st.text(max_size=100) | st.sampled_from(["\0", "\x1b[2J", "x" * 10_000, "é", "𝔘" * 50])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn, blob: bytes) -> bytes:
    """`blob` with some bytes changed, taken out, repeated or cut."""
    changed = bytearray(blob)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(changed) - 1)))
        kind = draw(st.integers(0, 4))
        if kind == 0:
            changed[at : at + 1] = draw(st.binary(max_size=8))
        elif kind == 1:
            del changed[at : at + draw(st.integers(1, 64))]
        elif kind == 2:
            changed[at:at] = changed[at : at + draw(st.integers(1, 64))]
        elif kind == 3:
            del changed[at:]
        else:
            changed[:8] = struct.pack("<Q", draw(numbers))
    return bytes(changed)


@st.composite
def odd_tensors(draw: st.DrawFn, names: Iterable[str], metadata: st.SearchStrategy[Any]) -> bytes:
    """A safetensors file by hand: any kinds, shapes and places, names twice, any length of the header."""
    kinds = st.sampled_from(["I8", "F16", "F32", "F64", "BF16", "BOOL", "I64", "F8_E4M3", "C64", "F4", "", 7])
    sizes = st.integers(0, 4) | numbers | st.integers(-(2**63), -1)
    data = draw(st.binary(max_size=64))
    places = st.integers(0, len(data)) | numbers | st.integers(-10, -1)
    tensor = st.fixed_dictionaries(
        {"dtype": kinds, "shape": st.lists(sizes, max_size=4), "data_offsets": st.lists(places, min_size=2, max_size=2)}
    )
    entries = draw(st.lists(st.tuples(st.sampled_from([*names, "more"]) | texts, tensor | values), max_size=4))
    about = draw(metadata)
    fields = [*entries, ("__metadata__", about)] if about is not None else entries
    header = ("{" + ",".join(f"{json.dumps(name)}:{json.dumps(entry)}" for name, entry in fields) + "}").encode()
    length = draw(st.just(len(header)) | numbers)
    return struct.pack("<Q", length) + header + data


@st.composite
def odd_models(draw: st.DrawFn) -> bytes:
    """The small model with anything in its metadata."""
    about = {"format": "swipefl-checkpoint-1", "architecture": "bilstm-1", "score": {"alpha": 1, "beta": 1}, "info": {}}
    part = draw(st.sampled_from(list(about)))
    about[part] = draw(values | st.dictionaries(st.sampled_from(["alpha", "beta", "temperature", "doubt"]), values))
    said = json.dumps(about) if draw(st.booleans()) else draw(texts | st.just("[" * 100_000))
    size = draw(st.sampled_from([np.float16, np.float32, np.float64, np.int8, np.int64, np.complex64]))
    return save({name: array.astype(size) for name, array in WEIGHTS.items()}, {"swipefl": said})


# the properties: what is tried, and what must hold


def said_of(call: Callable[[], Any], kind: type[Exception]) -> tuple[Any, Any]:
    """What a call gives, or its error, which must be of this kind."""
    try:
        return call(), None
    except kind as error:
        return None, error


def a_token(text: str) -> None:
    token, error = said_of(lambda: Token.parse(text), UsageError)
    assert token or len(str(error)) < 200


def a_pin(keys: wire.SigningKeys) -> None:
    token = Token.of(bytes(16), public_bytes(KEYS[0]))
    pinned, error = said_of(lambda: token.pin(keys), CheckpointError)
    assert error or (pinned == keys.public_key and len(pinned) == 32)


def a_succession(keys: wire.SigningKeys) -> None:
    """Nothing leads to a key but a link that the key before it signed; the last of KEYS was never named so."""
    trusted, error = said_of(lambda: successor(public_bytes(KEYS[0]), keys), CheckpointError)
    assert error or public_bytes(KEYS[3]) != trusted == keys.public_key


def a_manifest(signed: wire.SignedManifest) -> None:
    manifest, error = said_of(lambda: verified_manifest(signed, public_bytes(KEYS[0])), CheckpointError)
    assert error or (0 < manifest.version < 2**63, len(manifest.sha256)) == (True, 32)


def a_plan(plan: wire.TrainingPlan) -> None:
    asked = ContributionPlan.of(plan)
    assert (1 <= asked.epochs <= 10, 1 <= asked.batch_size <= 256) == (True, True)
    assert (1e-6 <= asked.learning_rate <= 10, 1e-6 <= asked.max_norm <= 1000) == (True, True)
    assert ContributionPlan.from_json(asked.to_json()) == asked


def an_update(blob: bytes) -> None:
    change, error = said_of(lambda: decode_update(blob, SHAPES), BadUpdate)
    if error:
        assert re.fullmatch("[a-z-]+", error.reason)
        return
    assert {name: array.shape for name, array in change.items()} == SHAPES
    assert isfinite(norm_of(change))
    assert encoded_norms(blob, SHAPES).whole == pytest.approx(norm_of(change), rel=1e-4)


def a_model(blob: bytes) -> None:
    def read() -> Checkpoint:
        checkpoint = checkpoint_from_bytes(blob)
        fitting(checkpoint)
        return checkpoint

    checkpoint, error = said_of(read, CheckpointError)
    if error:
        assert len(str(error)) < 400
        return
    again = checkpoint_from_bytes(checkpoint.to_bytes())
    assert again.fingerprint == checkpoint.fingerprint
    assert all(isinstance(fact, str) for fact in (*checkpoint.info, *checkpoint.info.values()))
    assert all(isfinite(weight) for weight in checkpoint.score.of_parts)


links = st.builds(
    lambda old, new, by, signature: wire.Succession(
        old_public_key=public_bytes(KEYS[old]),
        new_public_key=public_bytes(KEYS[new]),
        signature=succession(KEYS[by], KEYS[new]).signature if signature is None else signature,
    ),
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.none() | st.binary(max_size=70),
).filter(lambda link: link.new_public_key != public_bytes(KEYS[3]) or len(link.signature) != 64)
odd_links = st.builds(
    wire.Succession, old_public_key=st.binary(max_size=40), new_public_key=st.binary(max_size=40), signature=st.binary()
)
signing_keys = st.builds(
    wire.SigningKeys,
    public_key=st.sampled_from([public_bytes(key) for key in KEYS]) | st.binary(max_size=40),
    successions=st.lists(links | odd_links, max_size=6),
)
manifests = st.builds(
    wire.Manifest,
    version=numbers,
    architecture=texts,
    fingerprint=texts,
    sha256=st.binary(min_size=32, max_size=32) | st.binary(max_size=300),
    size_bytes=numbers,
)
right_manifests = manifests.map(lambda manifest: signed_manifest(manifest, KEYS[0]))
wrong_manifests = st.builds(wire.SignedManifest, manifest=st.binary(), signature=st.binary(max_size=70))
plans = st.builds(
    wire.TrainingPlan,
    epochs=st.integers(0, 2**32 - 1),
    batch_size=st.integers(0, 2**32 - 1),
    learning_rate=st.floats(),
    max_norm=st.floats(),
)
any_metadata = st.none() | st.dictionaries(texts, texts, max_size=2) | values

PROPERTIES: dict[str, tuple[Callable[[Any], None], st.SearchStrategy[Any], int]] = {
    "tokens": (
        a_token,
        texts
        | texts.map(lambda text: f"swipefl_{text}")
        | mutated(str(Token(bytes(16), bytes(32))).encode()).map(lambda blob: blob.decode("latin-1")),
        60_000,
    ),
    "pinned keys": (a_pin, signing_keys, 20_000),
    "successions": (a_succession, signing_keys, 20_000),
    "manifests": (a_manifest, right_manifests | wrong_manifests, 20_000),
    "plans": (a_plan, plans, 20_000),
    "updates": (an_update, st.binary(max_size=500) | mutated(UPDATE), 60_000),
    "updates by hand": (
        an_update,
        odd_tensors([f"{name}.{part}" for name in SHAPES for part in ("int8", "scale")], any_metadata),
        15_000,
    ),
    "models": (a_model, st.binary(max_size=500) | mutated(MODEL), 60_000),
    "models by hand": (a_model, odd_tensors(SMALL.shapes(), any_metadata), 15_000),
    "models about anything": (a_model, odd_models(), 20_000),
}


def tried(check: Callable[[Any], None], strategy: st.SearchStrategy[Any], how: settings) -> None:
    """`check` of many examples of `strategy`, none of which takes much memory."""

    def small(example: Any) -> None:
        before = peak_mb()
        check(example)
        assert peak_mb() - before < MOST_MB

    how(given(strategy)(small))()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("what", PROPERTIES)
def test_no_bytes_break_what_reads_them(what: str) -> None:
    check, strategy, _ = PROPERTIES[what]
    tried(check, strategy, SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("what", PROPERTIES)
def test_no_bytes_break_what_reads_them_in_a_long_campaign(what: str) -> None:
    check, strategy, count = PROPERTIES[what]
    tried(check, strategy, settings(LONG, max_examples=count))


# a coordinator that is sent anything

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


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    """A coordinator that lets one device call as often as it likes."""
    limits = Limits(calls_a_minute=10**9, upload_bytes_a_day=10**18, wrong_tokens_a_minute=10**9)
    with in_process(tmp_path_factory.mktemp("coordinator"), Policy(limits=limits, buffer=10**9)) as coordinator:
        yield coordinator


def whatever_is_called(serving: Coordinator, how: settings) -> None:
    device = serving.device()
    with grpc.insecure_channel(serving.address) as channel:

        def call(called: tuple[str, list[bytes]]) -> None:
            method, requests = called
            begin = channel.stream_stream(f"/{SERVICE}/{method}")
            _, error = said_of(lambda: list(begin(iter(requests), metadata=device.metadata, timeout=20)), grpc.RpcError)
            assert error is None or error.code() in EXPECTED, (error.code(), error.details())

        tried(call, any_calls, how)
    with serving.state() as state:
        assert len(state.waiting()) <= 1  # at most what was right by chance
    assert serving.device().upload(BLOB).outcome == wire.OUTCOME_ACCEPTED


# a device that is answered anything


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
    assert sum(file.stat().st_size for file in home.glob("*.part")) < 1000


def test_no_calls_break_a_coordinator(serving: Coordinator) -> None:
    whatever_is_called(serving, SHORT)


def test_no_answers_break_a_device(tmp_path: Path) -> None:
    whatever_is_answered(tmp_path, SHORT)


@pytest.mark.slow
def test_no_calls_break_a_coordinator_in_a_long_campaign(serving: Coordinator) -> None:
    whatever_is_called(serving, settings(LONG, max_examples=20_000))


@pytest.mark.slow
def test_no_answers_break_a_device_in_a_long_campaign(tmp_path: Path) -> None:
    whatever_is_answered(tmp_path, settings(LONG, max_examples=5_000))
