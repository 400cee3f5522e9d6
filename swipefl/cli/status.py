"""`swipefl status`: what is in the store."""

from typing import TYPE_CHECKING, Any

from swipefl.cli.common import HomeOption, JsonOption, emit, is_terminal, store_of
from swipefl.cli.rendering import console, counted, facts, moment, number, printable, rise, table

if TYPE_CHECKING:
    from swipefl.store.store import Store


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show gestures, models, rounds, and what to do next."""
    settings, store = store_of(home)
    with store:
        report = {"home": str(settings.home), **_report(store)}
        if as_json or not is_terminal():
            emit(report)
        else:
            _render(report, _next(store))


def _report(store: "Store") -> dict[str, Any]:
    from dataclasses import asdict

    rounds, waiting, member = store.rounds.all(), store.outbox.waiting(), store.memberships.get()
    checkpoints = [
        {"id": c.id, "kind": c.kind, "fingerprint": c.fingerprint, "created_at": c.created_at, "in_use": c.in_use}
        for c in store.checkpoints.all()
    ]
    return {
        "gestures": store.gestures.counts(),
        "personal_words": len(store.words.all()),
        "checkpoints": checkpoints,
        "rounds": [asdict(finished) for finished in rounds[-10:]],
        "outbox": [{"id": u.id, "examples": u.examples, "bytes": len(u.blob)} for u in waiting],
        "federation": member
        and {
            "address": member.address,
            "device_id": member.device_id,
            "version": member.version,
            "visited_at": member.tried_at or None,
            "failures": member.failures,
        },
    }


def _next(store: "Store") -> str:
    from swipefl.device.cycle import nothing_to_do

    reason = nothing_to_do(store)
    return f"{reason}; `swipefl ingest` brings more" if reason else "`swipefl cycle` learns from what is new"


def _render(report: dict[str, Any], next_step: str) -> None:
    counts, screen = report["gestures"], console()
    rows = [
        ("home", printable(report["home"])),
        ("gestures", f"{counts['train']} to learn from, {counts['held_out']} held out to judge by"),
        ("suspect", f"{counts['suspect']} that do not fit their word, left out"),
        ("personal words", str(report["personal_words"])),
        ("model in use", _used(report["checkpoints"])),
    ]
    rows += [
        ("waits to be sent", f"{update['bytes'] // 1024} KiB, learned from {counted(update['examples'], 'gesture')}")
        for update in report["outbox"]
    ]
    if report["federation"]:
        rows.append(("federation", _membership(report["federation"])))
    screen.print(facts(rows))
    if report["checkpoints"]:
        checkpoints = table(number("checkpoint"), "kind", "made", "fingerprint")
        for c in report["checkpoints"]:
            checkpoints.add_row(str(c["id"]), c["kind"], moment(c["created_at"]), c["fingerprint"][:12])
        screen.print("", checkpoints, sep="\n")
    if report["rounds"]:
        rounds = table(number("round"), "finished", number("gestures"), "first word right", "personal model")
        for done in report["rounds"]:
            score, kept = rise(done["top1_before"], done["top1_after"]), "better" if done["adopted"] else "not better"
            rounds.add_row(str(done["number"]), moment(done["finished_at"]), str(done["examples"]), score, kept)
        screen.print("", rounds, sep="\n")
    screen.print(f"\nnext: {next_step}", soft_wrap=True)


def _membership(member: dict[str, Any]) -> str:
    """Where the coordinator is and how the last visit went."""
    if member["visited_at"] is None:
        return f"{member['address']}, not visited yet; `swipefl sync` does"
    went = "did not answer" if member["failures"] else f"version {member['version']}"
    return f"{member['address']}, {went} at {moment(member['visited_at'])}"


def _used(checkpoints: list[dict[str, Any]]) -> str:
    """What predictions use: the personal choice, else the newest global, else the base."""
    newest = [c for c in checkpoints if c["kind"] == "global"][-1:]
    used = [c for c in checkpoints if c["in_use"]] or newest
    return f"{used[0]['kind']}, checkpoint {used[0]['id']}" if used else "base, the one in the package"
