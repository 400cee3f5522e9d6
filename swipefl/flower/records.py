"""What crosses Flower, as its records: the version that a server offers, and what a node answers.

A message's content holds `arrays` (float32, by name), `config` (texts, bytes) and `metrics` (numbers), each where there
is any. What a server offers is signed; a node that shows it to be so may still follow another server's key.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict
from google.protobuf.message import DecodeError

from swipefl.arrays import Floats
from swipefl.decoder.checkpoint import SCORE, Checkpoint, ScoreWeights, Weights
from swipefl.decoder.encoder import MOST_PARAMETERS, Architecture, usable
from swipefl.errors import BadUpdate, CheckpointError, Remedy, TrustError, UnusableModel
from swipefl.federation.protocol.signing import (
    public_bytes,
    signed_contribution,
    signed_inclusion,
    verified_manifest,
    verify_contribution,
    verify_inclusion,
)
from swipefl.federation.update import Delta, Shapes
from swipefl.federation.wire.v1.federation_pb2 import SignedManifest, SigningKeys

ARRAYS, CONFIG, METRICS = "arrays", "config", "metrics"
WEIGHT = "num-examples"  # what Flower's strategies weigh by
LONGEST_ID = 64
MOST_HEADER = 1024  # bytes of an array's, which holds its dtype and shape


@dataclass(frozen=True, eq=False)
class Offer:
    """A version that the server with this public `key` has signed, the SHA-256 of its model's bytes in float32.

    `included` names the contribution of each participant that last went into one; `proof` is the signed manifest, by
    which a node shows that server later which version it has.
    """

    key: bytes
    version: int
    sha256: bytes
    model: Checkpoint
    included: Mapping[str, str]
    proof: bytes


@dataclass(frozen=True)
class Asked:
    """What a training is asked for with: the attempt, and the norm that an answer may have."""

    attempt: str
    max_norm: float


@dataclass(frozen=True, eq=False)
class Given:
    """What a node gives: the change that its `updates` come to together, and how much they weigh."""

    participant: str
    attempt: str
    contribution: str
    delta: Delta
    weight: float
    updates: int
    examples: int


def arrays_of(parameters: Weights) -> ArrayRecord:
    """Parameters, or a change of them, in the order of their names."""
    return ArrayRecord({name: Array(np.ascontiguousarray(parameters[name], np.float32)) for name in sorted(parameters)})


def read_arrays(record: Any, shapes: Shapes) -> Delta:
    """The arrays of a record, which may come from anyone. Raises BadUpdate unless they fit `shapes` and are finite.

    What is not as long as it has to be is not read: a header could ask for any amount of memory.
    """
    if not isinstance(record, ArrayRecord):
        raise BadUpdate("no-arrays", "there are no arrays")
    if missing := shapes.keys() - record.keys():
        raise BadUpdate("missing-tensor", "{count} tensors are missing that the model has", count=len(missing))
    if extra := record.keys() - shapes.keys():
        raise BadUpdate("extra-tensor", "there are {count} tensors that the model has not", count=len(extra))
    return {name: _read(name, record[name], tuple(shapes[name])) for name in sorted(shapes)}


def _read(name: str, array: Array, shape: tuple[int, ...]) -> Floats:
    size = 4 * math.prod(shape)
    if array.stype != "numpy.ndarray" or not size < len(array.data) <= size + MOST_HEADER:
        raise BadUpdate("wrong-size", "{tensor} is not as long as the model's", tensor=name)
    stream = BytesIO(array.data)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError
        said, is_fortran, kind = np.lib.format.read_array_header_1_0(stream)
    except Exception as error:  # whatever a text that is evaluated as a literal can come to
        raise BadUpdate("damaged", "{tensor} is damaged and cannot be read", tensor=name) from error
    if kind != np.dtype("<f4"):
        raise BadUpdate("wrong-dtype", "{tensor} is not float32", tensor=name)
    raw = array.data[stream.tell() :]
    if said != shape or len(raw) != size:
        raise BadUpdate("wrong-shape", "{tensor} has another shape than the model's", tensor=name)
    read = np.frombuffer(raw, np.float32).reshape(shape, order="F" if is_fortran else "C")
    if not np.isfinite(read).all():
        raise BadUpdate("not-finite", "{tensor} holds numbers that are not finite", tensor=name)
    return np.ascontiguousarray(read)


def about(model: Checkpoint) -> str:
    """All of a checkpoint but its weights."""
    facts = {"architecture": model.architecture, "score": model.score.to_json(), "info": dict(model.info)}
    return json.dumps(facts, sort_keys=True)


def offer(model: Checkpoint, signed: SignedManifest, included: Mapping[str, str], key: Ed25519PrivateKey) -> RecordDict:
    """A version with its signed manifest, as it is offered; `key` signs what is included, too."""
    said = included_bytes(included)
    config: dict[str, Any] = {
        "key": public_bytes(key),
        "manifest": signed.manifest,
        "signature": signed.signature,
        "about": about(model),
        "included": said,
        "seal": signed_inclusion(signed, said, key),
    }
    return RecordDict({ARRAYS: arrays_of(model.parameters), CONFIG: ConfigRecord(config)})


def included_bytes(included: Mapping[str, str]) -> bytes:
    """Which contribution of whom went into a version last, at rest and as it is signed."""
    return json.dumps(dict(included), sort_keys=True).encode()


def offer_of(content: RecordDict) -> Offer:
    """The version that a message offers, whole and signed by the key that it names.

    Raises TrustError where it is not, UnusableModel for a model that this swipefl cannot use.
    """
    config: Any = content.get(CONFIG)
    try:
        key, included, seal = (_bytes(config, name) for name in ("key", "included", "seal"))
        signed = SignedManifest(manifest=_bytes(config, "manifest"), signature=_bytes(config, "signature"))
        said = json.loads(str(config["about"]))
        architecture = Architecture.named(str(said["architecture"]))
        score, info = ScoreWeights.from_json(said["score"]), {str(k): str(v) for k, v in said["info"].items()}
    except CheckpointError as error:
        raise UnusableModel("unusable-model", "the server's model cannot be used here: {why}", why=error) from error
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _unreadable() from error
    try:
        manifest = verified_manifest(signed, key)
    except TrustError as error:
        if error.code != "wrong-signature":
            raise
        what = "the server did not sign the version that it offers; nothing of it was used"
        raise TrustError("unsigned-version", what, Remedy.ASK_OWNER) from error
    verify_inclusion(signed, included, seal, key)
    model = _model(content.get(ARRAYS), architecture, score, info)
    if sha256(model.to_bytes()).digest() != manifest.sha256:
        what = "the server offers another model than the one that it signed; nothing of it was used"
        raise TrustError("another-model", what, Remedy.ASK_OWNER)
    try:
        usable(model)
    except CheckpointError as error:
        raise UnusableModel("unusable-model", "the server's model cannot be used here: {why}", why=error) from error
    return Offer(key, manifest.version, manifest.sha256, model, _included(included), signed.SerializeToString())


def proven(proof: Any, key: bytes) -> tuple[int, bytes]:
    """The version that a node has, and the SHA-256 of its model, by a manifest that `key` signed; 0 without one.

    What a node says of itself could move a server to any number.
    """
    try:
        manifest = verified_manifest(SignedManifest.FromString(proof), key)
    except (TrustError, DecodeError, TypeError):
        return 0, b""
    return manifest.version, manifest.sha256


def _model(arrays: Any, architecture: Architecture, score: ScoreWeights, info: Mapping[str, str]) -> Checkpoint:
    if architecture.size > MOST_PARAMETERS:
        raise UnusableModel("unusable-model", "the server's model has more weights than this swipefl takes")
    try:
        parameters = read_arrays(arrays, architecture.parameter_shapes())
    except BadUpdate as error:
        raise TrustError(
            "another-model", "the server's model does not fit: {why}", Remedy.ASK_OWNER, why=error
        ) from error
    return Checkpoint(str(architecture), {n: a for n, a in parameters.items() if n != SCORE}, score, info)


def _bytes(config: Any, name: str) -> bytes:
    value = config[name]
    if not isinstance(value, bytes):
        raise TypeError(name)
    return value


def _included(text: bytes) -> dict[str, str]:
    try:
        return {str(participant): str(contribution) for participant, contribution in json.loads(text).items()}
    except (AttributeError, ValueError, RecursionError) as error:
        raise _unreadable() from error


def _unreadable() -> TrustError:
    return TrustError("unreadable-offer", "what the server says cannot be read; nothing of it was used", Remedy.UPGRADE)


def asked_of(content: RecordDict) -> Asked:
    """What a training is asked for with. Raises TrustError where that makes no sense."""
    try:
        config: Any = content[CONFIG]
        attempt, max_norm = config["attempt"], float(config["max-norm"])
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable() from error
    if not is_id(attempt) or not 0 < max_norm < math.inf:
        raise _unreadable()
    return Asked(attempt, max_norm)


def is_id(text: object) -> bool:
    """Whether it can be an attempt's, a participant's or a contribution's: it comes into logs and files."""
    return isinstance(text, str) and 0 < len(text) <= LONGEST_ID and text.isascii() and text.isalnum()


