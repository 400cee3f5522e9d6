"""`swipefl cycle`: train, judge, keep what is better; in a federation, contribute."""

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, log, note, say, signals, tell_of_no_home
from swipefl.cli.options import LogFile, MetricsFile
from swipefl.cli.progress import showing
from swipefl.cli.remedies import told
from swipefl.errors import Ineligible, Interrupted, SwipeflError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from swipefl.device.cycle import CycleReport, RoundReport
    from swipefl.learning.training import Heard, Progress
    from swipefl.library.device import Device

PROM = ".prom"
FOR = {"night": "to learn", "visit": "to visit the coordinator", "contribution": "to share"}


def cycle(
    rounds: Annotated[int, typer.Option(min=1, help="How many rounds, one after the other.")] = 1,
    require_sync: Annotated[
        bool, typer.Option("--require-sync", help="Fail where no visit is possible or allowed.")
    ] = False,
    now: Annotated[bool, typer.Option("--now", help="Do it also on battery, in quiet hours and so on.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say what it would do now, and why; do nothing.")] = False,
    log_file: LogFile = None,
    metrics_file: MetricsFile = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train, keep what is better; in a federation, send an update. Does nothing where nothing is new."""
    from dataclasses import asdict

    from swipefl.home import STORED
    from swipefl.settings.homes import likely_home
    from swipefl.settings.runs import go_on_with_step
    from swipefl.telling.sentences import outlived

    if explain:
        at_night = {"--rounds": rounds != 1, "--require-sync": require_sync, "--now": now}
        _check_alone(at_night | {"--metrics-file": metrics_file is not None})
        tell_of_no_home(home)
        show_outlook(device_of(home, log_file=log_file), as_json)
        return
    if metrics_file and metrics_file.suffix != PROM:
        note(f"{metrics_file} does not end in {PROM}: node_exporter reads no other", logging.WARNING)
    if where := likely_home(str(home or ""), is_coordinator=False):
        go_on_with_step(where / STORED)
    with signals() as stop, showing(as_json) as shown, going_on(shown.training) as heard:
        device = device_of(home, log_file=log_file, metrics_file=metrics_file)
        tell_of_no_home(home)
        report = device.cycle(rounds, require_sync, heard, _logged, stop, shown, now)
    unspoken = told(report.unspoken) if report.unspoken else None
    if report.pruned.swipes:
        log("old swipes erased", count=report.pruned.swipes)
    if unspoken:
        log("not in touch with the coordinator", reason=unspoken)
    withheld = told(report.withheld) if report.withheld else None
    if withheld:
        log("nothing contributed", reason=withheld)
    if as_json:
        done = [asdict(done) | {"skipped": _reason(done)} for done in report.rounds]
        night = report.night and asdict(report.night)
        left = {"shared": report.shared, "bytes_sent": report.bytes_sent}
        emit(
            {
                "rounds": done,
                "sync": unspoken,
                "night": night,
                **left,
                "pruned": report.pruned.swipes,
                "withheld": withheld,
            }
        )
    else:
        away = f"; not in touch with the coordinator: {unspoken}" if unspoken else ""
        erased = f"; {outlived(report.pruned)}" if report.pruned.swipes else ""
        owed = f"; nothing contributed: {withheld}" if withheld else ""
        say(f"{_sentence(report)}{away}{owed}{erased}")


def _check_alone(others: "Mapping[str, bool]") -> None:
    """Raises UsageError for an option of a night where none is to be."""
    for option in (name for name, given in others.items() if given):
        what = "--explain changes nothing, so {option} has nothing to say to it: leave one of them out"
        raise UsageError("explain-alone", what, option=option)


def show_outlook(device: "Device", as_json: bool) -> None:
    """What a cycle would do now: each condition with a tick, and what it comes to."""
    from dataclasses import asdict

    outlook = device.upkeep.outlook()
    if as_json:
        emit(asdict(outlook))
        return
    for each in outlook.conditions:
        tick = "\N{CHECK MARK}" if each.is_met else "\N{BALLOT X}"
        remedy = f"; {each.remedy}" if each.remedy else ""
        say(f"{tick} {FOR[each.scope]}: {each.says}{remedy}")
    say(outlook.says)
    if outlook.visits is not None:
        say(f"it would {'speak' if outlook.visits else 'not speak'} to the coordinator")
        say(f"it would {'share' if outlook.contributes and outlook.visits else 'not share'} what it learned")


@contextmanager
def going_on(on_progress: "Callable[[Progress], None]") -> "Iterator[Heard]":
    """What hears of training; where a signal stops that, it is told how far it was, and that it goes on."""
    from swipefl.learning.training import Heard
    from swipefl.telling.sentences import paused

    heard = Heard(on_progress)
    try:
        yield heard
    except Interrupted:
        if heard.last:
            note(paused(heard.last.done, heard.last.total))
        raise


def _logged(report: "RoundReport") -> None:
    from dataclasses import asdict

    if report.skipped:
        log("round skipped", round=report.round, reason=_reason(report))
    else:
        log("round finished", **asdict(report))


def _reason(report: "RoundReport") -> str | None:
    """Why nothing was done."""
    return told(report.skipped) if isinstance(report.skipped, SwipeflError) else report.skipped


def _sentence(report: "CycleReport") -> str:
    """The night's line in the journal."""
    from swipefl.telling.sentences import left, night, nothing_done, paused

    last = report.rounds[-1]
    if isinstance(last.skipped, Ineligible) and (last.steps or report.night):
        stopped = paused(last.steps_done, last.steps, _reason(last))
        if report.night:
            return f"{night(report.night)}; then {stopped}"
        return f"{stopped}; {left(report.shared, report.bytes_sent)}"
    if report.night:
        return night(report.night)
    if isinstance(last.skipped, Ineligible):
        return f"not now: {_reason(last)}; {left(report.shared, report.bytes_sent)}"
    return nothing_done(_reason(last) or "", report.shared, report.bytes_sent)
