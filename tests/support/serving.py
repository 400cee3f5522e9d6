"""`swipefl serve` in a real process, and requests to it."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.support.command import environment
from tests.support.processes import served
from tests.support.waiting import LONG_S

LOG = "serve.log"


class PatientTransport(httpx.HTTPTransport):
    """Asks again after the pause that is asked for: a fast machine asks for more than one may."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        while (answer := super().handle_request(request)).status_code == httpx.codes.TOO_MANY_REQUESTS:
            answer.close()
            time.sleep(int(answer.headers["Retry-After"]))
        return answer


HTTP = httpx.Client(timeout=LONG_S, transport=PatientTransport(limits=httpx.Limits(max_keepalive_connections=0)))


@dataclass(frozen=True)
class Serving:
    """A process that serves a home; `url` ends without a slash."""

    home: Path
    url: str
    token: str | None  # None where none is asked for
    process: subprocess.Popen[bytes]

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    @property
    def headers(self) -> dict[str, str]:
        """What a request needs to be let in."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def log(self) -> str:
        """What it wrote to standard error."""
        return (self.home / LOG).read_text()


def client(served: Serving, source: str = "127.0.0.1") -> httpx.Client:
    """One who asks the API from an address of this machine, and so with a share of its own."""
    at = PatientTransport(local_address=source)
    return httpx.Client(base_url=f"{served.url}/api/v1/", timeout=LONG_S, transport=at)


IMPATIENT = """
import json, sys
from pathlib import Path
from swipefl.api.listening import Listening
from swipefl.api.protocol import Patience
from swipefl.api.server import serve
from swipefl.library.device import opened
from swipefl.settings.logs import configure_logging
configure_logging(as_json=False)
ready = lambda at: print(json.dumps({"url": at.url}), flush=True)
with opened(None, {}) as device:
    serve(device, Listening(port=0), patience=Patience(**json.loads(sys.argv[1])), on_ready=ready)
"""


@contextmanager
def serving(home: Path, *flags: str, before: tuple[str, ...] = (), **extra: str) -> Iterator[Serving]:
    """`swipefl serve` with `flags` on a free port, ready to be asked; ended by SIGTERM.

    `before` is a command that runs it, `extra` are variables of its environment.
    """
    command = [*before, sys.executable, "-m", "swipefl", "serve", "--port", "0", "--json", *flags]
    with _started(home, command, **extra) as started:
        yield started


@contextmanager
def impatient(home: Path, **seconds: float) -> Iterator[Serving]:
    """The same on loopback, with another patience than the command has."""
    with _started(home, [sys.executable, "-c", IMPATIENT, json.dumps(seconds)]) as started:
        yield started


@contextmanager
def _started(home: Path, command: list[str], **extra: str) -> Iterator[Serving]:
    home.mkdir(parents=True, exist_ok=True)
    with served(command, environment(home, **extra), home / LOG) as (at, process):
        token = Path(at["token_file"]).read_text().strip() if at.get("token_file") else None
        yield Serving(home, at["url"].rstrip("/"), token, process)


@dataclass
class Raw:
    """A connection on which any bytes can be said."""

    connected: socket.socket

    def say(self, data: bytes) -> None:
        """Sends it, unless the other end has hung up."""
        with suppress(OSError):
            self.connected.sendall(data)

    def answer(self) -> "Answer | None":
        """The next answer, None where the other end hung up in its place."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if not (byte := self._read(1)):
                return None
            head += byte
        status, *fields = head.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        body, length = b"", int(headers.get("content-length", 0))
        while len(body) < length and (part := self._read(length - len(body))):
            body += part
        return Answer(int(status.split()[1]), headers, body)

    def is_hung_up(self) -> bool:
        """Waits until the other end hangs up, and says whether it did."""
        while self._read(65_536):
            pass
        return True

    def _read(self, most: int) -> bytes:
        try:
            return self.connected.recv(most)
        except TimeoutError:
            raise
        except OSError:
            return b""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Of a problem."""
        return str(json.loads(self.body)["code"])


@contextmanager
def raw(serving: Serving, source: str = "127.0.0.1") -> Iterator[Raw]:
    """A connection from an address of this machine, each of which is a client of its own."""
    with socket.create_connection((serving.host, serving.port), LONG_S, (source, 0)) as connected:
        yield Raw(connected)


def request(
    method: str, path: str, *fields: str, body: bytes = b"", host: str = "localhost", version: str = "1.1"
) -> bytes:
    """One request; the length of a body that there is is told."""
    told = [f"{method} {path} HTTP/{version}", f"Host: {host}", *fields]
    lines = [*told, f"Content-Length: {len(body)}"] if body else told
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1") + body
