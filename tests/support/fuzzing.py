"""Anything at all for what reads bytes of the network, and what must hold whatever it is."""

import json
import re
import resource
import struct
from collections.abc import Callable, Iterable
from math import isfinite
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from swipefl.decoder.checkpoint import Checkpoint, ScoreWeights, checkpoint_from_bytes
from swipefl.decoder.encoder import MOST_WEIGHT, Architecture, usable
from swipefl.errors import BadUpdate, CheckpointError, TrustError, UsageError
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.protocol.signing import public_bytes, signed_manifest, succession, successor, verified_manifest
from swipefl.federation.protocol.token import Token
from swipefl.federation.update import decode_update, encode_update, encoded_norms, norm_of
from swipefl.federation.wire.v1 import federation_pb2 as wire
from tests.support.updates import delta

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
    pinned, error = said_of(lambda: token.pin(keys), TrustError)
    assert error or (pinned == keys.public_key and len(pinned) == 32)


def a_succession(keys: wire.SigningKeys) -> None:
    """Nothing leads to a key but a link that the key before it signed; the last of KEYS was never named so."""
    trusted, error = said_of(lambda: successor(public_bytes(KEYS[0]), keys), TrustError)
    assert error or public_bytes(KEYS[3]) != trusted == keys.public_key


def a_manifest(signed: wire.SignedManifest) -> None:
    manifest, error = said_of(lambda: verified_manifest(signed, public_bytes(KEYS[0])), TrustError)
    assert error or (0 < manifest.version < 2**63, len(manifest.sha256)) == (True, 32)


def a_plan(plan: wire.TrainingPlan) -> None:
    asked = Plan.of(plan)
    assert (1 <= asked.epochs <= 10, 1 <= asked.batch_size <= 256) == (True, True)
    assert (1e-6 <= asked.learning_rate <= 10, 1e-6 <= asked.max_norm <= 1000) == (True, True)
    assert Plan.from_json(asked.to_json()) == asked


def an_update(blob: bytes) -> None:
    change, error = said_of(lambda: decode_update(blob, SHAPES), BadUpdate)
    if error:
        assert re.fullmatch("[a-z-]+", error.code)
        return
    assert {name: array.shape for name, array in change.items()} == SHAPES
    assert isfinite(norm_of(change))
    assert encoded_norms(blob, SHAPES).whole == pytest.approx(norm_of(change), rel=1e-4)


def a_model(blob: bytes) -> None:
    def read() -> Checkpoint:
        return usable(checkpoint_from_bytes(blob))

    checkpoint, error = said_of(read, CheckpointError)
    if error:
        assert len(str(error)) < 400
        return
    again = checkpoint_from_bytes(checkpoint.to_bytes())
    assert again.fingerprint == checkpoint.fingerprint
    assert all(isinstance(fact, str) for fact in (*checkpoint.info, *checkpoint.info.values()))
    assert all(isfinite(weight) for weight in checkpoint.score.of_parts)
    assert max(float(np.abs(array).max()) for array in checkpoint.weights.values()) <= MOST_WEIGHT


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
