"""Files of certificates and keys: what is no PEM of the right kind is told before anybody is called."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.x509 import load_pem_x509_certificate

from swipefl.cli.remedies import told
from swipefl.errors import UsageError
from swipefl.federation.coordinator.certificates import CertificateFiles
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.renewal import Renewal
from swipefl.federation.protocol.pem import read_certificates, read_pair
from tests.support.certificates import Certificates, certificates


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("ours"))


def der(ours: Certificates) -> bytes:
    return load_pem_x509_certificate(ours.ca.read_bytes()).public_bytes(s.Encoding.DER)


NO_CERTIFICATES: dict[str, tuple[Callable[[Certificates], bytes], str, str]] = {
    "nothing": (lambda ours: b"", "no-certificate", "holds no certificate in PEM"),
    "a text": (lambda ours: b"hello\n", "no-certificate", "holds no certificate in PEM"),
    "noise": (lambda ours: bytes(range(256)) * 9, "no-certificate", "holds no certificate in PEM"),
    "a key": (lambda ours: ours.key.read_bytes(), "no-certificate", "holds no certificate in PEM"),
    "a cut one": (lambda ours: ours.ca.read_bytes()[:200], "no-certificate", "holds no certificate in PEM"),
    "a damaged one": (
        lambda ours: ours.ca.read_bytes().replace(b"MI", b"??"),
        "no-certificate",
        "holds no certificate in PEM",
    ),
    "DER": (der, "der-certificate", "is a certificate in DER, not in PEM; `openssl x509 -inform DER"),
}


@pytest.mark.parametrize("what", NO_CERTIFICATES)
def test_what_is_no_certificate_is_told(what: str, ours: Certificates, tmp_path: Path) -> None:
    make, code, text = NO_CERTIFICATES[what]
    file = tmp_path / "file"
    file.write_bytes(make(ours))
    for read in (lambda: read_certificates(file), lambda: read_pair(file, ours.key)):
        with pytest.raises(UsageError) as caught:
            read()
        assert caught.value.code == code
        assert told(caught.value).startswith(f"{file} {text}")


def keys(ours: Certificates) -> dict[str, tuple[bytes, str]]:
    """Files that are no key of `ours`, and the code of what is wrong with each."""
    key = s.load_pem_private_key(ours.key.read_bytes(), None)
    locked, kind = s.BestAvailableEncryption(b"secret"), s.PrivateFormat.PKCS8
    return {
        "nothing": (b"", "no-key"),
        "a certificate": (ours.certificate.read_bytes(), "no-key"),
        "DER": (key.private_bytes(s.Encoding.DER, kind, s.NoEncryption()), "der-key"),
        "locked": (key.private_bytes(s.Encoding.PEM, kind, locked), "locked-key"),
        "locked DER": (key.private_bytes(s.Encoding.DER, kind, locked), "locked-key"),
    }


@pytest.mark.parametrize("what", ["nothing", "a certificate", "DER", "locked", "locked DER"])
def test_what_is_no_key_is_told(what: str, ours: Certificates, tmp_path: Path) -> None:
    file = tmp_path / "file"
    data, code = keys(ours)[what]
    file.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_pair(ours.certificate, file)
    assert (caught.value.code, str(file) in told(caught.value)) == (code, True)


def test_a_certificate_and_a_key_belong_together(ours: Certificates, tmp_path: Path) -> None:
    others = certificates(tmp_path)
    with pytest.raises(UsageError, match=r"^the key in .* is not that of the certificate in ") as caught:
        read_pair(ours.certificate, others.key)
    assert caught.value.code == "other-key"
    for half in ((ours.certificate, None), (None, ours.key)):
        with pytest.raises(UsageError, check=lambda error: error.code == "half-pair"):
            read_pair(*half)
    assert read_pair(None, None) == (None, None)


def test_a_certificate_of_an_unknown_kind_of_key_is_nobodys(ours: Certificates, tmp_path: Path) -> None:
    kind, file = bytes.fromhex("06072a8648ce3d0201"), tmp_path / "file"  # id-ecPublicKey
    whole = load_pem_x509_certificate(ours.certificate.read_bytes()).public_bytes(s.Encoding.DER)
    assert kind in whole
    file.write_bytes(pem(whole.replace(kind, kind[:-1] + b"\x09")))
    with pytest.raises(UsageError) as caught:
        read_pair(file, ours.key)
    assert caught.value.code == "other-key"


def test_whatever_byte_of_a_certificate_is_another_it_is_read_or_told(ours: Certificates, tmp_path: Path) -> None:
    """Also where nothing but one library's own errors says what is wrong."""
    whole, file, codes = load_pem_x509_certificate(ours.certificate.read_bytes()), tmp_path / "file", set[str]()
    der, metrics = whole.public_bytes(s.Encoding.DER), Metrics()
    for place in range(len(der)):
        for other in {der[place] ^ 1, der[place] ^ 0x80, 255} - {der[place]}:
            file.write_bytes(pem(der[:place] + bytes([other]) + der[place + 1 :]))
            try:
                assert Renewal(CertificateFiles(file, ours.key, file), metrics)
            except UsageError as error:
                codes.add(error.code)
    assert codes == {"no-certificate", "other-key"}


def pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


def test_pem_is_read_whatever_stands_around_it(ours: Certificates, tmp_path: Path) -> None:
    file, plain = tmp_path / "file", ours.ca.read_bytes()
    for data in (plain, plain.replace(b"\n", b"\r\n"), b"# ours\n" + plain + b"\n\n", plain + ours.key.read_bytes()):
        file.write_bytes(data)
        assert read_certificates(file) == plain
    file.write_bytes(ours.certificate.read_bytes() + plain)  # a chain
    chain, key = read_pair(file, ours.key)
    assert (chain, key) == (file.read_bytes(), ours.key.read_bytes())


@pytest.mark.parametrize("file", ["nowhere.pem", "."])
def test_what_cannot_be_read_is_told(file: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^cannot read ") as caught:
        read_certificates(tmp_path / file)
    assert caught.value.code == "no-pem"
