"""Commands in processes of their own that cost only their work: one that has loaded everything forks itself for each.

They are what `python -m swipefl` is but for that: real processes with files of their own, which can be killed.
"""

import multiprocessing
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkContext, ForkProcess, ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from tests.support import shim
from tests.support.command import ROOT, SHORT, Done, environment
from tests.support.shim import Plan, Recording, built
from tests.support.waiting import LONG_S

STREAMS = ("in", "out", "err")


@cache
def _forking(with_shim: bool) -> ForkServerContext:
    """What forks; the first call decides whether with the shim: it is one for all of this process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "tests.support.loaded"])
    before = dict(os.environ)
    os.environ.update({"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    if with_shim:
        os.environ["LD_PRELOAD"] = str(built())
    try:
        multiprocessing.forkserver.ensure_running()  # type: ignore[attr-defined]
    finally:
        os.environ.clear()
        os.environ.update(before)
    return context


@dataclass(frozen=True)
class Forked:
    """A command that was begun; its output lies in files of a folder."""

    process: ForkServerProcess | ForkProcess
    files: dict[str, Path]

    def ended(self, most_s: float = LONG_S) -> Done:
        """Waits for its end; a code below 0 is the signal that ended it. Fails where it does not end."""
        self.process.join(most_s)
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"it did not end within {most_s:.0f} s: {self.files['err'].read_text()}")
        return Done(code, *(self.files[name].read_text() for name in ("out", "err")))

    def calls(self) -> int:
        """How many calls of those planned there were, of one that had a plan and came to its end."""
        return int(self.files["in"].read_text())

    def killed_after(self, seconds: float) -> Done:
        """Kills it outright after a while, unless it ended before."""
        self.process.join(seconds)
        self.process.kill()
        return self.ended()


def begun(
    home: Path,
    *words: str,
    given: bytes = b"",
    plan: Plan | None = None,
    first: Callable[[], object] | None = None,
    log: Recording | None = None,
    name: str = "command",
    **extra: str,
) -> Forked:
    """`swipefl WORDS...` on that home; `first` is called in its process, and `name` is that of its files beside it.

    What happens to its disk is as planned, and what it does there is recorded in a log.
    """
    files = {stream: home.parent / f"{name}.{stream}" for stream in STREAMS}
    for stream, content in zip(STREAMS, (given, b"", b""), strict=True):
        files[stream].write_bytes(content)
    variables = environment(home, **{**SHORT, "SWIPEFL_DEBUG": "1", **extra})
    process = _context().Process(target=_command, args=(words, variables, files, plan, first, log))
    process.start()
    return Forked(process, files)


def run(home: Path, *words: str, **given: Any) -> Done:
    """The same until it ends."""
    return begun(home, *words, **given).ended()


def within(enter: Callable[[], object], work: Callable[..., object], *given: object, told: Path) -> None:
    """`work(*given)` in a process of its own, which `enter` brings to where its commands are to be as well.

    Fails as that does, which is written to the file `told`.
    """
    told.write_text("")
    process = _context().Process(target=_within, args=(enter, work, given, told))
    process.start()
    try:
        process.join()
    finally:
        process.kill()  # or Python waits for it at its own end
    assert process.exitcode == 0, told.read_text()


_elsewhere = False  # in a process that has entered another place: then it forks itself


def _context() -> ForkServerContext | ForkContext:
    return multiprocessing.get_context("fork") if _elsewhere else _forking(shutil.which("cc") is not None)


def _within(enter: Callable[[], object], work: Callable[..., object], given: tuple[object, ...], told: Path) -> None:
    global _elsewhere
    try:
        enter()
        _elsewhere = True
        work(*given)
    except BaseException:
        told.write_text(traceback.format_exc())
        raise


def _command(
    words: tuple[str, ...],
    variables: dict[str, str],
    files: dict[str, Path],
    plan: Plan | None,
    first: Callable[[], object] | None,
    log: Recording | None,
) -> None:
    """In the process of a command: becomes it."""
    for number, (stream, flags) in enumerate(zip(STREAMS, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        opened = os.open(files[stream], flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0)  # noqa: SIM115 (it lives as long as the process)
    sys.argv = ["swipefl", *words]
    os.environ.clear()
    os.environ.update(variables)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    if first:
        first()
    if plan:
        shim.follow(plan)
    if log:
        shim.record(log)
    from swipefl.__main__ import main

    try:
        main()
    finally:
        if plan:
            files["in"].write_text(str(shim.counted()))
