"""A TCP proxy on loopback between a device and its coordinator, through which a test makes the network bad."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from tests.support.waiting import LONG_S

PIECE = 8192


class Proxy:
    """Passes bytes on to and from `target`. What its attributes say holds from the next piece of bytes on.

    `delay_s` rests before each piece; `cut_after` ends a connection once so many bytes came down it, and `before_cut`
    is called; `mute_after` lets nothing more down a connection once so many bytes went up it; `refusing` resets new
    ones, as does having had the `most_connections`; `stalled` holds all back, `stall_after` once so many bytes came
    down over all connections, and `holds` says that something is.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.delay_s = 0.0
        self.cut_after: int | None = None
        self.mute_after: int | None = None
        self.most_connections: int | None = None
        self.stall_after: int | None = None
        self.before_cut: Callable[[], object] = lambda: None
        self.refusing = self.stalled = self.holds = False
        self.up = self.down = 0  # bytes that went up and came down so far, over all connections
        self.muted = 0  # bytes that were swallowed
        self.connections = 0
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every open connection now."""
        while self._open:
            _end(self._open.pop())

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def rest(self) -> None:
        """Returns when nothing is held back any more."""
        while self.stalled or (self.stall_after is not None and self.down >= self.stall_after):
            self.holds = True
            time.sleep(0.01)
        self.holds = False

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                device, _ = self._listener.accept()
                if self.refusing or self.connections == self.most_connections:
                    device.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    device.close()  # an RST
                    continue
                self.connections += 1
                host, _, port = self.target.rpartition(":")
                try:
                    peer = socket.create_connection((host, int(port)), LONG_S)
                except OSError:
                    device.close()
                    continue
                peer.settimeout(None)
                Connection(self, device, peer)

    def opened(self, *ends: socket.socket) -> None:
        self._open += ends


class Connection:
    """One connection through `proxy`."""

    def __init__(self, proxy: Proxy, device: socket.socket, peer: socket.socket) -> None:
        self.proxy, self.device, self.peer = proxy, device, peer
        self.up = self.down = 0
        proxy.opened(device, peer)
        Thread(target=self._pass, args=(device, peer, self._send_up), daemon=True).start()
        Thread(target=self._pass, args=(peer, device, self._send_down), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, send: object) -> None:
        with suppress(OSError):
            while data := source.recv(PIECE):
                time.sleep(self.proxy.delay_s)
                self.proxy.rest()
                send(data)  # type: ignore[operator]
        _end(source)
        _end(sink)

    def _send_up(self, data: bytes) -> None:
        self.peer.sendall(data)
        self.up += len(data)
        self.proxy.up += len(data)

    def _send_down(self, data: bytes) -> None:
        proxy = self.proxy
        if proxy.mute_after is not None and self.up >= proxy.mute_after:
            proxy.muted += len(data)
            return
        if proxy.cut_after is not None:
            data = data[: max(0, proxy.cut_after - self.down)]
        self.device.sendall(data)
        self.down += len(data)
        proxy.down += len(data)
        if proxy.cut_after is not None and self.down >= proxy.cut_after:
            proxy.before_cut()
            raise ConnectionError


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """A proxy before `target`, HOST:PORT."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
