"""`swipefl train`: a personal model from the person's own swipes; no contribution."""

from typing import TYPE_CHECKING, Annotated

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, is_terminal, log, progress_bar, signals
from swipefl.cli.options import device_option
from swipefl.cli.rendering import console, counted, facts, rise

if TYPE_CHECKING:
    from swipefl.device.personal import TrainReport


def train(
    epochs: Annotated[int | None, device_option("epochs")] = None,
    batch_size: Annotated[int | None, device_option("batch_size")] = None,
    learning_rate: Annotated[float | None, device_option("learning_rate")] = None,
    seed: Annotated[int | None, device_option("seed")] = None,
    device: Annotated[str | None, device_option("device")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a personal model. It is used only if it is better on held-out swipes."""
    from dataclasses import asdict

    flags = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed, "device": device}
    with signals() as stop, progress_bar(as_json) as on_progress:
        report = device_of(home, **flags).train(on_progress, stop)
    log("train finished", **asdict(report))
    if as_json or not is_terminal():
        emit(asdict(report))
    else:
        _render(report)


def _render(report: "TrainReport") -> None:
    kept = f"better: in use now ({report.checkpoint[:12]})" if report.checkpoint else "not better: old one kept"
    rows = [
        ("trained on", f"{counted(report.examples, 'gesture')} in {report.seconds:.1f} s"),
        ("loss", f"{report.loss_before:.3f} -> {report.loss_after:.3f}"),
        ("judged on", f"{counted(report.held_out, 'gesture')} held out from training"),
        ("first word right", rise(report.top1_before, report.top1_after)),
        ("personal model", kept),
    ]
    console().print(facts(rows))
