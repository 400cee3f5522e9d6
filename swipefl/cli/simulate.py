"""`swipefl simulate`: a federation of a file's people, on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import JsonOption, emit, is_terminal, note
from swipefl.cli.rendering import console, percent

if TYPE_CHECKING:
    from collections.abc import Callable

    from swipefl.simulation.scenario import Recipe
    from swipefl.simulation.simulation import RoundResult


def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Swipes; each `user` in it is a client.")],
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds.")] = 100,
    clients_per_round: Annotated[int, typer.Option(min=1, help="How many clients each.")] = 40,
    evaluation: Annotated[Path | None, typer.Option("--eval", help="Swipes of others, to evaluate on.")] = None,
    eval_every: Annotated[int, typer.Option(min=0, help="Every so many rounds; 0: after the last.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the model, a line a round and the plot go.")] = Path("simulation"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in --out.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal models on one machine.")] = 0,
    start: Annotated[Path | None, typer.Option(help="A checkpoint to start from; else the base.")] = None,
    local_epochs: Annotated[int, typer.Option(min=1, help="Passes of a client.")] = 2,
    local_lr: Annotated[float, typer.Option(min=1e-6, help="Step size of a client (Adam).")] = 1e-3,
    batch_size: Annotated[int, typer.Option(min=1, help="Examples a step of a client.")] = 16,
    proximal: Annotated[float, typer.Option(min=0, help="FedProx: pull towards the global weights.")] = 0.0,
    clip: Annotated[float, typer.Option(min=1e-6, help="The norm that an update is clipped to.")] = 4.0,
    optimizer: Annotated[str, typer.Option(help="fedavg, fedavgm or fedadam.")] = "fedavgm",
    server_lr: Annotated[float, typer.Option(min=0, help="Step size of the global weights.")] = 1.0,
    steady: Annotated[int, typer.Option(min=0, help="Rounds before the step falls as 1 / round; 0: never.")] = 30,
    momentum: Annotated[float, typer.Option(min=0, max=0.999, help="Of fedavgm and fedadam.")] = 0.9,
    rule: Annotated[str, typer.Option(help="mean, median or trimmed-mean.")] = "mean",
    trim: Annotated[float, typer.Option(min=0, max=0.49, help="Share that a trimmed mean leaves out an end.")] = 0.25,
    example_cap: Annotated[int, typer.Option(min=0, help="Weight by examples up to this; 0: all equal.")] = 0,
    noise: Annotated[float, typer.Option(min=0, help="Of differential privacy, in clip norms.")] = 0.0,
    dropout: Annotated[float, typer.Option(min=0, max=1, help="Share of clients that never answer.")] = 0.0,
    late: Annotated[float, typer.Option(min=0, max=1, help="Share that answers 1 to 5 rounds late.")] = 0.0,
    byzantine: Annotated[float, typer.Option(min=0, max=1, help="Share that sends its change reversed, x10.")] = 0.0,
    cunning: Annotated[bool, typer.Option("--cunning", help="They keep within the bound.")] = False,
    skew: Annotated[float, typer.Option(min=0, help="Above 0: clients keep but a random part of their swipes.")] = 0.0,
    unbounded: Annotated[bool, typer.Option("--unbounded", help="Take updates of any norm.")] = False,
    float32: Annotated[bool, typer.Option("--float32", help="Send float32, unclipped, instead of int8.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Simulate a federation of the people of a file. Trains and aggregates as devices and a coordinator do."""
    import multiprocessing
    import os
    import shutil
    from concurrent.futures import ProcessPoolExecutor

    from swipefl.cli.coordinator import read_checkpoint
    from swipefl.decoder.checkpoint import base_checkpoint
    from swipefl.errors import UsageError
    from swipefl.federation.aggregation import Aggregation
    from swipefl.federation.protocol.plan import ContributionPlan
    from swipefl.simulation.participants import clients_of
    from swipefl.simulation.scenario import Recipe, Troubles
    from swipefl.simulation.simulation import Simulation

    for path in (file, evaluation):
        if path is not None and not path.is_file():
            raise UsageError(f"there is no file {path}")
    recipe = Recipe(
        rounds,
        clients_per_round,
        ContributionPlan(local_epochs, batch_size, local_lr, clip),
        Aggregation(rule, optimizer, server_lr, momentum, example_cap, trim, steady),
        Troubles(dropout, late, byzantine=byzantine, cunning=cunning, skew=skew),
        proximal,
        noise,
        compressed=not float32,
        bounded=not (unbounded or float32),
        seed=seed,
    )
    first = read_checkpoint(start) if start else base_checkpoint()
    written = _written(recipe, file, first.fingerprint)
    if resume:
        _check_same(out, written)
    elif (out / "recipe.json").exists():
        raise UsageError(f"{out} holds a simulation; --resume goes on with it, --out names another folder")
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.json").write_text(written, "utf-8")
    clients = clients_of(file, out / "people")
    parallel = os.cpu_count() or 1
    with ProcessPoolExecutor(parallel, multiprocessing.get_context("spawn")) as processes:
        simulation = Simulation(clients, recipe, first, out, processes, parallel)
        done = len(simulation.results())
        with _progress(rounds, done, as_json) as advance:
            for result in simulation.rounds(evaluation, eval_every):
                advance(result)
    shutil.copyfile(simulation.newest(), out / "model.safetensors")
    shutil.rmtree(out / "people")  # copies of people's swipes are not left lying about
    _plot(simulation.results(), simulation.start_scores(), out / "plot.png")


