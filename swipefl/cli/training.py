"""What `train` and `cycle` share: plans out of settings, and torch loaded only when training begins."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from swipefl.device.cycle import Plans
    from swipefl.learning.plan import Progress, Trainer
    from swipefl.settings import Settings


def plans(settings: "Settings") -> "Plans":
    """The plans that the settings describe."""
    from swipefl.device.cycle import Plans
    from swipefl.learning.plan import Plan

    personal = Plan(settings.epochs, settings.batch_size, settings.learning_rate, settings.seed, settings.device)
    contribution = Plan(
        settings.contribution_epochs,
        settings.batch_size,
        settings.contribution_learning_rate,
        settings.seed,
        settings.device,
        measured=False,  # nobody reads the losses of a contribution
    )
    return Plans(personal, contribution, settings.max_norm)


def load_trainer() -> "Trainer":
    """The trainer; importing it loads torch."""
    from swipefl.learning.trainer import train

    return train


@contextmanager
def progress_bar(hidden: bool) -> "Iterator[Callable[[Progress], None]]":
    """Shows loss and time left on standard error while training, where that is a terminal."""
    if hidden or not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("training"), BarColumn(), TextColumn("{task.fields[loss]}"), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", loss="", visible=False)

        def show(progress: "Progress") -> None:
            loss = f"epoch {progress.epoch}/{progress.epochs}  loss {progress.loss:.3f}"
            bar.update(task, visible=True, completed=progress.done, total=progress.total, loss=loss)

        yield show
