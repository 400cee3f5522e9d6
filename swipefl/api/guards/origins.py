"""From which pages the server is asked: its own, and those of origins that were named."""

from dataclasses import dataclass

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from swipefl.api.guards.hosts import DEFAULT_PORTS, Named
from swipefl.api.problems import problem_response
from swipefl.errors import Remedy, UsageError

READING = ("GET", "HEAD", "OPTIONS")
WRITING = ("POST", "PUT", "PATCH", "DELETE")
OURS = (b"same-origin", b"none")  # what a browser says of who asks; "none" is the person


@dataclass(frozen=True)
class Origin:
    """A page's scheme, host and port."""

    scheme: str
    named: Named

    @classmethod
    def parse(cls, text: str) -> "Origin":
        """SCHEME://HOST[:PORT]. Raises UsageError for what is none, such as `*`: that would be every page there is."""
        scheme, _, rest = text.partition("://")
        named = Named.parse(rest, scheme.lower())
        if named is None or scheme.lower() not in DEFAULT_PORTS:
            raise UsageError("no-origin", "the origin {origin!r} is none", Remedy.GIVE_ORIGIN, origin=text[:100])
        return cls(scheme.lower(), named)

    def __str__(self) -> str:
        port = "" if self.named.port is None else f":{self.named.port}"
        return f"{self.scheme}://{self.named.host}{port}"


class OriginGuard:
    """Refuses what a page of elsewhere asks: whatever would change something, and all of /api.

    A browser says of whom a request is, and no page can make it say something else; other programs say nothing. A link
    is no better than a fetch: a page can follow one by itself, and what then comes may be an export, kept as a file.
    """

    def __init__(self, app: ASGIApp, origins: tuple[Origin, ...]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_let_in(scope):
            what = "a page of elsewhere may not ask this"
            await problem_response(UsageError("other-origin", what, Remedy.ALLOW_ORIGIN), 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_let_in(self, scope: Scope) -> bool:
        return not self._is_of_elsewhere(scope) or (
            scope["method"] in READING and not scope["path"].startswith("/api/")
        )

    def _is_of_elsewhere(self, scope: Scope) -> bool:
        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        if origins:
            return not (len(origins) == 1 and self._knows(origins[0], scope))
        return any(name == b"sec-fetch-site" and value not in OURS for name, value in scope["headers"])

    def _knows(self, text: str, scope: Scope) -> bool:
        try:
            origin = Origin.parse(text)
        except UsageError:
            return False
        return origin in self._origins or origin == Origin(scope["scheme"], scope["swipefl.host"])


def sharing(app: ASGIApp, origins: tuple[Origin, ...]) -> ASGIApp:
    """The pages of these origins may read what they are answered (CORS); without any, nothing says so."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=[str(origin) for origin in origins],
        allow_methods=("GET", "HEAD", *WRITING),
        allow_headers=("Authorization", "Content-Type"),
        allow_private_network=True,  # Chromium asks that before a page of the internet may ask this machine
        expose_headers=("Retry-After",),
    )
