"""A one-time token: the right to enrol one device, and the hash by which that device knows its coordinator."""

import base64
import hashlib
from dataclasses import dataclass, field

from swipefl.errors import Remedy, TrustError, UsageError
from swipefl.federation.protocol.signing import successor
from swipefl.federation.wire.v1.federation_pb2 import SigningKeys

_PREFIX = "swipefl_"
SECRET_BYTES = 16
CREDENTIAL_BYTES = 32  # what a device trades its token for


@dataclass(frozen=True)
class Token:
    """A secret (16 bytes) and the SHA-256 of the signing key in force when it was made."""

    secret: bytes = field(repr=False)
    key_hash: bytes

    @classmethod
    def of(cls, secret: bytes, public_key: bytes) -> "Token":
        """A token of the coordinator with this signing key."""
        return cls(secret, hashlib.sha256(public_key).digest())

    @classmethod
    def parse(cls, text: str) -> "Token":
        """The inverse of `str`. Raises UsageError."""
        try:
            if not text.startswith(_PREFIX):
                raise ValueError
            raw = base64.b64decode(text.removeprefix(_PREFIX), altchars=b"-_", validate=True)
            if len(raw) != SECRET_BYTES + 32:
                raise ValueError
        except ValueError:
            raise UsageError(
                "no-token", "this is no token; one begins with {prefix}", Remedy.NEW_TOKEN, prefix=_PREFIX
            ) from None
        return cls(raw[:SECRET_BYTES], raw[SECRET_BYTES:])

    def __str__(self) -> str:
        return _PREFIX + base64.urlsafe_b64encode(self.secret + self.key_hash).decode()

    def pin(self, keys: SigningKeys) -> bytes:
        """The key to trust from now on: the one hashed here, or what it was handed over to. Raises TrustError."""
        offered = [keys.public_key, *(link.old_public_key for link in keys.successions)]
        for key in offered:
            if hashlib.sha256(key).digest() == self.key_hash:
                return successor(key, keys)
        raise TrustError(
            "wrong-coordinator",
            "this is not the coordinator that the token comes from: it signs with another key; nothing was kept",
            Remedy.CHECK_ADDRESS_OR_TOKEN,
        )
