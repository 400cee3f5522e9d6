"""`swipefl sync`: one visit to the coordinator."""

from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, log, signals
from swipefl.cli.options import LogFile
from swipefl.cli.progress import showing
from swipefl.cli.rendering import console, counted

KEYS = ("pulled", "pushed", "refused", "queued", "global_version", "bytes_sent")


def sync(
    pull: Annotated[bool, typer.Option("--pull", help="Only fetch a newer model.")] = False,
    push: Annotated[bool, typer.Option("--push", help="Only send what waits.")] = False,
    log_file: LogFile = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send the update that waits, fetch a newer global model."""
    from dataclasses import asdict

    with signals() as stop, showing(as_json) as shown:
        done = device_of(home, log_file=log_file).sync(pull or not push, push or not pull, stop, shown)
    visit = done.visit
    report = {name: getattr(visit, name) for name in KEYS} | {"accepted": done.accepted}
    log("sync finished", **asdict(visit), accepted=done.accepted)
    if as_json:
        emit(report)
    else:
        model = "a newer model came" if visit.pulled else "no newer model"
        if done.accepted is False:
            model += "; it is worse on your held-out swipes and not predicted with"
        sent = f"{counted(visit.pushed, 'update')} sent, {visit.queued} waiting"
        console().print(f"version {visit.global_version}: {model}; {sent}")
    visit.raise_if_refused()
