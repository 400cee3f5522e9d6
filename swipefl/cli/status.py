"""`swipefl status`: what is in the store."""

from typing import TYPE_CHECKING, Any

from swipefl.cli.common import HomeOption, JsonOption, console, emit, is_terminal, store_of

if TYPE_CHECKING:
    from swipefl.store.store import Store


def status(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show gestures by verdict, checkpoints, rounds and the outbox."""
    settings, store = store_of(home)
    with store:
        report = {"home": str(settings.home), **_report(store)}
    if as_json or not is_terminal():
        emit(report)
    else:
        _render(report)


def _report(store: "Store") -> dict[str, Any]:
    from dataclasses import asdict

    rounds, waiting = store.rounds.all(), store.outbox.waiting()
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
    }


def _render(report: dict[str, Any]) -> None:
    from datetime import datetime

    from rich.table import Table

    table = Table(show_header=False, title=report["home"])
    counts = report["gestures"]
    table.add_row("gestures", f"{counts['good']} good ({counts['train']} train, {counts['held_out']} held out)")
    table.add_row("", f"{counts['suspect']} suspect, not trained on")
    table.add_row("personal words", str(report["personal_words"]))
    for checkpoint in report["checkpoints"]:
        when = datetime.fromtimestamp(checkpoint["created_at"]).strftime("%Y-%m-%d %H:%M")
        used = "  [bold]in use[/bold]" if checkpoint["in_use"] else ""
        table.add_row(
            "checkpoint", f"{checkpoint['id']} {checkpoint['kind']} {checkpoint['fingerprint'][:12]} {when}{used}"
        )
    if not any(checkpoint["in_use"] for checkpoint in report["checkpoints"]):
        table.add_row("checkpoint", "base, the one in the package [bold]in use[/bold]")
    for done in report["rounds"]:
        scores = [done["top1_before"], done["top1_after"]]
        shown = " -> ".join("?" if score is None else f"{score:.1%}" for score in scores)
        table.add_row("round", f"{done['number']}: top-1 {shown}, {'adopted' if done['adopted'] else 'not adopted'}")
    for update in report["outbox"]:
        table.add_row(
            "outbox", f"{update['id'][:12]}: {update['bytes'] // 1024} KiB from {update['examples']} examples"
        )
    console().print(table)
