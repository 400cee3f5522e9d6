"""A look at what answers where no call gets through: it never is what a visit fails of, and is had once."""

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from swipefl.errors import CoordinatorUnreachable
from swipefl.federation.device import client
from swipefl.federation.device.client import Client
from swipefl.federation.device.diagnosis import fault_of
from swipefl.federation.device.endpoint import Endpoint
from tests.support.certificates import Certificates, certificates
from tests.support.strangers import over_tls, speaking, web_page

NAMES, SPARE, NAME, VERSION = b"\x55\x1d\x11", b"\x55\x1d\x63", b"\x82\x09localhost", bytes.fromhex("a003020102")
NOBODY = "127.0.0.1:1"
ODD = {
    "two lists of names": (SPARE, NAMES),
    "a name of a kind that nobody uses": (NAME, b"\xa3" + NAME[1:]),
    "a name that is none": (NAME, b"\xa4" + NAME[1:]),
    "a version that there is not": (VERSION, VERSION[:-1] + b"\x07"),
}


def odd(files: Certificates, was: bytes, becomes: bytes) -> bytes:
    """The certificate (DER) with a spare extension, some bytes replaced: its signature is not looked at here."""
    plain, key = x509.load_pem_x509_certificate(files.certificate.read_bytes()), files.key.read_bytes()
    signing = load_pem_private_key(key, None)
    assert isinstance(signing, EllipticCurvePrivateKey)
    builder = x509.CertificateBuilder(plain.issuer, plain.subject, signing.public_key(), plain.serial_number)
    builder = builder.not_valid_before(plain.not_valid_before_utc).not_valid_after(plain.not_valid_after_utc)
    names = plain.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    spare = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.99"), b"\x30\x00")
    signed = builder.add_extension(names, False).add_extension(spare, False).sign(signing, hashes.SHA256())
    der = signed.public_bytes(Encoding.DER)
    assert was in der
    return der.replace(was, becomes)


@pytest.mark.parametrize("what", ODD)
def test_an_odd_certificate_is_another_hosts_and_no_bug(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = certificates(tmp_path, addresses=())
    shown = odd(files, *ODD[what])
    monkeypatch.setattr(ssl.SSLSocket, "getpeercert", lambda tls, binary_form=False: shown)
    with speaking(over_tls(files, web_page)) as address:
        found = fault_of(Endpoint(address, files.ca.read_bytes()))
    assert found
    assert (found.code, "it is for others" in str(found)) == ("other-host", True)


def test_a_look_that_fails_is_told_nobody_and_had_once_a_visit(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    looks, now = [], [0.0]

    def look(endpoint: Endpoint) -> None:
        looks.append(endpoint)
        raise x509.InvalidVersion("odd", 7)

    def rest(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(client, "fault_of", look)
    with Client(Endpoint(NOBODY), clock=lambda: now[0], sleep=rest) as visit:
        for _ in range(2):
            with pytest.raises(CoordinatorUnreachable):
                visit.check_in(1, "")
    assert now[0] > 0, "it was tried again"
    assert looks == [Endpoint(NOBODY)]
    assert capfd.readouterr() == ("", "")
