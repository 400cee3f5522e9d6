"""`swipefl simulate`: a federation of a file's people, on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli import options
from swipefl.cli.common import JsonOption, emit, note, signals
from swipefl.cli.options import coordinator_option, given
from swipefl.cli.remedies import installing
from swipefl.cli.rendering import console, percent
from swipefl.federation.protocol.plan import Plan
from swipefl.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from swipefl.library.simulating import RoundResult

WIDTHS = {"round": 5, "version": 7, "clients": 7, "examples": 8, "top-1": 7, "top-3": 7, "MB": 7, "s": 6}


class Engine(StrEnum):
    """What there is to simulate on."""

    OWN = "own"
    FLOWER = "flower"


def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Swipes; each `user` in it is a client.")],
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds.")] = 100,
    clients_per_round: Annotated[int, typer.Option(min=1, help="How many clients each.")] = 40,
    evaluation: Annotated[Path | None, typer.Option("--eval", help="Swipes of others, to evaluate on.")] = None,
    eval_every: Annotated[int, typer.Option(min=0, help="Every so many rounds; 0: after the last.")] = 0,
    eval_by: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Groups of these swipes too, by a field of their lines.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the model, a line a round and the plot go.")] = Path("simulation"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in --out.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal models on one machine.")] = 0,
    start: Annotated[Path | None, typer.Option(help="A checkpoint to start from; else the base.")] = None,
    epochs: Annotated[int | None, coordinator_option("epochs", "--epochs", "--local-epochs")] = None,
    batch_size: options.BatchSize = None,
    learning_rate: Annotated[float | None, coordinator_option("learning_rate", "--learning-rate", "--local-lr")] = None,
    proximal: Annotated[float, typer.Option(min=0, help="FedProx: pull towards the global weights.")] = 0.0,
    max_norm: Annotated[float | None, coordinator_option("max_norm", "--max-norm", "--clip")] = None,
    rule: options.Rule = None,
    optimizer: options.Optimizer = None,
    server_lr: options.ServerLr = None,
    steady: options.Steady = None,
    momentum: options.Momentum = None,
    trim: options.Trim = None,
    example_cap: options.ExampleCap = None,
    noise: Annotated[float, typer.Option(min=0, help="Of differential privacy, in clip norms.")] = 0.0,
    dropout: Annotated[float, typer.Option(min=0, max=1, help="Share of clients that never answer.")] = 0.0,
    late: Annotated[float, typer.Option(min=0, max=1, help="Share that answers 1 to 5 rounds late.")] = 0.0,
    byzantine: Annotated[float, typer.Option(min=0, max=1, help="Share that sends its change reversed, x10.")] = 0.0,
    cunning: Annotated[bool, typer.Option("--cunning", help="They keep within the bound.")] = False,
    skew: Annotated[float, typer.Option(min=0, help="Above 0: clients keep but a random part of their swipes.")] = 0.0,
    unbounded: Annotated[bool, typer.Option("--unbounded", help="Take updates of any norm.")] = False,
    float32: Annotated[bool, typer.Option("--float32", help="Send float32, unclipped, instead of int8.")] = False,
    engine: Annotated[Engine, typer.Option(help="What clients run on: our own, or Flower's.")] = Engine.OWN,
    as_json: JsonOption = False,
) -> None:
    """Simulate a federation of the people of a file. Trains and aggregates as devices and a coordinator do."""
    from swipefl.federation.strategy import Strategy
    from swipefl.library.simulating import Scenario, Troubles
    from swipefl.library.simulating import simulate as run

    plan = given(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, max_norm=max_norm)
    strategy = given(
        rule=rule,
        optimizer=optimizer,
        server_lr=server_lr,
        steady=steady,
        momentum=momentum,
        trim=trim,
        example_cap=example_cap,
    )
    scenario = Scenario(
        rounds,
        clients_per_round,
        Plan(**plan),
        Strategy(**strategy),
        Troubles(dropout, late, byzantine=byzantine, cunning=cunning, skew=skew),
        proximal,
        noise,
        compressed=not float32,
        bounded=not (unbounded or float32),
        seed=seed,
    )
    with signals(), _progress(rounds, as_json) as advance:
        done = run(file, scenario, evaluation, eval_every, eval_by, out, resume, start, advance, engine.value)
    if done.plot:
        note(f"the plot is {done.plot}")
    else:
        note(f"no plot: it needs matplotlib; {installing('matplotlib')}, then --resume draws it")


@contextmanager
def _progress(rounds: int, as_json: bool) -> "Iterator[Callable[[RoundResult], None]]":
    """Shows each round as it ends: a JSON line, or a row of a table over a bar with the time that is left."""
    from swipefl.library.simulating import as_json as plain

    if as_json:
        yield lambda result: emit(plain(result))
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console()
    is_narrow = screen.width < sum(WIDTHS.values()) + len(WIDTHS)
    if not is_narrow:
        screen.print(" ".join(f"{name:>{width}}" for name, width in WIDTHS.items()))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("reading people, first round", total=rounds)

        def show(result: "RoundResult") -> None:
            for line in _stacked(result) if is_narrow else _row(result):
                screen.print(line)
            bar.update(task, completed=result.round, description="rounds")

        yield show


def _cells(result: "RoundResult") -> dict[str, str]:
    """What a round is told of, by column; of one that was not judged there are no scores."""
    scores = [percent(score) if score is not None else "" for score in (result.top1, result.top3)]
    counts = (str(count) for count in (result.round, result.version, result.clients, result.examples))
    sent = (result.bytes_up + result.bytes_down) / 1e6
    return dict(zip(WIDTHS, (*counts, *scores, f"{sent:.1f}", f"{result.seconds:.1f}"), strict=True))


def _row(result: "RoundResult") -> Iterator[str]:
    """A line, and one a group below its scores."""
    yield " ".join(f"{cell:>{WIDTHS[name]}}" for name, cell in _cells(result).items())
    for name, top in result.by.items():
        yield f"{printable(name)[:32]:>32} {percent(top.top1):>7} {percent(top.top3):>7}"


def _stacked(result: "RoundResult") -> Iterator[str]:
    """The same for a terminal that is too narrow for a row: a line each, below the round's number."""
    for name, cell in _cells(result).items():
        if cell:
            yield f"{name} {cell}" if name == "round" else f"  {name}: {cell}"
    for name, top in result.by.items():
        yield f"  {printable(name)}: {percent(top.top1)}, {percent(top.top3)}"
