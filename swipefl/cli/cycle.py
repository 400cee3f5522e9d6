"""`swipefl cycle`: train, judge, keep what is better, queue a contribution."""

from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, console, emit, is_terminal, signals, store_of

if TYPE_CHECKING:
    from swipefl.cycle import RoundReport


def cycle(
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds, one after the other.")] = 1,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train on what was swiped, keep a better personal model only if it is better, and queue an update."""
    from dataclasses import asdict

    from swipefl.cli.training import load_trainer, plans, progress_bar
    from swipefl.cycle import Cycle
    from swipefl.prediction import lexicons
    from swipefl.store.lock import hold

    settings, store = store_of(home)
    with store, hold(settings.home), signals() as stopped, progress_bar(as_json) as on_progress:
        lexicon_of = lexicons(store.words.all())
        reports = Cycle(store, load_trainer, lexicon_of, plans(settings), on_progress, stopped).run(rounds)
    if as_json or not is_terminal():
        emit({"rounds": [asdict(report) for report in reports]})
    else:
        _render(reports)


def _render(reports: "list[RoundReport]") -> None:
    from rich.table import Table

    table = Table("round", "examples", "top-1 before", "after", "personal model", "contribution")
    for report in reports:
        if report.skipped:
            table.add_row(str(report.round), str(report.examples), "", "", f"skipped: {report.skipped}", "")
            continue
        kept = "better: adopted" if report.adopted else "not better: kept the old one"
        table.add_row(
            str(report.round),
            str(report.examples),
            _percent(report.top1_before),
            _percent(report.top1_after),
            kept,
            report.push,
        )
    console().print(table)


def _percent(share: float | None) -> str:
    return "no held-out yet" if share is None else f"{share:.1%}"
