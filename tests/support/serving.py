"""`swipefl serve` in a real process, and requests to it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.command import environment
from tests.support.waiting import LONG_S

LOG = "serve.log"


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


@contextmanager
def serving(home: Path, *flags: str, before: tuple[str, ...] = (), **extra: str) -> Iterator[Serving]:
    """`swipefl serve` with `flags` on a free port, ready to be asked; ended by SIGTERM.

    `before` is a command that runs it, `extra` are variables of its environment.
    """
    home.mkdir(parents=True, exist_ok=True)
    command = [*before, sys.executable, "-m", "swipefl", "serve", "--port", "0", "--json", *flags]
    with (home / LOG).open("ab") as log:
        process = subprocess.Popen(command, env=environment(home, **extra), stdout=subprocess.PIPE, stderr=log)
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line, (home / LOG).read_text()
        at = json.loads(line)
        token = Path(at["token_file"]).read_text().strip() if at.get("token_file") else None
        yield Serving(home, at["url"].rstrip("/"), token, process)
    finally:
        process.terminate()
        try:
            process.wait(LONG_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
