"""Under what names the server is asked: a page of elsewhere whose name leads here (DNS rebinding) is none of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from swipefl.api.addresses import ip_of, is_named
from swipefl.api.guards import CLOSING
from swipefl.api.problems import problem_response
from swipefl.errors import UsageError

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?")
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Named:
    """What a Host field names: in lower case, without the dot of a name's end; a port that the scheme has is None."""

    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str, scheme: str) -> "Named | None":
        """HOST or HOST:PORT, None for what is neither."""
        match = _HOST.fullmatch(text)
        if match is None or (match[2] and not 0 < int(match[2]) < 65_536):
            return None
        port = int(match[2]) if match[2] else None
        return cls(match[1].lower().removesuffix("."), None if port == DEFAULT_PORTS.get(scheme) else port)


class HostGuard:
    """Lets in who asks for `names`, for an address of this machine's own, or, if it `is_reached`, for any address.

    Another page's name can be made to lead here, an address cannot.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], is_reached: bool) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)
        self._is_reached = is_reached

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._fault(scope) if scope["type"] == "http" else None
        await (answer or self._app)(scope, receive, send)

    def _fault(self, scope: Scope) -> ASGIApp | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        named = Named.parse(hosts[0].decode("latin-1"), scope["scheme"]) if len(hosts) == 1 else None
        if named is None:
            return problem_response(UsageError("no-host", "a request names its host once, as HOST:PORT"), 400, CLOSING)
        if not self._knows(named.host):
            return problem_response(UsageError("misdirected", "this is not the server of that name"), 421)
        scope["swipefl.host"] = named
        return None

    def _knows(self, host: str) -> bool:
        if is_named(host, self._names):
            return True
        ip = ip_of(host)
        return ip is not None and (ip.is_loopback or (self._is_reached and not ip.is_unspecified))
