"""The certificate that a coordinator is known by: its files, what they hold, and when it expires."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from cryptography.x509 import load_pem_x509_certificates

from swipefl.federation.protocol.pem import read_certificates, read_pair


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
    def ca_expires_at(self) -> float | None:
        """When the last of the authorities expires, in unix seconds."""
        return max(_expiries(self.client_ca)) if self.client_ca else None


@dataclass(frozen=True)
class CertificateFiles:
    """Where a certificate chain, its key and the authorities of devices' certificates lie."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def read(self) -> Identity:
        """What they hold now. Raises UsageError where one cannot be read, or certificate and key are no pair."""
        pair = cast(tuple[bytes, bytes], read_pair(self.certificate, self.key))  # as both are there
        return Identity(*pair, read_certificates(self.client_ca) if self.client_ca else None)


def expires_at(certificate: Path) -> float:
    """When the first certificate of a chain's file expires, in unix seconds. Raises UsageError."""
    return min(_expiries(read_certificates(certificate)))


def _expiries(pem: bytes) -> list[float]:
    return [certificate.not_valid_after_utc.timestamp() for certificate in load_pem_x509_certificates(pem)]
