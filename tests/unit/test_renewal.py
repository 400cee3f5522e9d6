"""Certificates while a coordinator serves: what is taken of their files, and when it is said that one expires."""

import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from structlog.testing import capture_logs

from swipefl.errors import UsageError
from swipefl.federation.coordinator.certificates import CertificateFiles
from swipefl.federation.coordinator.metrics import Metrics
from swipefl.federation.coordinator.renewal import DAY_S, Renewal
from tests.support.certificates import Certificates, certificates
from tests.support.waiting import LONG_S


def put(made: Certificates, folder: Path, *names: str) -> CertificateFiles:
    """Copies files of a certificate, all or those that are named, to where they are served from."""
    folder.mkdir(exist_ok=True)
    for path in (made.certificate, made.key, made.ca):
        if not names or path.name in names:
            shutil.copy(path, folder / path.name)
    return CertificateFiles(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")


def events(work: Callable[[], object]) -> list[tuple[str, str]]:
    """What is logged meanwhile: how grave, and what."""
    with capture_logs() as lines:
        work()
    return [(line["log_level"], line["event"]) for line in lines]


def expires(metrics: Metrics, name: str) -> float | None:
    return metrics.registry.get_sample_value("swipefl_certificate_expires_timestamp_seconds", {"certificate": name})


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ((-9, -1), [("warning", "certificate has expired")]),
        ((-9, 1), [("warning", "certificate expires soon")]),
        ((-9, 29), [("warning", "certificate expires soon")]),
        ((-9, 31), []),
    ],
)
def test_who_starts_with_a_certificate_that_expires_hears_of_it(
    tmp_path: Path, days: tuple[int, int], said: list[tuple[str, str]]
) -> None:
    files, metrics = put(certificates(tmp_path / "made", days=days), tmp_path / "served"), Metrics()
    assert events(lambda: Renewal(files, metrics)) == said
    assert expires(metrics, "server") == pytest.approx(time.time() + days[1] * DAY_S, abs=600)
    assert expires(metrics, "client-ca") == pytest.approx(time.time() + 900 * DAY_S, abs=600)


def test_an_authority_of_devices_that_expires_is_told_too(tmp_path: Path) -> None:
    files = put(certificates(tmp_path / "made", days=(-1, 90), authority_days=(-9, 3)), tmp_path / "served")
    with capture_logs() as lines:
        Renewal(files, Metrics())
    assert [(line["event"], line["certificate"]) for line in lines] == [("certificate expires soon", "client-ca")]


def test_it_is_said_once_a_day(tmp_path: Path) -> None:
    files, now = put(certificates(tmp_path / "made", days=(-9, 31)), tmp_path / "served"), [time.time()]
    renewal = Renewal(files, Metrics(), clock=lambda: now[0])

    def days_pass(days: float) -> None:
        for _ in range(24):
            now[0] += days * DAY_S / 24
            renewal.look()

    assert events(lambda: days_pass(0.9)) == []
    assert events(lambda: days_pass(3)) == [("warning", "certificate expires soon")] * 3
    assert events(lambda: days_pass(30))[-1] == ("warning", "certificate has expired")


def test_what_is_renewed_is_served_next_and_its_time_is_shown(tmp_path: Path) -> None:
    metrics = Metrics()
    renewal = Renewal(put(certificates(tmp_path / "old", days=(-9, 40)), tmp_path / "served"), metrics)
    assert events(renewal.look) == []
    put(certificates(tmp_path / "new", days=(-1, 400)), tmp_path / "served")
    assert events(renewal.look) == [("info", "certificate renewed")]
    assert expires(metrics, "server") == pytest.approx(time.time() + 400 * DAY_S, abs=600)
    assert events(renewal.look) == []


@pytest.mark.parametrize("first", ["cert.pem", "key.pem"])
def test_a_renewal_that_is_half_written_is_waited_for(tmp_path: Path, first: str) -> None:
    metrics = Metrics()
    renewal = Renewal(put(certificates(tmp_path / "old", days=(-9, 40)), tmp_path / "served"), metrics)
    new = certificates(tmp_path / "new", days=(-1, 400))
    put(new, tmp_path / "served", first)
    assert events(renewal.look) == [("warning", "certificate not renewed")]
    assert events(renewal.look) == []
    assert expires(metrics, "server") == pytest.approx(time.time() + 40 * DAY_S, abs=600)
    put(new, tmp_path / "served")
    assert events(renewal.look) == [("info", "certificate renewed")]


