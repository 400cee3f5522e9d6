"""The certificate that a coordinator is known by: its files, what they hold, and when it expires."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509 import load_pem_x509_certificate, load_pem_x509_certificates

from swipefl.errors import Remedy, UsageError
from swipefl.federation.protocol.pem import read_certificates, read_pair, read_pem

LEAST_RSA_BITS = 2048


@dataclass(frozen=True)
class Identity:
    """A certificate chain, its key, and the authorities that devices' certificates come from, if any (all PEM)."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None = None

    @property
    def expires_at(self) -> float:
        """When the first certificate of the chain expires, in unix seconds."""
        return min(_expiries(self.certificate))

    @property
    def begins_at(self) -> float:
        """From when on all certificates of the chain are valid, in unix seconds."""
        return max(each.not_valid_before_utc.timestamp() for each in load_pem_x509_certificates(self.certificate))

    @property
    def ca_expires_at(self) -> float | None:
        """When the last of the authorities expires, in unix seconds."""
        return max(_expiries(self.client_ca)) if self.client_ca else None


@dataclass(frozen=True)
class CertificateFiles:
    """Where a certificate chain, its key and the authorities of devices' certificates lie."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def raw(self) -> tuple[bytes, ...]:
        """What they hold now, whatever it is. Raises UsageError where one cannot be read."""
        return tuple(read_pem(file) for file in (self.certificate, self.key, self.client_ca) if file)

    def read(self) -> Identity:
        """What they hold now.

        Raises UsageError where one cannot be read, certificate and key are no pair, or no device takes such a key.
        """
        pair = cast(tuple[bytes, bytes], read_pair(self.certificate, self.key))  # as both are there
        if not _is_common(load_pem_x509_certificate(pair[0]).public_key()):
            what = "the key in {key} is none of RSA from 2048 bits on, P-256 or P-384, and gRPC speaks to no other"
            raise UsageError("uncommon-key", what, Remedy.MAKE_COMMON_KEY, key=self.key)
        return Identity(*pair, read_certificates(self.client_ca) if self.client_ca else None)


def _is_common(key: CertificatePublicKeyTypes) -> bool:
    """Whether devices take it: gRPC serves Ed25519 and P-521 too, which its own clients then refuse."""
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= LEAST_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1)


def expires_at(certificate: Path) -> float:
    """When the first certificate of a chain's file expires, in unix seconds. Raises UsageError."""
    return min(_expiries(read_certificates(certificate)))


def _expiries(pem: bytes) -> list[float]:
    return [certificate.not_valid_after_utc.timestamp() for certificate in load_pem_x509_certificates(pem)]
