"""What long work shows: what it is at, how far it is, and how long it will take; on a terminal, and not with --json."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from swipefl.printable import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from swipefl.doing import Doing
    from swipefl.learning.training import Progress

NARROW = 60  # columns: with fewer, what is left over is the bar's


class Showing:
    """One bar on standard error, or none: it is told of work in general by calling it, and of training's batches."""

    def __init__(self, bar: "Bar | None" = None, is_narrow: bool = False) -> None:
        self._bar = bar
        self._is_narrow = is_narrow
        self._task: TaskID | None = None
        self._what: tuple[str, int | None] | None = None

    @property
    def is_seen(self) -> bool:
        """Whether anybody watches."""
        return self._bar is not None

    def __call__(self, doing: "Doing") -> None:
        """Shows what work is at, with the time left where it is known how much there is to do."""
        of = f"{doing.done:,}" if doing.total is None and doing.done else ""
        self._show(doing.what, doing.done, doing.total, of)

    def training(self, progress: "Progress") -> None:
        """Shows how far training is."""
        at = f"{progress.epoch}/{progress.epochs}"
        loss = "" if progress.loss != progress.loss else f"  loss {progress.loss:.3f}"
        self._show("training", progress.done, progress.total, at if self._is_narrow else f"epoch {at}{loss}")

    def _show(self, what: str, done: int, total: int | None, at: str) -> None:
        if self._bar is None:
            return
        if self._task is None or self._what != (what, total):  # the time that is left is of this work alone
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._what = (what, total)
            self._task = self._bar.add_task(printable(what), total=total, completed=done, at=at)
            self._bar.refresh()
        else:
            self._bar.update(self._task, completed=done, at=at)


@contextmanager
def showing(hidden: bool, what: str = "getting ready") -> Iterator[Showing]:
    """Shows at once that work begins, and then whatever it is told, on standard error where that is a terminal."""
    if hidden or not sys.stderr.isatty():
        yield Showing()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from swipefl.doing import Doing

    screen = Console(stderr=True)
    is_narrow = screen.width < NARROW
    left = TimeRemainingColumn(compact=is_narrow)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[at]}"), left)
    # What else goes to standard error meanwhile stands above the bar; standard output is somebody else's.
    with Progress(*columns, console=screen, transient=True, redirect_stdout=False) as bar:
        shown = Showing(bar, is_narrow)
        shown(Doing(what))
        yield shown