def given(gift: Given) -> RecordDict:
    """What a node gives, as its answer."""
    texts: dict[str, Any] = {
        "participant": gift.participant,
        "attempt": gift.attempt,
        "contribution": gift.contribution,
    }
    numbers: dict[str, Any] = {WEIGHT: float(gift.weight), "updates": gift.updates, "examples": gift.examples}
    return RecordDict({ARRAYS: arrays_of(gift.delta), CONFIG: ConfigRecord(texts), METRICS: MetricRecord(numbers)})


def signed_by(content: RecordDict, gift: Given, key: Ed25519PrivateKey, keys: SigningKeys) -> RecordDict:
    """The answer of a coordinator, which signs it with its key: no other node can give in its name."""
    config = {"keys": keys.SerializeToString(), "signature": signed_contribution(said_by(gift), key)}
    content[CONFIG] = ConfigRecord({**content.config_records[CONFIG], **config})
    return content


def said_by(gift: Given) -> bytes:
    """All that a node gives, as it is signed."""
    said: dict[str, Any] = {name: value for name, value in vars(gift).items() if name != "delta"}
    arrays = sha256()
    for name in sorted(gift.delta):
        arrays.update(name.encode() + b"\0" + np.ascontiguousarray(gift.delta[name], "<f4").tobytes())
    return json.dumps({**said, "weight": float(gift.weight), "sha256": arrays.hexdigest()}, sort_keys=True).encode()


