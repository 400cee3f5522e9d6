"""`swipefl status`: what is in the store."""

from typing import TYPE_CHECKING

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, is_terminal
from swipefl.cli.rendering import console, counted, facts, moment, number, printable, rise, table

if TYPE_CHECKING:
    from swipefl.device.status import FederationStatus, KnownCheckpoint, Status


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show gestures, models, rounds, and what to do next."""
    from dataclasses import asdict

    known = device_of(home).status()
    if as_json or not is_terminal():
        emit(asdict(known))
    else:
        _render(known)


def _render(known: "Status") -> None:
    counts, screen = known.gestures, console()
    rows = [
        ("home", printable(known.home)),
        ("gestures", f"{counts['train']} to learn from, {counts['held_out']} held out to judge by"),
        ("suspect", f"{counts['suspect']} that do not fit their word, left out"),
        ("personal words", f"{known.personal_words}, and the order of words in {counted(known.in_order, 'gesture')}"),
        ("model in use", _used(known)),
    ]
    if newest := [c for c in known.checkpoints if c.kind == "global"][-1:]:
        rows.append(("newest global", _newest(newest[0], known.gestures["held_out"])))
    rows += [
        ("waits to be sent", f"{update.bytes // 1024} KiB, learned from {counted(update.examples, 'gesture')}")
        for update in known.outbox
    ]
    if known.federation:
        rows.append(("federation", _membership(known.federation)))
    screen.print(facts(rows))
    if known.checkpoints:
        checkpoints = table(number("checkpoint"), "kind", "made", "fingerprint")
        for c in known.checkpoints:
            checkpoints.add_row(str(c.id), c.kind, moment(c.created_at), c.fingerprint[:12])
        screen.print("", checkpoints, sep="\n")
    if known.rounds:
        rounds = table(number("round"), "finished", number("gestures"), "first word right", "personal model")
        for done in known.rounds:
            score, kept = rise(done.top1_before, done.top1_after), "better" if done.adopted else "not better"
            rounds.add_row(str(done.number), moment(done.finished_at), str(done.examples), score, kept)
        screen.print("", rounds, sep="\n")
    reason = known.nothing_to_do
    next_step = f"{reason}; `swipefl ingest` brings more" if reason else "`swipefl cycle` learns from what is new"
    screen.print(f"\nnext: {next_step}", soft_wrap=True)


def _membership(member: "FederationStatus") -> str:
    """Where the coordinator is and how the last visit went."""
    where = f"{member.address}, as device {member.device_id}"
    if member.visited_at is None:
        return f"{where}, not visited yet; `swipefl sync` does"
    went = "last visit failed" if member.failures else f"version {member.version}"
    told = "; it is told how many held-out swipes each version gets right" if member.shares_scores else ""
    return f"{where}, {went} at {moment(member.visited_at)}{told}"


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
