"""The server of Flower's nodes: rounds in the folder that the run's config names, resumed wherever they were."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from flwr.app import Context
from flwr.serverapp import Grid, ServerApp

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.encoder import read_checkpoint
from swipefl.errors import Remedy, UsageError
from swipefl.flower.checkpoints import Folder
from swipefl.flower.rounds import Course, Rounds
from swipefl.flower.strategies import Choice
from swipefl.jsonline import json_line
from swipefl.settings.logs import configure_logging


def main(grid: Grid, context: Context) -> None:
    """Makes versions by the run's config. Raises UsageError for one that makes no sense, and as `Rounds.run`."""
    if not structlog.is_configured():  # it would print to standard output
        configure_logging(as_json=False)
    folder, course, start = read_config(context.run_config)
    Rounds(grid, folder, course, start, _tell).run()


def _tell(line: Mapping[str, Any]) -> None:
    """A round's line on standard output, which Flower hands to whoever follows the run."""
    print(json_line(line), flush=True)


def read_config(config: Mapping[str, Any]) -> tuple[Folder, Course, Callable[[], Checkpoint]]:
    """Where a run's versions are, how its rounds go, and what version 1 is, out of its config. Raises UsageError.

    `folder` must be there; `start` is a checkpoint's file, else the base of the package. The rest are the names of
    `Course` and `Choice`, with hyphens.
    """
    where = config.get("folder")
    if not isinstance(where, str) or not where:
        raise UsageError("no-folder-said", "the run's config says no folder for the versions", Remedy.CORRECT_SETTING)
    given = {name.replace("-", "_"): value for name, value in config.items()}
    known = {"folder", "start", "strategy"} | (vars(Course()).keys() | vars(Choice()).keys()) - {"choice", "name"}
    if unknown := sorted(given.keys() - known):
        what = "the run's config has {setting}, which is none of its settings"
        raise UsageError("unknown-run-setting", what, Remedy.CORRECT_SETTING, setting=unknown[0].replace("_", "-"))
    choice = Choice(**_numbers(Choice(), {**given, "name": given.get("strategy", Choice.name)}))
    course = Course(choice=choice, **{"min_nodes": choice.least_nodes, **_numbers(Course(), given)})
    file = config.get("start")
    start = partial(read_checkpoint, Path(str(file)).expanduser()) if file else base_checkpoint
    return Folder(Path(where).expanduser()), course, start


def _numbers(usual: Choice | Course, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given of these names, each as what it usually is. Raises UsageError."""
    read: dict[str, Any] = {}
    for name, default in vars(usual).items():
        if name not in given or not isinstance(default, str | int | float):
            continue
        try:
            read[name] = type(default)(given[name])
        except (TypeError, ValueError, OverflowError) as error:
            what = "{setting} is {value!r}, and is to be a number"
            facts = {"setting": name.replace("_", "-"), "value": str(given[name])}
            raise UsageError("no-number-said", what, Remedy.CORRECT_SETTING, **facts) from error
    return read


app = ServerApp()
app.main()(main)
