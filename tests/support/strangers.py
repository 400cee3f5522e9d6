"""What may answer where a coordinator should: servers over TLS with one fault each, and servers of something else."""

import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import grpc

from tests.support.certificates import Certificates
from tests.support.frames import DATA, END_STREAM, SETTINGS, frame, headers
from tests.support.waiting import LONG_S

Answer = Callable[[socket.socket], object]


@contextmanager
def speaking(answer: Answer) -> Iterator[str]:
    """Something that listens: `answer` gets each connection in a thread of its own, which then is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.settimeout(LONG_S)
                answer(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


class _Always(grpc.GenericRpcHandler):
    """Answers every call of one request with a status."""

    def __init__(self, status: grpc.StatusCode) -> None:
        self._status = status

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(lambda request, context: context.abort(self._status, "so be it"))


@contextmanager
def grpc_server(
    files: Certificates | None = None, client_ca: Path | None = None, status: grpc.StatusCode | None = None
) -> Iterator[str]:
    """A gRPC server that has no service at all, or answers every call with `status`; over TLS where it has files."""
    server = grpc.server(ThreadPoolExecutor(2))
    if status is not None:
        server.add_generic_rpc_handlers([_Always(status)])
    if files is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pair, ca = (files.key.read_bytes(), files.certificate.read_bytes()), client_ca and client_ca.read_bytes()
        credentials = grpc.ssl_server_credentials([pair], ca, require_client_auth=ca is not None)
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None)


def over_tls(files: Certificates, answer: Answer) -> Answer:
    """The same over TLS that knows no HTTP/2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)

    def answered(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as tls:
            answer(tls)

    return answered


def web_page(connection: socket.socket) -> None:
    """HTTP/1 only, whatever is asked."""
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 5\r\n\r\nhello")


def ssh(connection: socket.socket) -> None:
    """An SSH server speaks first, and waits."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    while connection.recv(1000):
        pass


def http2(status: int, body: bytes = b"<html>") -> Answer:
    """A web server of HTTP/2 that answers every request with a page."""
    fields = {":status": str(status), "content-type": "text/html", "server": "a web server"}

    def answered(connection: socket.socket) -> None:
        connection.sendall(frame(SETTINGS))
        said = b""
        while b"application/grpc" not in said and b"/Enroll" not in said and len(said) < 500:
            if not (more := connection.recv(1000)):
                return
            said += more
        connection.sendall(frame(SETTINGS, 1) + headers(1, fields) + frame(DATA, END_STREAM, 1, body))
        while connection.recv(1000):
            pass

    return answered
