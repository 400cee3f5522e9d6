"""`swipefl serve`: the page and the API of this device; `swipefl practise` opens the page where one practises."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli import options
from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note
from swipefl.errors import Remedy, UsageError

if TYPE_CHECKING:
    from swipefl.api.server import Serving

HostOption = Annotated[str, typer.Option(help="The address to listen on.")]
PortOption = Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.")]


def serve(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    open: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    tls_cert: options.TlsCert = None,
    tls_key: options.TlsKey = None,
    insecure: options.Insecure = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve the page to swipe on, and the HTTP API. The first line on standard output says where."""
    _serve(host, port, tls_cert, tls_key, bool(insecure), home, as_json, "/" if open else None)


def practise(host: HostOption = "127.0.0.1", port: PortOption = 8000, home: HomeOption = None) -> None:
    """Swipe sentences, and get a model of your own. Serves the page and opens it where one practises."""
    _serve(host, port, None, None, False, home, False, "/#practise")


def _serve(
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    insecure: bool,
    home: Path | None,
    as_json: bool,
    opened: str | None,
) -> None:
    from swipefl.library.device import Device
    from swipefl.settings.logs import configure_logging

    try:
        from swipefl.api import server
        from swipefl.api.listening import Listening
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("swipefl"):
            raise
        what = "what serves the page is not installed: there is no {name}"
        raise UsageError("no-api", what, Remedy.INSTALL_API, name=error.name) from error

    def ready(at: "Serving") -> None:
        if as_json or not is_terminal():
            emit({"listening": str(at.address), "url": at.url})
        else:
            note(f"the page is at {at.url}; Ctrl-C ends")
        if opened is not None:
            typer.launch(at.url.rstrip("/") + opened)

    made = home_of(home)
    configure_logging(as_json=made.settings.log == "json")  # a server's lines are wanted on a terminal too
    with Device(made, {"home": home}) as device:
        server.serve(device, Listening(host, port, certificate, key, insecure), ready)
