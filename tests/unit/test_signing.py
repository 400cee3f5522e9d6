"""Who may say what the global model is: what one key signed counts as that and as nothing else."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from swipefl.errors import TrustError
from swipefl.federation.protocol.signing import public_bytes, signed_manifest, succession, successor, verified_manifest
from swipefl.federation.wire.v1.federation_pb2 import Manifest, SignedManifest, SigningKeys, Succession

OLD, NEW, NEWEST, FOREIGN = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(4))
MANIFEST = Manifest(version=7, architecture="bilstm-1", fingerprint="f" * 64, sha256=b"s" * 32, size_bytes=1000)


def changed(**facts: object) -> SignedManifest:
    """MANIFEST with other facts, signed all the same."""
    manifest = Manifest()
    manifest.CopyFrom(MANIFEST)
    for name, fact in facts.items():
        setattr(manifest, name, fact)
    return signed_manifest(manifest, OLD)


def signs(*links: Succession, by: Ed25519PrivateKey) -> SigningKeys:
    return SigningKeys(public_key=public_bytes(by), successions=links)


def test_a_manifest_is_read_where_its_key_signed_it_and_nowhere_else() -> None:
    signed = signed_manifest(MANIFEST, OLD)
    assert verified_manifest(signed, public_bytes(OLD)) == MANIFEST
    cut = SignedManifest(manifest=signed.manifest, signature=signed.signature[:-1])
    swapped = SignedManifest(manifest=changed(version=8).manifest, signature=signed.signature)
    for bad, key in ((signed, public_bytes(FOREIGN)), (signed, b"no key"), (cut, public_bytes(OLD))):
        with pytest.raises(TrustError, match="did not sign") as caught:
            verified_manifest(bad, key)
        assert caught.value.code == "wrong-signature"
    with pytest.raises(TrustError, match="did not sign"):
        verified_manifest(swapped, public_bytes(OLD))


@pytest.mark.parametrize("facts", [{"version": 1}, {"version": 2**63 - 1}])
def test_a_manifest_of_any_version_that_a_store_can_hold_is_read(facts: dict[str, object]) -> None:
    assert verified_manifest(changed(**facts), public_bytes(OLD)).version == facts["version"]


@pytest.mark.parametrize(
    "facts", [{"version": 0}, {"version": 2**63}, {"sha256": b"s" * 31}, {"sha256": b"s" * 33}, {"sha256": b""}]
)
def test_a_signed_manifest_that_describes_no_model_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(TrustError, match="no model") as caught:
        verified_manifest(changed(**facts), public_bytes(OLD))
    assert caught.value.code == "no-manifest"


def test_signed_bytes_that_are_no_manifest_are_refused() -> None:
    blob = b"\xff\xff\xff"
    signed = SignedManifest(manifest=blob, signature=OLD.sign(b"swipefl manifest v1\n" + blob))
    with pytest.raises(TrustError, match="cannot be read") as caught:
        verified_manifest(signed, public_bytes(OLD))
    assert caught.value.code == "unreadable-manifest"


def test_what_is_signed_stays_what_it_was() -> None:
    """Else no device would believe a coordinator of another version."""
    signature = signed_manifest(MANIFEST, OLD).signature + succession(OLD, NEW).signature
    assert hashlib.sha256(signature).hexdigest() == "a240465f5061371f66f8b0f29822573874d9ed3bc947302c3ff64577e0d31455"


def test_a_key_is_reached_link_by_link_and_by_right_signatures_alone() -> None:
    first, second = succession(OLD, NEW), succession(NEW, NEWEST)
    assert successor(public_bytes(OLD), signs(by=OLD)) == public_bytes(OLD)
    assert successor(public_bytes(OLD), signs(first, second, by=NEWEST)) == public_bytes(NEWEST)
    assert successor(public_bytes(NEW), signs(first, second, by=NEWEST)) == public_bytes(NEWEST)
    assert successor(public_bytes(NEWEST), signs(first, second, by=NEWEST)) == public_bytes(NEWEST)
    forged = Succession(
        old_public_key=public_bytes(OLD),
        new_public_key=public_bytes(FOREIGN),
        signature=succession(FOREIGN, FOREIGN).signature,
    )
    not_by_it = succession(FOREIGN, NEWEST)
    assert successor(public_bytes(OLD), signs(forged, first, not_by_it, by=NEW)) == public_bytes(NEW)
    for keys in (
        signs(by=FOREIGN),
        signs(forged, by=FOREIGN),
        signs(first, forged, by=FOREIGN),
        signs(not_by_it, by=NEWEST),
        signs(second, by=NEWEST),
        signs(first, by=OLD),
    ):
        with pytest.raises(TrustError, match="another key") as caught:
            successor(public_bytes(OLD), keys)
        assert caught.value.code == "wrong-key"


@pytest.mark.parametrize("said", [b"", b"swipefl manifest v1\n"])
def test_a_signature_of_something_else_hands_over_no_key(said: bytes) -> None:
    link = Succession(
        old_public_key=public_bytes(OLD),
        new_public_key=public_bytes(NEW),
        signature=OLD.sign(said + public_bytes(NEW)),
    )
    with pytest.raises(TrustError, match="another key"):
        successor(public_bytes(OLD), signs(link, by=NEW))
    blob = MANIFEST.SerializeToString(deterministic=True)
    for prefix in (b"", b"swipefl succession v1\n"):
        with pytest.raises(TrustError, match="did not sign"):
            verified_manifest(SignedManifest(manifest=blob, signature=OLD.sign(prefix + blob)), public_bytes(OLD))