def verify_said(content: RecordDict, gift: Given) -> None:
    """Raises BadUpdate where it was not the named coordinator that gave this."""
    try:
        config: Any = content[CONFIG]
        keys = SigningKeys.FromString(_bytes(config, "keys"))
        verify_contribution(said_by(gift), _bytes(config, "signature"), keys, gift.participant)
    except (KeyError, TypeError, DecodeError, TrustError) as error:
        raise BadUpdate("not-its-own", "the answer is not signed by whom it names") from error


def device_name(node: int) -> str:
    """What a node that is a device is known by."""
    return f"device{node % 2**64:016x}"


def nothing(reason: str, says: str) -> RecordDict:
    """That a node gives nothing, and why: a code, and in words."""
    return RecordDict({CONFIG: ConfigRecord({"reason": reason, "says": says})})


def standing(participant: str, proof: bytes, waiting: int, fewest: int) -> RecordDict:
    """Where a node stands: which version it followed last, how many updates wait, and how few it would give."""
    texts: dict[str, Any] = {"participant": participant, "proof": proof}
    numbers: dict[str, Any] = {"waiting": waiting, "fewest": fewest}
    return RecordDict({CONFIG: ConfigRecord(texts), METRICS: MetricRecord(numbers)})


def judged(participant: str, version: int, swipes: int, before: float | None, after: float | None) -> RecordDict:
    """That a node has a version now; where it judges, top-1 on its holdout with the one before and with this one.

    `swipes` is what the judgement weighs.
    """
    numbers: dict[str, Any] = {WEIGHT: swipes, "version": version}
    if before is not None and after is not None:
        numbers |= {"top1-before": before, "top1-after": after}
    return RecordDict({CONFIG: ConfigRecord({"participant": participant}), METRICS: MetricRecord(numbers)})
