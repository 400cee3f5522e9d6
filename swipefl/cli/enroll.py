"""`swipefl enroll`: join a federation."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, note, signals


def enroll(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="Where the coordinator is.")],
    token: Annotated[str, typer.Option(help="The one-time token, from whoever runs the coordinator.")],
    ca: Annotated[Path | None, typer.Option(help="What its certificate comes from (PEM), if not the system's.")] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Without TLS, also beyond this machine.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Join a federation. Trades a one-time token for this device's credential."""
    with signals() as stop:
        report = home_of(home).enroll(address, token, ca, insecure, stop)
    if as_json or not is_terminal():
        emit(asdict(report))
    else:
        note(f"this device belongs to {report.address} now, as {report.device_id}; `swipefl sync` fetches its model")
