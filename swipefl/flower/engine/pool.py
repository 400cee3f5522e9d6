"""Flower's engine for simulations, Ray underneath: to who hands it tasks a pool of processes, which ends like one.

Ray, its dozen processes and Flower are in a process of their own and in one group with it: they end at once and whole,
whatever they do, with whoever began them. Nothing of Flower is loaded here.
"""

import multiprocessing
import os
import secrets
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from swipefl.database.files import open_private
from swipefl.errors import Remedy, UsageError, WorkerLost
from swipefl.flower.engine.dispatching import CLIENT_MB, Lost, Where, serve
from swipefl.flower.engine.tasks import Ground, asked, here, outcome_of
from swipefl.flower.installed import check_installed
from swipefl.operations.conditions.machine import free_memory_mb

LONGEST_FOLDER = 20  # letters of a path: Ray's sockets lie 85 more below it, and the system allows 107
MARK = "engine"  # the file in a run's folder by which other machines know that they see the same one
JOIN_S = 5.0


def check_engine() -> None:
    """Raises UsageError where Flower, or Ray, is not installed."""
    check_installed("flwr", "ray")


@contextmanager
def flower_workers(
    folder: Path, address: str | None = None, needed: Sequence[Path] = ()
) -> Iterator[tuple[Executor, int]]:
    """What does tasks on Flower's engine, and how many at once: on this machine, or the Ray cluster at `address`.

    `folder` is that of the run, and with what is `needed` beside it must be seen by every machine of a cluster.
    Raises UsageError where Flower is not installed, there is no such cluster, or no room in it; WorkerLost where the
    engine does not start. A task whose process is killed raises BrokenProcessPool, as one of a pool does.
    """
    check_engine()
    token, mark, scratch = secrets.token_hex(32), folder / MARK, _scratch()
    with open(open_private(mark, os.O_WRONLY | os.O_TRUNC), "w", encoding="ascii") as file:
        file.write(token)
    try:
        with _begun(Where(address, _places(), scratch, token)) as near:
            places = _first(near, address)
            yield _Engine(near, here(mark, token, tuple(needed))), places
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        mark.unlink(missing_ok=True)


def _scratch() -> Path:
    """A folder for Ray and for its owner alone, where paths are short enough."""
    usual = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="swipefl-", dir=usual if len(usual) < LONGEST_FOLDER else "/tmp"))


def _places() -> int:
    """How many clients this machine has cores and memory for; one at least."""
    cores, free = os.cpu_count() or 1, free_memory_mb()
    return cores if free is None else max(1, min(cores, int(free / CLIENT_MB)))


@contextmanager
def _begun(where: Where) -> Iterator[Connection]:
    """The engine's process inside the block, and what it is spoken to by; afterwards nothing of it is left."""
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    process = context.Process(target=serve, args=(far, where), daemon=True)
    # Ctrl-C and SIGTERM may reach it before it is in a group of its own: it is for the first process to answer.
    deaf = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, deaf)
    far.close()
    try:
        yield near
    finally:
        _end(process)
        near.close()


def _end(process: BaseProcess) -> None:
    """Ends it, and all that it began, also where it ended before them."""
    if process.pid:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()  # where it has no group of its own yet
    process.join(JOIN_S)


def _first(near: Connection, address: str | None) -> int:
    """The first that it says: how many tasks it does at once. Raises what it could not begin for."""
    try:
        said = near.recv()
    except (EOFError, OSError) as error:
        if address is not None:  # where nobody answers there, Ray ends the process that asked
            none = "no Ray cluster at {address} lets this machine in"
            raise UsageError("no-cluster", none, Remedy.CHECK_CLUSTER, address=address) from error
        raise WorkerLost("no-engine", "Flower's engine ended before it could begin") from error
    if isinstance(said, Exception):
        raise said
    return int(said)


class _Engine(Executor):
    """Hands tasks to the engine, and takes what becomes of them in a thread."""

    def __init__(self, near: Connection, needs: Ground) -> None:
        self._near = near
        self._needs = needs
        self._numbers = count()
        self._futures: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._lost: Exception | None = None
        threading.Thread(target=self._take, daemon=True).start()

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """What `work` will give. Raises BrokenProcessPool where the engine is no more."""
        task, future = asked(self._needs, partial(work, *given, **named)), Future[Any]()
        future.set_running_or_notify_cancel()  # it is on its way: nobody takes it back
        with self._lock:
            if self._lost:
                raise self._lost
            number = next(self._numbers)
            self._futures[number] = future
            with suppress(OSError):  # `_take` finds out too
                self._near.send((number, task))
        return future

    def _take(self) -> None:
        lost: Exception = BrokenProcessPool("the engine's process ended")
        try:
            while True:
                said = self._near.recv()
                if isinstance(said, Exception):
                    lost = said
                    break
                number, answer = said
                with self._lock:
                    future = self._futures.pop(number)
                _settle(future, answer)
        except (EOFError, OSError):
            pass
        with self._lock:
            self._lost = lost
            futures, self._futures = self._futures, {}
        for future in futures.values():
            future.set_exception(lost)


def _settle(future: Future[Any], answer: bytes | Lost) -> None:
    if isinstance(answer, Lost):
        future.set_exception(_error(answer))
        return
    try:
        outcome = outcome_of(answer)
    except Exception as error:  # of who made it, and no reason to leave all others without an answer
        future.set_exception(error)
        return
    if outcome.error is not None:
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome.value)


def _error(lost: Lost) -> Exception:
    if lost.died:
        return BrokenProcessPool(lost.why)
    what = "a machine of the cluster cannot do its part ({why})"
    return UsageError("engine-refused", what, Remedy.SAME_EVERYWHERE, why=lost.why)
