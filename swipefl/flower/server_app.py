"""The server of Flower's nodes: rounds in the folder that the run's config names, resumed wherever they were."""

import os
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
from swipefl.flower.project import FlowerNodes, nodes_of, state_folder
from swipefl.flower.rounds import Course, Rounds
from swipefl.flower.strategies import Choice
from swipefl.flower.waiting import Waiting
from swipefl.jsonline import json_line
from swipefl.settings.logs import configure_logging


def main(grid: Grid, context: Context) -> None:
    """Makes versions by the run's config. Raises UsageError for one that makes no sense, and as `Rounds.run`."""
    if not structlog.is_configured():  # it would print to standard output
        configure_logging(as_json=False)
    folder, course, start = read_config(context.run_config)
    Rounds(grid, folder, course, start, _tell, _tell_waiting).run()


def _tell(line: Mapping[str, Any]) -> None:
    """A round's line on standard output, which Flower hands to whoever follows the run."""
    print(json_line(line), flush=True)


def _tell_waiting(waiting: Waiting) -> None:
    print(waiting.line(), flush=True)


def read_config(config: Mapping[str, Any]) -> tuple[Folder, Course, Callable[[], Checkpoint]]:
    """Where a run's versions are, how its rounds go, and what version 1 is, out of its config. Raises UsageError.

    `folder` must be there; `nodes` are coordinators or devices; `start` is a checkpoint's file, else the base of the
    package. The rest are the names of `Course` and `Choice`, with hyphens.
    """
    where, nodes = state_folder(config.get("folder")), nodes_of(config.get("nodes", FlowerNodes.COORDINATORS))
    given = {name.replace("-", "_"): value for name, value in config.items()}
    numbers = (vars(Course()).keys() | vars(Choice()).keys()) - {"choice", "name"}
    known = {"folder", "nodes", "start", "strategy"} | numbers
    if unknown := sorted(given.keys() - known):
        what = "the run's config has {setting}, which is none of its settings"
        raise UsageError("unknown-run-setting", what, Remedy.CORRECT_SETTING, setting=unknown[0].replace("_", "-"))
    choice = Choice(**_numbers(Choice(), {**given, "name": given.get("strategy", Choice.name)}))
    course = Course(choice=choice, **{"min_nodes": choice.least_nodes, **_numbers(Course(), given)})
    file = config.get("start")
    start = partial(read_checkpoint, Path(os.path.expanduser(str(file)))) if file else base_checkpoint
    return Folder(where, nodes), course, start


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
