"""`swipefl reset`: back to an earlier personal model."""

from typing import Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, note, store_of


def reset(
    to: Annotated[str, typer.Option(help="base, global, or the number of a checkpoint from `status`.")] = "base",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go back to an earlier personal model. Without --to, to the one in the package."""
    from swipefl.database.lock import hold
    from swipefl.errors import CheckpointError, UsageError

    if to not in ("base", "global") and not _is_number(to):
        raise UsageError("--to takes base, global, or the number of a checkpoint; `swipefl status` lists them")
    settings, store = store_of(home)
    with store, hold(settings.home), store.transaction():
        if to == "global" and store.checkpoints.newest_global() is None:
            raise CheckpointError("no global checkpoint was received yet; `swipefl reset --to base` works")
        store.checkpoints.use(int(to) if _is_number(to) else None)
        if to == "base" and store.checkpoints.newest_global():
            to = "global"  # which stands in for the base once it was received
    if as_json:
        emit({"in_use": to})
    else:
        note(f"predictions use {f'checkpoint {to}' if _is_number(to) else f'the {to} model'} now")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
