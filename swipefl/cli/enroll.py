"""`swipefl enroll`: join a federation."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from swipefl.cli.asking import agrees, asks
from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, note, signals
from swipefl.cli.streams import end_sign

SHARED = (
    "From now on, when `swipefl cycle` learns from your swipes, those stored already too, it also sends {address} how "
    "the shared model would have to change to read you better: half a megabyte of numbers, and how many swipes they "
    "were made of.",
    "The swipes themselves, your words and your own model never leave this device; but whoever runs {address} might "
    "guess from those numbers some of the words that you swipe often.",
    "`swipefl leave` ends this at any time and erases what was not sent yet; what was sent cannot be taken back.",
)


def enroll(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="Where the coordinator is.")],
    token: Annotated[
        str | None,
        typer.Option(
            help="The one-time token, from whoever runs the coordinator. Other people on this machine can see what "
            "stands on a command line: `-` reads it from standard input, and SWIPEFL_TOKEN may hold it."
        ),
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="A file that the token is in.")] = None,
    ca: Annotated[
        Path | None,
        typer.Option(help="The authority that its certificate comes from (PEM), if none that all the world knows."),
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="Without TLS, also beyond this machine.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Join without a question.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Join a federation. Says what will be shared, and trades a one-time token for this device's credential."""
    from swipefl.settings.token import given_token

    visits, piped = home_of(home).visits(), token == "-"
    if piped and sys.stdin.isatty():
        token = _typed()
    given = given_token(token, token_file, sys.stdin.buffer)
    joining = visits.joining(address, given, ca, insecure)
    if asking := asks(yes, stdin_is_taken=piped):
        _tell(address)
        if not agrees(f"Join {address}?", stdin_is_taken=piped):
            note("nothing was changed: this device joined no federation")
            if as_json:
                emit({"address": address, "device_id": None})
            return
    with signals() as stop:
        report = visits.enroll(*joining, stop)
    if not asking:  # what went wrong would be told first
        _tell(address)
    if as_json:
        emit(asdict(report))
    else:
        note(f"this device belongs to {report.address} now, as {report.device_id}; `swipefl sync` fetches its model")


def _typed() -> str:
    """A token that nobody else sees, "" where its owner types none."""
    from getpass import getpass

    try:
        end_sign()
        return getpass("token: ")
    except EOFError:
        return ""


def _tell(address: str) -> None:
    for sentence in SHARED:
        note(sentence.format(address=address))