def _written(recipe: "Recipe", file: Path, start: str) -> str:
    import json
    from dataclasses import asdict

    about = {"file": str(file.resolve()), "start": start, **asdict(recipe)}
    return json.dumps(about, indent=1, sort_keys=True) + "\n"


def _check_same(out: Path, written: str) -> None:
    """Raises UsageError where `out` holds another simulation than `written`; only the rounds may be more or fewer."""
    import json

    from swipefl.errors import UsageError

    try:
        before = json.loads((out / "recipe.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{out} holds no simulation to go on with; leave --resume out") from error
    now = json.loads(written)
    if other := [name for name in now if name != "rounds" and before.get(name) != now[name]]:
        raise UsageError(
            f"the simulation in {out} was begun otherwise ({', '.join(other)}); --out names another folder"
        )


@contextmanager
def _progress(rounds: int, done: int, as_json: bool) -> "Iterator[Callable[[RoundResult], None]]":
    """Shows each round as it ends: a JSON line, or a row of a table under a bar with the time that is left."""
    from dataclasses import asdict

    if as_json or not is_terminal():
        yield lambda result: emit(asdict(result))
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console()
    screen.print(
        f"{'round':>5} {'version':>7} {'clients':>7} {'examples':>8} {'top-1':>7} {'top-3':>7} {'MB':>7} {'s':>6}"
    )
    columns = (TextColumn("rounds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("rounds", total=rounds, completed=done)

        def show(result: "RoundResult") -> None:
            scores = [percent(score) if score is not None else "" for score in (result.top1, result.top3)]
            sent = (result.bytes_up + result.bytes_down) / 1e6
            screen.print(
                f"{result.round:>5} {result.version:>7} {result.clients:>7} {result.examples:>8} "
                f"{scores[0]:>7} {scores[1]:>7} {sent:>7.1f} {result.seconds:>6.1f}"
            )
            bar.update(task, completed=result.round)

        yield show


def _plot(results: "list[RoundResult]", start: tuple[float, float] | None, path: Path) -> None:
    try:
        from swipefl.simulation.plot import plot
    except ModuleNotFoundError:
        note("no plot: it needs matplotlib; `pip install 'swipefl[plot]'`, then --resume draws it")
        return
    plot(results, start, path)
    note(f"the plot is {path}")
