"""`swipefl sync`: one visit to the coordinator."""

from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, is_terminal, log, signals, store_of
from swipefl.cli.rendering import console, counted
from swipefl.errors import UpdateRefused, UsageError


def sync(
    pull: Annotated[bool, typer.Option("--pull", help="Only fetch a newer model.")] = False,
    push: Annotated[bool, typer.Option("--push", help="Only send what waits.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send the update that waits, fetch a newer global model."""
    from dataclasses import asdict

    from swipefl.cli.federation import exchange_of
    from swipefl.database.lock import hold

    settings, store = store_of(home)
    with store, hold(settings.home), signals() as stopped:
        exchange = exchange_of(settings, store, stopped)
        if exchange is None:
            raise UsageError(
                "no coordinator is configured; `swipefl enroll HOST:PORT --token TOKEN` joins one, and "
                "`swipefl cycle` works without"
            )
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
            f"the coordinator refused {counted(done.refused, 'update')} ({', '.join(done.reasons)}); it is dropped; "
            "new swipes or a new global model make another"
        )
