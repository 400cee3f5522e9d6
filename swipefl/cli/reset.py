"""`swipefl reset`: back to an earlier personal model."""

from dataclasses import asdict
from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, home_of, note


def reset(
    to: Annotated[str, typer.Option(help="base, global, or the number of a checkpoint from `status`.")] = "base",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go back to an earlier personal model. Without --to, to the one in the package."""
    from swipefl.device.personal import reset

    with home_of(home).alone() as store:
        report = reset(store, to)
    if as_json:
        emit(asdict(report))
    else:
        used = report.in_use
        note(f"predictions use {f'the {used} model' if used in ('base', 'global') else f'checkpoint {used}'} now")
