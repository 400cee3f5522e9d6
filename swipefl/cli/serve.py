"""`swipefl serve`: the page and the API of this device."""

from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, device_of


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The port; 0 takes a free one.")] = 8000,
    home: HomeOption = None,
) -> None:
    """Serve the page to swipe on, and the HTTP API, on this device."""
    from swipefl.api import server

    with device_of(home) as device:
        server.serve(device, host, port)
