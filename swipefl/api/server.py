"""The server: one process of uvicorn, until a signal ends it."""

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog
import uvicorn

from swipefl.api.app import PAGE, app_of
from swipefl.api.door import Door
from swipefl.api.guarding import guarded
from swipefl.api.guards.heads import MOST_HEAD
from swipefl.api.guards.origins import Origin
from swipefl.api.linking import code_of
from swipefl.api.listening import Listening
from swipefl.api.protocol import PATIENCE, Patience, PatientProtocol
from swipefl.api.resources.health import SWIPE
from swipefl.api.running import DRAIN_S, Running
from swipefl.api.token import NAME as TOKEN_FILE
from swipefl.api.token import token_in
from swipefl.federation.coordinator.certificates import expires_at
from swipefl.federation.coordinator.descriptors import connections, raise_limit
from swipefl.federation.protocol.address import Address
from swipefl.library.device import Device

__all__ = ["TOKEN_FILE", "Serving", "serve"]


@dataclass(frozen=True)
class Serving:
    """A server that listens: where, and the link to its page for who has no token yet; that is never to be logged."""

    address: Address
    url: str
    link: str = field(repr=False)

    @property
    def code(self) -> list[tuple[str, int]]:
        """The link for a phone's camera: lines for a terminal that has colours, and how many cells each takes."""
        return code_of(self.link)


def serve(
    device: Device,
    listening: Listening,
    origins: Sequence[str] = (),
    token_file: Path | None = None,
    on_ready: Callable[[Serving], None] = lambda at: None,
    patience: Patience = PATIENCE,
) -> None:
    """Serves a device's page and API until SIGINT or SIGTERM; what was accepted is finished.

    Who asks needs the token of the `token_file`, if that is said; pages of these `origins` may ask too. Raises
    UsageError for what is no origin, a token that others know, and an address that cannot be used; StoreError and
    CheckpointError for a home that nothing can be predicted of.
    """
    device.predict(SWIPE)  # and from then on it does, also where the store is damaged or its disk full meanwhile
    token = None if token_file is None else token_in(token_file)
    named = tuple(map(Origin.parse, origins))
    if listening.certificate and expires_at(listening.certificate) < time.time():
        structlog.get_logger().warning("the certificate has expired", certificate=str(listening.certificate))
    door = Door(connections(raise_limit()))
    sockets = [door.opened(bound) for bound in listening.sockets()]
    port = sockets[0].getsockname()[1]
    app = app_of(device)
    config = uvicorn.Config(
        guarded(app, listening, named, token, open_paths()),
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MOST_HEAD,
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        timeout_keep_alive=patience.rest_s,
        timeout_graceful_shutdown=DRAIN_S,
    )
    gc.freeze()  # what is loaded by now stays: to look through it again and again takes five times a prediction
    server = Running(
        config,
        partial(PatientProtocol, door, patience),
        on_ready=lambda: on_ready(_serving(listening, port, token)),
        on_end=app.state.jobs.close,  # who watches one hears of its end, and hangs up,
    )
    asyncio.run(server.serve(sockets))
    app.state.jobs.join()


def _serving(listening: Listening, port: int, token: str | None) -> Serving:
    url = f"{listening.scheme}://{Address(listening.linked(), port)}/"
    return Serving(Address(listening.address.host, port), url, url if token is None else f"{url}#token={token}")


def open_paths() -> list[str]:
    """What nobody needs a token for: the page's own files, which come with swipefl, and whether it is well."""
    files = (file.relative_to(PAGE).as_posix() for file in PAGE.rglob("*") if file.is_file())
    return ["/", "/health/live", "/health/ready", *(f"/{file}" for file in files)]
