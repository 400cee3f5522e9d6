"""Certificates made for a test."""

import datetime
import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, CertificatePublicKeyTypes


@dataclass(frozen=True)
class Certificates:
    """Files of a certificate authority and of one certificate that comes from it."""

    ca: Path
    certificate: Path
    key: Path


def certificates(
    folder: Path,
    name: str = "localhost",
    addresses: tuple[str, ...] = ("127.0.0.1", "::1"),
    days: tuple[int, int] = (-2, 2),
    authority_days: tuple[int, int] = (-900, 900),
    by_common_name: bool = False,
    key: CertificateIssuerPrivateKeyTypes | None = None,
) -> Certificates:
    """A new authority in `folder`, and a certificate of it for `name`, `addresses`, `key`; from, until days from now.

    `by_common_name` leaves the name out of where it has counted since 2017.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), key or ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"test authority {secrets.token_hex(4)}")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)

    def signed(
        builder: x509.CertificateBuilder, public: CertificatePublicKeyTypes, lasts: tuple[int, int]
    ) -> x509.Certificate:
        since, until = (now + datetime.timedelta(days=day) for day in lasts)
        builder = builder.public_key(public).serial_number(x509.random_serial_number())
        return builder.not_valid_before(since).not_valid_after(until).sign(ca_key, hashes.SHA256())

    ca = signed(
        x509.CertificateBuilder()
        .subject_name(ca_name)
        .issuer_name(ca_name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True),
        ca_key.public_key(),
        authority_days,
    )
    names = [] if by_common_name else [x509.DNSName(name)]
    ips = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    certificate = signed(
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(ca_name)
        .add_extension(x509.SubjectAlternativeName([*names, *ips]), critical=False),
        key.public_key(),
        days,
    )
    files = Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    files.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files
