"""`swipefl reset`: back to an earlier personal model."""

from dataclasses import asdict
from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, note


def reset(
    to: Annotated[str, typer.Option(help="base, global, or the number of a checkpoint from `status`.")] = "base",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go back to an earlier personal model. Without --to, to the one in the package."""
    report = device_of(home).reset(to)
    if as_json:
        emit(asdict(report))
    else:
        used = report.in_use
        note(f"predictions use {f'the {used} model' if used in ('base', 'global') else f'checkpoint {used}'} now")
