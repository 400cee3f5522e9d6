"""`swipefl enroll`: join a federation."""

from pathlib import Path
from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, is_terminal, note, signals, store_of


def enroll(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="Where the coordinator is.")],
    token: Annotated[str, typer.Option(help="The one-time token, from whoever runs the coordinator.")],
    ca: Annotated[Path | None, typer.Option(help="What its certificate comes from (PEM), if not the system's.")] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Without TLS, also beyond this machine.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Join a federation. Trades a one-time token for this device's credential."""
    from swipefl.cli.federation import endpoint_of, read_pem
    from swipefl.database.lock import hold
    from swipefl.federation.device.client import Client, Endpoint
    from swipefl.federation.device.enrolment import enroll
    from swipefl.federation.protocol.address import is_loopback
    from swipefl.federation.protocol.token import Token

    parsed = Token.parse(token)
    is_loopback(address)  # raises where it is no address, before the store is touched
    settings, store = store_of(home)
    endpoint = endpoint_of(settings, address, read_pem(ca) if ca else None, insecure)
    with store, hold(settings.home), signals() as stopped:

        def connect(endpoint: Endpoint) -> Client:
            return Client(endpoint, deadline_s=settings.sync_deadline_s, stopped=stopped)

        member = enroll(store, endpoint, parsed, connect)
    if as_json or not is_terminal():
        emit({"address": member.address, "device_id": member.device_id})
    else:
        note(f"this device belongs to {member.address} now, as {member.device_id}; `swipefl sync` fetches its model")
