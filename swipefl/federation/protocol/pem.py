"""Files of certificates and keys, which either end may have: PEM that is what it should be, or an error at once."""

from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509 import Certificate, InvalidVersion, load_der_x509_certificate, load_pem_x509_certificates

from swipefl.errors import Remedy, UsageError

MOST_BYTES = 4 * 1024 * 1024  # twenty times the authorities that all browsers know
_PUBLIC = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read_pem(path: Path) -> bytes:
    """The bytes of a certificate's or a key's file. Raises UsageError."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        unreadable = "cannot read {path}: {why}"
        raise UsageError("no-pem", unreadable, Remedy.GIVE_CERTIFICATE, path=path, why=error.strerror) from error


def read_certificates(path: Path) -> bytes:
    """The certificates of a file, as PEM that all libraries read alike. Raises UsageError."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in _certificates(path))


def read_pair(certificate: Path | None, key: Path | None) -> tuple[bytes | None, bytes | None]:
    """A certificate (and what it comes from, if that is in its file) and its key; None and None for none.

    Raises UsageError, also where the key is another's.
    """
    if certificate is None and key is None:
        return None, None
    if certificate is None or key is None:
        raise UsageError("half-pair", "a certificate is of no use without its key, nor a key without", Remedy.GIVE_PAIR)
    chain, private = _certificates(certificate), _key(key)
    if not _are_pair(chain[0], private):
        others = "the key in {key} is not that of the certificate in {certificate}"
        raise UsageError("other-key", others, Remedy.GIVE_PAIR, key=key, certificate=certificate)
    return (
        b"".join(each.public_bytes(Encoding.PEM) for each in chain),
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _are_pair(certificate: Certificate, private: PrivateKeyTypes) -> bool:
    try:
        public = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):  # of a kind that no key which could be read is of
        return False
    return public.public_bytes(*_PUBLIC) == private.public_key().public_bytes(*_PUBLIC)


def _certificates(path: Path) -> list[Certificate]:
    """At least one."""
    data = read_pem(path)
    with suppress(ValueError, InvalidVersion):
        return load_pem_x509_certificates(data)
    with suppress(ValueError, InvalidVersion):
        load_der_x509_certificate(data)
        raise UsageError(
            "der-certificate", "{path} is a certificate in DER, not in PEM", Remedy.CONVERT_CERTIFICATE, path=path
        )
    raise UsageError("no-certificate", "{path} holds no certificate in PEM", Remedy.GIVE_CERTIFICATE, path=path)


def _key(path: Path) -> PrivateKeyTypes:
    data = read_pem(path)
    try:
        with suppress(ValueError, UnsupportedAlgorithm):
            return load_pem_private_key(data, None)
        with suppress(ValueError, UnsupportedAlgorithm):
            load_der_private_key(data, None)
            raise UsageError("der-key", "{path} is a key in DER, not in PEM", Remedy.CONVERT_KEY, path=path)
    except TypeError as error:
        locked = "the key in {path} is locked with a password"
        raise UsageError("locked-key", locked, Remedy.UNLOCK_KEY, path=path) from error
    raise UsageError("no-key", "{path} holds no private key in PEM", Remedy.GIVE_CERTIFICATE, path=path)
