"""`swipefl.simulate`: a federation of a file's people, on this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.encoder import read_checkpoint
from swipefl.decoder.evaluation import Top
from swipefl.errors import UsageError
from swipefl.flower.engine.pool import check_engine, flower_workers
from swipefl.learning.loading import check_trainer
from swipefl.settings.cluster import ray_address
from swipefl.simulation.running import Workers, own_workers, running
from swipefl.simulation.scenario import Scenario, Troubles
from swipefl.simulation.simulation import RoundResult, Simulation, as_json

__all__ = ["RoundResult", "Scenario", "Simulated", "Top", "Troubles", "as_json", "simulate"]

Name = str | PathLike[str]


@dataclass(frozen=True)
class Simulated:
    """All rounds of a simulation, those too that were done before, and the file of the model that they came to.

    `plot` is the picture of the rounds; None where matplotlib is not installed.
    """

    rounds: tuple[RoundResult, ...]
    model: Path
    plot: Path | None


def simulate(
    file: Name,
    scenario: Scenario | None,
    evaluation: Name | None,
    eval_every: int,
    eval_by: str | None,
    out: Name,
    resume: bool,
    start: Name | None,
    on_round: Callable[[RoundResult], None],
    engine: str = "own",
) -> Simulated:
    """Runs a simulation; `swipefl.simulate` says what of, and what it raises."""
    for path in (file, evaluation):
        if path is not None and not Path(path).is_file():
            raise UsageError("no-such-file", "there is no file {path}", path=path)
    check_trainer()
    first = base_checkpoint() if start is None else read_checkpoint(Path(start))
    judge, folder = None if evaluation is None else Path(evaluation).resolve(), Path(out)
    begin_workers = _workers(engine, folder.resolve(), judge)
    with running(Path(file), scenario or Scenario(), first, folder, resume, begin_workers) as simulation:
        for result in simulation.rounds(judge, eval_every, eval_by):
            on_round(result)
    return Simulated(tuple(simulation.results()), folder / "model.safetensors", _plot(simulation, folder / "plot.png"))


def _workers(engine: str, folder: Path, judge: Path | None) -> Workers:
    """What does the work. Raises UsageError for an engine that there is not, or that is not installed."""
    if engine == "own":
        return own_workers
    if engine != "flower":
        raise UsageError("no-such-engine", "there is no engine {engine!r}: `own` or `flower`", engine=engine)
    check_engine()
    return partial(flower_workers, folder, ray_address(), [judge] if judge else [])


def _plot(simulation: Simulation, path: Path) -> Path | None:
    try:
        from swipefl.simulation.plot import plot
    except ModuleNotFoundError:
        return None
    plot(simulation.results(), path)
    return path
