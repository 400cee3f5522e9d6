"""Who may say what the global model is: ed25519 keys, manifests they sign, and how a key hands over to the next."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from google.protobuf.message import DecodeError

from swipefl.errors import Remedy, TrustError
from swipefl.federation.protocol.bounds import LARGEST_VERSION
from swipefl.federation.wire.v1.federation_pb2 import Manifest, SignedManifest, SigningKeys, Succession

# What is signed begins with what it is, so that a signature of one kind of thing is none of another.
_MANIFEST = b"swipefl manifest v1\n"
_SUCCESSION = b"swipefl succession v1\n"
_INCLUSION = b"swipefl inclusion v1\n"
_CONTRIBUTION = b"swipefl contribution v1\n"


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The public half (32 bytes) of a signing key."""
    return key.public_key().public_bytes_raw()


def signed_manifest(manifest: Manifest, key: Ed25519PrivateKey) -> SignedManifest:
    """`manifest`, signed."""
    blob = manifest.SerializeToString(deterministic=True)
    return SignedManifest(manifest=blob, signature=key.sign(_MANIFEST + blob))


def verified_manifest(signed: SignedManifest, public_key: bytes) -> Manifest:
    """What `public_key` signed. Raises TrustError where it did not, or where it makes no sense."""
    if not _signed(public_key, _MANIFEST + signed.manifest, signed.signature):
        raise TrustError(
            "wrong-signature",
            "the coordinator offers a model that the key pinned at enrolment did not sign; nothing of it was loaded",
            Remedy.ASK_OWNER_OR_REJOIN,
        )
    try:
        manifest = Manifest.FromString(signed.manifest)
    except DecodeError as error:
        raise TrustError("unreadable-manifest", "the coordinator's manifest cannot be read", Remedy.UPGRADE) from error
    if not 0 < manifest.version <= LARGEST_VERSION or len(manifest.sha256) != 32:
        raise TrustError(
            "no-manifest", "the coordinator's manifest describes no model; nothing was loaded", Remedy.ASK_OWNER
        )
    return manifest


def signed_inclusion(signed: SignedManifest, included: bytes, key: Ed25519PrivateKey) -> bytes:
    """The signature of what went into the model of a manifest."""
    return key.sign(_INCLUSION + signed.signature + included)


def verify_inclusion(signed: SignedManifest, included: bytes, signature: bytes, public_key: bytes) -> None:
    """Raises TrustError where `public_key` did not say that this went into the model of a manifest."""
    if not _signed(public_key, _INCLUSION + signed.signature + included, signature):
        what = "what is said to be in a model was not signed with it; nothing of it was used"
        raise TrustError("wrong-inclusion", what, Remedy.ASK_OWNER)


def name_of(keys: SigningKeys) -> str:
    """What a coordinator is known by among others: its first signing key, hashed; whichever key signs now."""
    first = keys.successions[0].old_public_key if keys.successions else keys.public_key
    return hashlib.sha256(first).hexdigest()[:32]


def signed_contribution(contribution: bytes, key: Ed25519PrivateKey) -> bytes:
    """The signature of what a coordinator says that it gives."""
    return key.sign(_CONTRIBUTION + contribution)


def verify_contribution(contribution: bytes, signature: bytes, keys: SigningKeys, name: str) -> None:
    """Raises TrustError where the coordinator of that name, whose keys these are to be, did not say this."""
    first = keys.successions[0].old_public_key if keys.successions else keys.public_key
    if name != name_of(keys) or not _signed(successor(first, keys), _CONTRIBUTION + contribution, signature):
        what = "what is given was not signed by the coordinator that it is said to be of"
        raise TrustError("wrong-contribution", what, Remedy.ASK_OWNER)


def succession(old: Ed25519PrivateKey, new: Ed25519PrivateKey) -> Succession:
    """`old` says that `new` signs from now on."""
    return Succession(
        old_public_key=public_bytes(old),
        new_public_key=public_bytes(new),
        signature=old.sign(_SUCCESSION + public_bytes(new)),
    )


def successor(pinned: bytes, keys: SigningKeys) -> bytes:
    """The key that signs now, reached link by link from the `pinned` one. Raises TrustError if none does."""
    trusted = pinned
    for link in keys.successions:
        if link.old_public_key == trusted and _signed(trusted, _SUCCESSION + link.new_public_key, link.signature):
            trusted = link.new_public_key
    if trusted != keys.public_key:
        raise TrustError(
            "wrong-key",
            "the coordinator signs with another key than the one pinned at enrolment, and that one did not name it; "
            "nothing was loaded",
            Remedy.ASK_OWNER_OR_REJOIN,
        )
    return trusted


def _signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
