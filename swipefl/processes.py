"""Several processes at one piece of work: they end with the first, and what they do comes in order."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")


@contextmanager
def workers(count: int, prepare: Callable[..., object] = os.getpid, *given: Any) -> Iterator[Executor]:
    """So many processes, which end with this one whatever becomes of it, and at once where the block is left early.

    Each begins with `prepare`, which is `given` this.
    """
    context = multiprocessing.get_context("spawn")
    far, near = context.Pipe(duplex=False)  # `near` is closed by the kernel, if by nobody else
    with far, near, ProcessPoolExecutor(count, context, _begin, (far, prepare, given)) as processes:
        # They have the terminal's Ctrl-C and a service's SIGTERM too, from their first instruction on: it is the first
        # process that answers.
        deaf = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            for _ in range(count):
                processes.submit(os.getpid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, deaf)
        try:
            yield processes
        except BaseException:
            for _ in range(count):  # not by closing it alone: a fork of this process may have `near` too
                near.send_bytes(b"")
            raise


def in_order(processes: Executor, work: Callable[[Task], Done], tasks: Iterable[Task], ahead: int) -> Iterator[Done]:
    """What `work` makes of each task, in order; `ahead` of what is wanted next are begun, and no more are taken."""
    begun = deque[Future[Done]]()
    for task in tasks:
        begun.append(processes.submit(work, task))
        if len(begun) > ahead:
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()


def end_with(far: Connection) -> None:
    """Ends this process when something comes out of `far`, or its other end is closed, whatever it does then."""

    def watch() -> None:
        with suppress(EOFError, OSError):
            far.recv_bytes()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _begin(far: Connection, prepare: Callable[..., object], given: tuple[Any, ...]) -> None:
    end_with(far)
    prepare(*given)
