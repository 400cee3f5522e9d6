"""`swipefl status`: what was gained, and what is in the store."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, tell_of_no_home
from swipefl.cli.remedies import told
from swipefl.cli.rendering import console, counted, facts, moment, number, prose, table
from swipefl.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

    from swipefl.cli.stacking import Rows
    from swipefl.device.daily import Day
    from swipefl.device.status import FederationStatus, KnownCheckpoint, Status
    from swipefl.store.nights import Night

NIGHTS = 5  # the last ones


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show what was gained, swipes, models, nights, and what to do next."""
    from dataclasses import asdict

    device = device_of(home)
    tell_of_no_home(home)
    known = device.status()
    if as_json:
        emit(asdict(known))
    else:
        _render(known, device.daily())


def _render(known: "Status", days: "Sequence[Day]") -> None:
    from swipefl.telling.sentences import said

    screen = console()
    for sentence in said(known):
        screen.print(printable(sentence))
    _draw(screen, known, days)
    screen.print("", facts(_facts(known)), sep="\n")
    if known.checkpoints:
        checkpoints = table(number("checkpoint"), "kind", "made", "checksum")
        for c in known.checkpoints:
            checkpoints.add_row(str(c.id), c.kind, moment(c.created_at), c.fingerprint[:12])
        screen.print("", checkpoints, sep="\n")
    if known.nights:
        screen.print("", _nights(known.nights[-NIGHTS:]), sep="\n")
    reason = known.nothing_to_do
    next_step = f"{reason}; `swipefl ingest` brings more" if reason else "`swipefl cycle` learns from what is new"
    screen.print(f"\nnext: {next_step}")


def _draw(screen: "Console", known: "Status", days: "Sequence[Day]") -> None:
    """The curve over nights, where there are two to draw a line between, and the swipes of each day."""
    from swipefl.cli.curves import bars, bars_say, curve
    from swipefl.device.gain import standing
    from swipefl.telling.sentences import day

    stood = standing(known.nights)
    if len(stood) > 1:
        last, first = stood[-1], day(stood[0].finished_at, date.today())
        screen.print("", curve(stood, screen.width), sep="\n", no_wrap=True, overflow="ignore", crop=False)
        right = f"your model {last.right_yours} of the last {last.swipes}, the one that came with swipefl "
        screen.print(f"right, each night since {first}: {right}{last.right_base} (dots)")
    if days:
        screen.print("", bars(days), sep="\n")
        screen.print(bars_say(days))


def _facts(known: "Status") -> list[tuple[str, str]]:
    from swipefl.telling.sentences import kilobytes

    counts = known.gestures
    rows = [
        ("home", known.home),
        ("gestures", f"{counts['train']} to learn from, {counts['held_out']} held out to judge by"),
        ("suspect", f"{counts['suspect']} that do not fit their word, left out"),
        ("personal words", f"{known.personal_words}, and the order of words in {counted(known.in_order, 'gesture')}"),
        ("model in use", _used(known)),
    ]
    if newest := [c for c in known.checkpoints if c.kind == "global"][-1:]:
        rows.append(("newest global", _newest(newest[0], known.gestures["held_out"])))
    rows += [
        ("waits to be sent", f"{kilobytes(update.bytes)}, learned from {counted(update.examples, 'gesture')}")
        for update in known.outbox
    ]
    if known.federation:
        rows.append(("federation", _membership(known.federation)))
    return rows


def _nights(nights: "Sequence[Night]") -> "Rows":
    """What each night did, as its line in the journal."""
    from swipefl.telling.sentences import night as sentence

    shown = table("night", prose("what it did"))
    for night in nights:
        shown.add_row(moment(night.finished_at), sentence(night))
    return shown


def _membership(member: "FederationStatus") -> str:
    """Where the coordinator is and how the last visit went."""
    where = f"{member.address}, as device {member.device_id}"
    if member.visited_at is None:
        return f"{where}, not visited yet; `swipefl sync` does"
    known = f"version {member.version}" + (f" ({member.fingerprint[:12]})" if member.fingerprint else "")
    went = "last visit failed" if member.failures or member.fault else known
    if member.fault:
        return f"{where}, {went} at {moment(member.visited_at)}: {told(member.fault.error)}. {_next_visit(member)}"
    scores = "; it is told how many held-out swipes each version gets right" if member.shares_scores else ""
    return f"{where}, {went} at {moment(member.visited_at)}{scores}"


def _next_visit(member: "FederationStatus") -> str:
    """When timers visit again after failures, and what does sooner."""
    failed = f"After {counted(member.failures, 'failure')} in a row " if member.failures > 1 else ""
    stays = f"timers stay away until {moment(member.next_visit_at)}" if member.next_visit_at else "the next timer tries"
    sooner = "`swipefl sync` tries now, `swipefl doctor` looks what is wrong"
    return f"{failed or ''}{stays if failed else stays.capitalize()}; {sooner}"


def _used(known: "Status") -> str:
    """What predictions use."""
    used = [c for c in known.checkpoints if c.id == known.in_use]
    return f"{used[0].kind}, checkpoint {used[0].id}" if used else "base, the one in the package"


def _newest(newest: "KnownCheckpoint", held_out: int) -> str:
    """What the newest global model is worth here."""
    name, verdict = f"checkpoint {newest.id}", newest.verdict
    if verdict is None:
        return f"{name}, not judged yet" + ("; the next `swipefl cycle` or `swipefl sync` does" if held_out else "")
    counts = f"{verdict.right_now} of {counted(verdict.swipes, 'held-out swipe')} right, {verdict.right_before} before"
    said = f"{name}, {counts}" if verdict.swipes else name
    return said if verdict.accepted else f"{said}: worse, so contributions start from it and predictions do without"