@pytest.mark.parametrize("name", ["cert.pem", "key.pem", "ca.pem"])
@pytest.mark.parametrize("how", ["gone", "empty", "cut", "a folder", "no text"])
def test_what_cannot_be_served_is_not_and_the_server_goes_on(tmp_path: Path, name: str, how: str) -> None:
    made, served = certificates(tmp_path / "made"), tmp_path / "served"
    files = put(made, served)
    renewal, path = Renewal(files, Metrics()), served / name
    whole = path.read_bytes()
    path.unlink()
    if how == "a folder":
        path.mkdir()
    elif how != "gone":
        path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "no text": bytes(range(256))}[how])
    assert events(renewal.look) == [("warning", "certificate not renewed")]
    with pytest.raises(UsageError):
        files.read()
    if how == "a folder":
        path.rmdir()
    put(made, served)
    assert events(renewal.look) == []


KINDS: dict[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "RSA of 2048 bits": lambda: rsa.generate_private_key(65537, 2048),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
}
UNCOMMON: dict[str, Callable[[], CertificateIssuerPrivateKeyTypes]] = {
    "RSA of 1024 bits": lambda: rsa.generate_private_key(65537, 1024),
    "P-224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "Brainpool": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_is_taken_is_served_to_devices(tmp_path: Path, kind: str) -> None:
    """After a renewal, in a real handshake with who trusts its authority alone."""
    files = put(certificates(tmp_path / "old"), tmp_path / "served")
    renewal = Renewal(CertificateFiles(files.certificate, files.key), Metrics())
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_secure_port("127.0.0.1:0", renewal.credentials())
    server.start()
    made = certificates(tmp_path / "new", days=(-1, 90), key=KINDS[kind]())
    put(made, tmp_path / "served", "cert.pem", "key.pem")
    assert events(renewal.look) == [("info", "certificate renewed")]
    trusted = grpc.ssl_channel_credentials(made.ca.read_bytes())
    with grpc.secure_channel(f"localhost:{port}", trusted) as channel:
        grpc.channel_ready_future(channel).result(LONG_S)
    server.stop(None)


@pytest.mark.parametrize("kind", UNCOMMON)
def test_a_key_that_no_device_takes_is_not_served(tmp_path: Path, kind: str) -> None:
    metrics, uncommon = Metrics(), certificates(tmp_path / "new", key=UNCOMMON[kind]())
    renewal = Renewal(put(certificates(tmp_path / "old", days=(-9, 40)), tmp_path / "served"), metrics)
    files = put(uncommon, tmp_path / "served")
    assert events(renewal.look) == [("warning", "certificate not renewed")]
    assert expires(metrics, "server") == pytest.approx(time.time() + 40 * DAY_S, abs=600)
    with pytest.raises(UsageError) as error:
        Renewal(files, Metrics())
    assert error.value.code == "uncommon-key"


def test_a_certificate_that_is_not_valid_yet_replaces_none_before_it_is(tmp_path: Path) -> None:
    now, metrics = [time.time()], Metrics()
    files = put(certificates(tmp_path / "old", days=(-9, 40)), tmp_path / "served")
    renewal = Renewal(files, metrics, clock=lambda: now[0])
    put(certificates(tmp_path / "new", days=(2, 90)), tmp_path / "served")
    assert events(lambda: Renewal(files, Metrics())) == [("warning", "certificate is not valid yet")]
    assert events(renewal.look) == [("warning", "certificate not renewed")]
    assert events(renewal.look) == []
    assert expires(metrics, "server") == pytest.approx(time.time() + 40 * DAY_S, abs=600)
    now[0] += 2.1 * DAY_S
    assert events(renewal.look) == [("info", "certificate renewed")]


def between(work: Callable[[], object], meanwhile: Callable[[], object], step: int) -> object:
    """What `work` gives where `meanwhile` runs before its instruction `step`, as another thread might."""
    left = [step]

    def traced(frame: FrameType, event: str, _: object) -> Any:
        if event == "call":
            frame.f_trace_opcodes = True
        if event == "opcode":
            left[0] -= 1
            if left[0] == 0:
                meanwhile()
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        return work()
    finally:
        sys.settrace(before)


def test_no_renewal_is_lost_to_a_handshake_of_the_same_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc, "dynamic_ssl_server_credentials", lambda first, fetch, **_: fetch)
    monkeypatch.setattr(grpc, "ssl_server_certificate_configuration", lambda pairs, ca: pairs[0])
    made = [certificates(tmp_path / str(n)) for n in range(3)]
    pairs = [(each.key.read_bytes(), each.certificate.read_bytes()) for each in made]
    for step in range(1, 60):
        renewal = Renewal(put(made[0], tmp_path / "served"), Metrics())
        fetch: Any = renewal.credentials()
        assert fetch() is None
        put(made[1], tmp_path / "served")
        renewal.look()
        put(made[2], tmp_path / "served")
        fetched = [between(fetch, renewal.look, step)]
        renewal.look()
        fetched += [fetch(), fetch()]
        assert [pair for pair in fetched if pair][-1] == pairs[2], f"lost before instruction {step}"
        assert fetched[-1] is None
