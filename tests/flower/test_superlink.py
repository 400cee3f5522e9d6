"""What is said of an address where no SuperLink answers as one does: what helps, and whether time alone would."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from examples.federation.make_certificate import write as write_certificate
from swipefl.errors import CoordinatorUnreachable, Remedy, SwipeflError, UsageError
from swipefl.federation.protocol.address import Address
from swipefl.flower.superlink import Place, SuperLink

Serve = Callable[[socket.socket], None]


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """A server that does this with each that comes, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection = listening.accept()[0]
                except OSError:
                    return
                with connection, suppress(OSError):
                    serve(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"localhost:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def says(answer: bytes) -> Serve:
    """It ends as one does that read all: what is left unread makes a reset of an end."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    return serve


def resets(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def with_tls(folder: Path) -> Serve:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)

    return serve


def asked(at: str, ca: Path | None = None) -> SwipeflError:
    with SuperLink(Place(Address.parse(at), ca, ca is None)) as link:
        with pytest.raises(SwipeflError) as failed:
            link.state(1)
        return failed.value


def http(status: int) -> bytes:
    return b"HTTP/1.1 %d no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status


@pytest.mark.parametrize("status", [404, 405, 501])
def test_another_server_is_told_from_a_superlink(status: int) -> None:
    with serving(says(http(status))) as at:
        error = asked(at)
    assert (type(error), error.code) == (UsageError, "no-superlink")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_one_that_fails_may_do_better_later(status: int) -> None:
    with serving(says(http(status))) as at:
        assert asked(at).remedy == Remedy.TRY_LATER


@pytest.mark.parametrize("serve", [says(b""), says(b"SSH-2.0-OpenSSH_9.2\r\n"), resets])
def test_who_hangs_up_on_one_without_tls_may_want_it(serve: Serve) -> None:
    """Or was killed meanwhile: so it is waited for, where it has answered before."""
    with serving(serve) as at:
        error = asked(at)
    assert (type(error), error.remedy) == (CoordinatorUnreachable, Remedy.SUPERLINK_WITH_TLS)


def test_one_without_tls_is_not_said_to_be_another_authority_s(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    with serving(says(http(404))) as at:
        error = asked(at, tmp_path / "cert.pem")
    assert (type(error), error.remedy) == (UsageError, Remedy.SUPERLINK_WITHOUT_TLS)


def test_one_that_is_gone_in_the_middle_of_it_is_waited_for(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    with serving(lambda connection: None) as at:
        assert type(asked(at, tmp_path / "cert.pem")) is CoordinatorUnreachable


def test_another_name_and_another_authority_are_not_taken_for_each_other(tmp_path: Path) -> None:
    for name in ("its", "others"):
        (tmp_path / name).mkdir()
        write_certificate(tmp_path / name)
    its, others = tmp_path / "its" / "cert.pem", tmp_path / "others" / "cert.pem"
    with serving(with_tls(tmp_path / "its")) as at:
        assert asked(at, its).code == "superlink-away"  # it is trusted, and says nothing
        assert asked(at, others).remedy == Remedy.SUPERLINK_OTHER_CA
        assert asked(at.replace("localhost", "127.0.0.1"), its).remedy == Remedy.SUPERLINK_BY_NAME


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\xff\xfe"])
def test_an_authority_s_file_without_a_certificate_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(UsageError, match=r"no certificate \(PEM\)"):
        SuperLink(Place(Address.parse("localhost:1"), tmp_path / "ca.pem", False))


def test_an_authority_without_tls_is_refused(tmp_path: Path) -> None:
    write_certificate(tmp_path)
    with pytest.raises(UsageError, match="one of the two"):
        SuperLink(Place(Address.parse("localhost:1"), tmp_path / "cert.pem", True))
