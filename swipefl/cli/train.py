"""`swipefl train`: a personal model from the person's own swipes; no contribution."""

from typing import Annotated

from swipefl.cli.common import HomeOption, JsonOption, device_of, emit, log, signals
from swipefl.cli.cycle import going_on
from swipefl.cli.options import LogFile, device_option
from swipefl.cli.progress import showing
from swipefl.cli.rendering import console


def train(
    epochs: Annotated[int | None, device_option("epochs")] = None,
    batch_size: Annotated[int | None, device_option("batch_size")] = None,
    learning_rate: Annotated[float | None, device_option("learning_rate")] = None,
    seed: Annotated[int | None, device_option("seed")] = None,
    device: Annotated[str | None, device_option("device")] = None,
    log_file: LogFile = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a personal model. It is used only if it is better on held-out swipes."""
    from dataclasses import asdict

    from swipefl.telling.sentences import trained

    flags = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed, "device": device}
    with signals() as stop, showing(as_json) as shown, going_on(shown.training) as heard:
        report = device_of(home, log_file=log_file, **flags).train(heard, stop, shown)
    log("train finished", **asdict(report))
    if as_json:
        emit(asdict(report))
    else:
        console().print(" ".join(trained(report)))
