"""`swipefl cycle`: train, judge, keep what is better, queue a contribution."""

from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, is_terminal, log, signals, store_of
from swipefl.cli.rendering import console, number, rise, table
from swipefl.errors import UsageError

if TYPE_CHECKING:
    from swipefl.device.cycle import RoundReport


def cycle(
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds, one after the other.")] = 1,
    require_sync: Annotated[bool, typer.Option("--require-sync", help="Fail where the coordinator is away.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train, keep what is better, queue an update. Does nothing where nothing is new."""
    from dataclasses import asdict

    from swipefl.cli.federation import exchange_of
    from swipefl.cli.training import load_trainer, plans, progress_bar
    from swipefl.database.lock import hold
    from swipefl.device.cycle import Cycle
    from swipefl.device.prediction import lexicons

    settings, store = store_of(home)
    with store, hold(settings.home), signals() as stopped, progress_bar(as_json) as on_progress:
        lexicon_of = lexicons(store.words.all())
        coordinator = exchange_of(settings, store, stopped)
        if require_sync and coordinator is None:
            raise UsageError("no coordinator is configured; leave --require-sync out, or `swipefl enroll` first")
        cycle = Cycle(
            store,
            load_trainer,
            lexicon_of,
            plans(settings),
            on_progress,
            stopped,
            on_round=_logged,
            coordinator=coordinator,
            require_sync=require_sync,
        )
        reports = cycle.run(rounds)
    if as_json or not is_terminal():
        emit({"rounds": [asdict(report) for report in reports], "sync": cycle.unspoken})
    else:
        _render(reports, cycle.unspoken)


def _logged(report: "RoundReport") -> None:
    from dataclasses import asdict

    if report.skipped:
        log("round skipped", round=report.round, reason=report.skipped)
    else:
        log("round finished", **asdict(report))


def _render(reports: "list[RoundReport]", unspoken: str | None) -> None:
    screen = console()
    done = [report for report in reports if not report.skipped]
    if done:
        rounds = table(number("round"), number("gestures"), "first word right", "personal model", "contribution")
        for report in done:
            kept = "better: in use now" if report.adopted else "not better: old one kept"
            score = rise(report.top1_before, report.top1_after)
            rounds.add_row(str(report.round), str(report.examples), score, kept, report.push)
        screen.print(rounds)
    for report in reports[len(done) :]:
        screen.print(f"{'stopped' if done else 'nothing to do'}: {report.skipped}")
    if unspoken:
        screen.print(f"not in touch with the coordinator: {unspoken}")
