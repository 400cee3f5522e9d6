"""`swipefl cycle`: train, judge, keep what is better; in a federation, contribute."""

from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, is_terminal, log, progress_bar, signals
from swipefl.cli.remedies import told
from swipefl.cli.rendering import console, number, printable, rise, table
from swipefl.errors import SwipeflError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swipefl.device.cycle import RoundReport


def cycle(
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds, one after the other.")] = 1,
    require_sync: Annotated[bool, typer.Option("--require-sync", help="Fail where the coordinator is away.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train, keep what is better; in a federation, send an update. Does nothing where nothing is new."""
    from dataclasses import asdict

    with signals() as stop, progress_bar(as_json) as on_progress:
        report = device_of(home).cycle(rounds, require_sync, on_progress, _logged, stop)
    unspoken = told(report.unspoken) if report.unspoken else None
    if unspoken:
        log("not in touch with the coordinator", reason=unspoken)
    if as_json or not is_terminal():
        emit({"rounds": [asdict(done) | {"skipped": _reason(done)} for done in report.rounds], "sync": unspoken})
    else:
        _render(report.rounds, unspoken)


def _logged(report: "RoundReport") -> None:
    from dataclasses import asdict

    if report.skipped:
        log("round skipped", round=report.round, reason=_reason(report))
    else:
        log("round finished", **asdict(report))


def _reason(report: "RoundReport") -> str | None:
    """Why nothing was done."""
    return told(report.skipped) if isinstance(report.skipped, SwipeflError) else report.skipped


def _render(reports: "Sequence[RoundReport]", unspoken: str | None) -> None:
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
        screen.print(f"{'stopped' if done else 'nothing to do'}: {printable(_reason(report) or '')}")
    if unspoken:
        screen.print(f"not in touch with the coordinator: {printable(unspoken)}")
