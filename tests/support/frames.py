"""The few frames of HTTP/2 that it takes to be impolite: a client of grpc would be too polite."""

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from google.protobuf.message import Message

from swipefl.federation.coordinator.server import SERVICE
from tests.support.coordinator import Coordinator
from tests.support.waiting import LONG_S

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, HEADERS, DATA = 4, 1, 0
ACK, END_STREAM, END_HEADERS = 1, 1, 4
NO_WINDOW = bytes([0, 4, 0, 0, 0, 0])  # the setting: send me nothing before I ask for it


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def hello(settings: bytes = b"") -> bytes:
    """How a connection begins that is taken for an honest one."""
    return PREFACE + frame(SETTINGS, payload=settings) + frame(SETTINGS, ACK)


HELLO = hello()


def text(text: str) -> bytes:
    """A string of HPACK, without any coding; each letter is a byte."""
    rest = len(text) - 127
    return (bytes([len(text)]) if rest < 0 else bytes([127, rest])) + text.encode("latin-1")


def headers(stream: int, fields: dict[str, str]) -> bytes:
    """The frame of all headers of a call or of an answer."""
    block = b"".join(b"\0" + text(name) + text(value) for name, value in fields.items())
    return frame(HEADERS, END_HEADERS, stream, block)


def call(stream: int, method: str, authorization: str | None = None, service: str = SERVICE) -> bytes:
    """The frame that begins a call."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": f"/{service}/{method}",
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
        **({"authorization": f"Bearer {authorization}"} if authorization else {}),
    }
    return headers(stream, fields)


def message(stream: int, request: Message, flags: int = END_STREAM) -> bytes:
    """The frame that carries a request of a call, its only one unless `flags` say that more may come."""
    blob = request.SerializeToString()
    return frame(DATA, flags, stream, b"\0" + struct.pack(">I", len(blob)) + blob)


@contextmanager
def connections(
    running: Coordinator, said: Sequence[bytes], source: str = "127.0.0.1"
) -> Iterator[list[socket.socket]]:
    """One connection for each of what is said, from the address `source`."""
    host, port = running.address.split(":")
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_connection((host, int(port)), timeout=LONG_S, source_address=(source, 0)))
            for _ in said
        ]
        for each, first in zip(sockets, said, strict=True):
            each.sendall(first)
        yield sockets
