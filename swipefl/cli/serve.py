"""`swipefl serve`: the page and the API of this device; `swipefl practise` opens the page where one practises."""

import threading
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from swipefl.cli import options
from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, write
from swipefl.cli.rendering import console
from swipefl.errors import Remedy, UsageError

if TYPE_CHECKING:
    from swipefl.api.listening import Listening
    from swipefl.api.server import Serving

HostOption = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for other devices too.")]
PortOption = Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.")]
TokenFileOption = Annotated[
    Path | None, typer.Option(help="The token that others need, made where there is none; else in the home.")
]
OriginOption = Annotated[
    list[str] | None, typer.Option(help="Pages of this origin may ask too, such as https://keyboard.example.org.")
]


def serve(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    open: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    token_file: TokenFileOption = None,
    tls_cert: options.TlsCert = None,
    tls_key: options.TlsKey = None,
    insecure: options.Insecure = None,
    allow_origin: OriginOption = None,
    log_file: options.LogFile = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve the page to swipe on, and the HTTP API. The first line on standard output says where.

    Beyond this machine it takes TLS, or --insecure, and who asks needs a token: the link that is shown has it.
    """
    at = _listening(host, port, tls_cert, tls_key, bool(insecure))
    _serve(at, home, token_file, allow_origin or [], as_json, "" if open else None, log_file)


def practise(port: PortOption = 8000, home: HomeOption = None) -> None:
    """Swipe sentences, and get a model of your own. Serves the page and opens it where one practises."""
    _serve(_listening("127.0.0.1", port), home, None, [], False, "#practise")


def _listening(host: str, port: int, *tls: Any) -> "Listening":
    """Where to listen. Raises UsageError, also where the extra of what serves is not installed."""
    missing = [name for name in ("fastapi", "segno", "uvicorn") if find_spec(name) is None]
    if missing:
        what = "what serves the page is not installed: there is no {missing}"
        raise UsageError("no-api", what, Remedy.INSTALL_API, missing=", ".join(missing))
    from swipefl.api.listening import Listening

    return Listening(host, port, *tls)


def _serve(
    listening: "Listening",
    home: Path | None,
    token_file: Path | None,
    origins: list[str],
    as_json: bool,
    opened: str | None,
    log_file: Path | None = None,
) -> None:
    from swipefl.api.linking import no_way_in
    from swipefl.api.server import TOKEN_FILE, serve
    from swipefl.library.device import Device
    from swipefl.settings.logs import configure_logging

    made = home_of(home, log_file=log_file)
    configure_logging(
        made.settings.log == "json", made.settings.log_file
    )  # a server's lines are wanted on a terminal too
    if token_file is None and not listening.is_loopback:
        token_file = made.settings.home / TOKEN_FILE
    token_file = token_file and token_file.absolute()  # it is told, and read elsewhere

    def ready(at: "Serving") -> None:
        if as_json:
            emit({"listening": str(at.address), "url": at.url, "token_file": token_file and str(token_file)})
        else:
            _show(at, token_file)
        if opened is not None:
            threading.Thread(target=_open, args=(at, opened, made.settings.home), daemon=True).start()

    with Device(made, {"home": home}) as device:
        try:
            serve(device, listening, origins, token_file, ready)
        finally:
            if opened is not None:
                no_way_in(made.settings.home)


def _open(at: "Serving", tab: str, home: Path) -> None:
    """Opens the page; what has a token in it by a file, for others see what a browser is started with."""
    from swipefl.api.linking import way_in

    with suppress(OSError):  # the link stands on the terminal, too
        typer.launch(at.url + tab if at.link == at.url else str(way_in(home, at.link)))


def _show(at: "Serving", token_file: Path | None) -> None:
    """The link; one that others can follow also as a code for a phone's camera, where there is room for it.

    What is no terminal may be a journal, and the token is in none.
    """
    write(f"the page is at {at.url}")
    if token_file is None:
        return
    if not is_terminal():
        return write(f"the token that it asks for is in {token_file}")
    write(f"for your phone: {at.link}")
    if all(width <= console().width for _, width in at.code):
        for line, _ in at.code:
            write(line)
