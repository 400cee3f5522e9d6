"""`swipefl train`: a personal model from the person's own swipes; no contribution."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from swipefl.cli.common import HomeOption, JsonOption, emit, is_terminal, log, signals, store_of
from swipefl.cli.rendering import console, counted, facts, rise


def train(
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the examples.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Examples a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(min=1e-9, help="Step size.")] = None,
    seed: Annotated[int | None, typer.Option(help="Equal seeds give equal models on one machine.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a personal model. It is used only if it is better on held-out swipes."""
    import time

    from swipefl.cli.training import load_trainer, plans, progress_bar
    from swipefl.database.lock import hold
    from swipefl.device.cycle import Cycle, keep_personal
    from swipefl.device.prediction import lexicons
    from swipefl.store.models import newest_global

    started = time.monotonic()
    flags = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed, "device": device}
    settings, store = store_of(home, **flags)
    with store, hold(settings.home), signals() as stopped, progress_bar(as_json) as on_progress:
        lexicon_of = lexicons(store.words.all())
        cycle = Cycle(store, load_trainer, lexicon_of, plans(settings), on_progress, stopped)
        personal = cycle.train_personal()
        fingerprint = None
        if personal.adopted:
            with store.transaction():
                fingerprint = keep_personal(store, personal, newest_global(store)).fingerprint
    trained = personal.trained
    report = {
        "examples": trained.examples,
        "held_out": personal.held_out,
        "epochs": settings.epochs,
        "loss_before": trained.loss_before,
        "loss_after": trained.loss_after,
        "top1_before": personal.before.top1 if personal.before else None,
        "top1_after": personal.after.top1 if personal.after else None,
        "adopted": personal.adopted,
        "checkpoint": fingerprint,
        "swipes_per_s": round(trained.swipes_per_s, 1),
        "seconds": round(time.monotonic() - started, 3),
    }
    log("train finished", **report)
    if as_json or not is_terminal():
        emit(report)
    else:
        _render(report)


def _render(report: Mapping[str, Any]) -> None:
    kept = f"better: in use now ({report['checkpoint'][:12]})" if report["adopted"] else "not better: old one kept"
    rows = [
        ("trained on", f"{counted(report['examples'], 'gesture')} in {report['seconds']:.1f} s"),
        ("loss", f"{report['loss_before']:.3f} -> {report['loss_after']:.3f}"),
        ("judged on", f"{counted(report['held_out'], 'gesture')} held out from training"),
        ("first word right", rise(report["top1_before"], report["top1_after"])),
        ("personal model", kept),
    ]
    console().print(facts(rows))
