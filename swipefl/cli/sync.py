"""`swipefl sync`: one visit to the coordinator."""

from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, is_terminal, log, signals
from swipefl.cli.rendering import console, counted
from swipefl.errors import Remedy, UpdateRefused, UsageError


def sync(
    pull: Annotated[bool, typer.Option("--pull", help="Only fetch a newer model.")] = False,
    push: Annotated[bool, typer.Option("--push", help="Only send what waits.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send the update that waits, fetch a newer global model."""
    from dataclasses import asdict

    device = home_of(home)
    with device.alone() as store, signals() as stop:
        exchange = device.exchange(store, stop)
        if exchange is None:
            raise UsageError("no-federation", "no coordinator is configured", Remedy.ENROLL)
        done = exchange.run(pull=pull or not push, push=push or not pull)
    report = {name: getattr(done, name) for name in ("pulled", "pushed", "refused", "queued", "global_version")}
    log("sync finished", **asdict(done))
    if as_json or not is_terminal():
        emit(report)
    else:
        model = "a newer model came" if done.pulled else "no newer model"
        sent = f"{counted(done.pushed, 'update')} sent, {done.queued} waiting"
        console().print(f"version {done.global_version}: {model}; {sent}")
    if done.refused:
        raise UpdateRefused(
            "update-refused",
            "the coordinator refused {updates} ({reasons}); it is dropped; new swipes or a new global model make "
            "another",
            updates=counted(done.refused, "update"),
            reasons=", ".join(done.reasons),
        )
