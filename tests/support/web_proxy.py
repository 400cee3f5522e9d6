"""An HTTP proxy on loopback, as companies have them: it connects whoever asks for it, and writes down what it sees."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from tests.support.waiting import LONG_S


class WebProxy:
    """`seen` is what went through, both ways, with the requests for connections; any answer but 200 ends one."""

    def __init__(self, answer: int = 200) -> None:
        self.answer = answer
        self.seen = bytearray()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                device, _ = self._listener.accept()
                Thread(target=self._serve, args=(device,), daemon=True).start()

    def _serve(self, device: socket.socket) -> None:
        head = b""
        with device, suppress(OSError):
            while b"\r\n\r\n" not in head and (data := device.recv(65536)):
                head += data
            self.seen += head
            device.sendall(f"HTTP/1.1 {self.answer} Whatever\r\n\r\n".encode())
            if self.answer != 200 or not head.startswith(b"CONNECT "):
                return
            host, _, port = head.split()[1].decode().rpartition(":")
            with socket.create_connection((host.strip("[]"), int(port)), LONG_S) as peer:
                back = Thread(target=self._pass, args=(peer, device), daemon=True)
                back.start()
                self._pass(device, peer)
                back.join()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.seen += data
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@contextmanager
def web_proxy(answer: int = 200) -> Iterator[WebProxy]:
    """One inside the block."""
    proxy = WebProxy(answer)
    try:
        yield proxy
    finally:
        proxy.close()
