"""A version as it is offered, and what must be right of it before anything of it is used."""

from collections.abc import Callable
from hashlib import sha256

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flwr.app import Array, ConfigRecord, RecordDict

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.errors import TrustError, UnusableModel
from swipefl.federation.protocol.signing import public_bytes, signed_manifest
from swipefl.federation.wire.v1.federation_pb2 import Manifest
from swipefl.flower.records import asked_of, offer, offer_of
from tests.support.states import SMALL

KEY = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()
INCLUDED = {"here": "c1", "there": "c2"}


def offered(model: Checkpoint = SMALL, version: int = 3) -> RecordDict:
    manifest = Manifest(version=version, architecture=model.architecture, sha256=sha256(model.to_bytes()).digest())
    return offer(model, signed_manifest(manifest, KEY), INCLUDED, KEY)


@pytest.mark.parametrize("model", [SMALL, base_checkpoint()])
def test_what_is_offered_is_read_as_it_is(model: Checkpoint) -> None:
    read = offer_of(offered(model))
    assert (read.version, read.key, read.included) == (3, public_bytes(KEY), INCLUDED)
    assert read.model.to_bytes() == model.to_bytes()


def _config(name: str, value: object) -> Callable[[RecordDict], None]:
    def change(content: RecordDict) -> None:
        content["config"] = ConfigRecord({**content["config"], name: value})  # type: ignore[dict-item]

    return change


def _weights(content: RecordDict) -> None:
    array = content["arrays"]["head.bias"].numpy() + np.float32(0.1)
    content["arrays"]["head.bias"] = Array(array)


def _drop(name: str) -> Callable[[RecordDict], None]:
    def change(content: RecordDict) -> None:
        config = dict(content["config"])
        del config[name]
        content["config"] = ConfigRecord(config)

    return change


@pytest.mark.parametrize(
    "spoil",
    [
        _weights,
        _config("included", b'{"here": "c9"}'),
        _config("included", b"[]"),
        _config("key", public_bytes(OTHER)),
        _config("key", "text"),
        _config("seal", b"x" * 64),
        _config("signature", b"x" * 64),
        _config("manifest", Manifest(version=4).SerializeToString()),
        _config("about", "{}"),
        _config("about", "[" * 100_000),
        _config("about", '{"architecture": "bilstm-5", "score": {"alpha": 1.0, "beta": 2.0}, "info": {}}'),
        _config("about", '{"architecture": "bilstm-4", "score": {"alpha": 1.5, "beta": 2.0}, "info": {}}'),
        *[_drop(name) for name in ("key", "manifest", "signature", "about", "included", "seal")],
        lambda content: content.pop("arrays"),
        lambda content: content.pop("config"),
    ],
)
def test_what_was_changed_on_its_way_is_not_used(spoil: Callable[[RecordDict], object]) -> None:
    content = offered()
    spoil(content)
    with pytest.raises(TrustError):
        offer_of(content)


def test_a_wrong_signature_is_said_as_what_it_is() -> None:
    content = offered()
    _config("signature", b"x" * 64)(content)
    with pytest.raises(TrustError, match="the server did not sign") as refused:
        offer_of(content)
    assert refused.value.code == "unsigned-version"


@pytest.mark.parametrize("name", ["bilstm-99999", "transformer-1"])
def test_a_model_of_another_time_is_said_to_be_one(name: str) -> None:
    content = offered()
    _config("about", f'{{"architecture": "{name}", "score": {{"alpha": 1.0, "beta": 2.0}}, "info": {{}}}}')(content)
    with pytest.raises(UnusableModel):
        offer_of(content)


@pytest.mark.parametrize(
    "config", [{}, {"attempt": "a"}, {"attempt": "a/b", "max-norm": 1.0}, {"attempt": "a", "max-norm": float("nan")}]
)
def test_a_training_that_is_asked_for_without_sense_is_not_begun(config: dict[str, str | float]) -> None:
    with pytest.raises(TrustError):
        asked_of(RecordDict({"config": ConfigRecord(config)}))
