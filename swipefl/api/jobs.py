"""Work in the background: one job at a time, in a process of its own, and whoever watches it."""

import asyncio
import math
import multiprocessing
import pickle
import secrets
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.context import SpawnProcess
from typing import Any, Literal

from swipefl.api.problems import Busy, plain
from swipefl.api.working import STOPS, fields_of, work
from swipefl.errors import UsageError, WorkerLost
from swipefl.library.device import Device

KEPT = 10  # of the last jobs
GRACE_S = 5.0  # for what was told to end

Kind = Literal["train", "cycle"]
State = Literal["running", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Job:
    """What is known of a job at one moment; times in unix seconds."""

    id: str
    kind: Kind
    state: State
    started_at: float
    finished_at: float | None = None
    progress: dict[str, Any] | None = None
    report: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None


class Jobs:
    """The jobs of a device. Usable from any thread; `events` in an event loop."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._changing = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._running: _Running | None = None
        self._is_closed = False
        self._watchers: set[Callable[[], None]] = set()

    def start(self, kind: Kind, rounds: int = 1) -> Job:
        """Begins a job. Raises Busy where one runs, StoreBusy where a command line's does."""
        with self._changing:
            if self._is_closed:
                raise Busy("closing", "swipefl is about to end")
            if self._running:
                raise Busy("job-runs", "a job is running; one can run at a time")
            self._device.check_free()
            job = Job(secrets.token_hex(8), kind, "running", time.time())
            self._running = _Running(job.id, self._device, kind, rounds)
            self._keep(job)
        threading.Thread(target=self._follow, args=(self._running,), name="swipefl job", daemon=True).start()
        return job

    def current(self) -> Job | None:
        """The job that runs, or was the last one."""
        return next(reversed(self._jobs.copy().values()), None)

    def get(self, id: str) -> Job:
        """One of the last jobs. Raises UsageError where there is none of this id."""
        job = self._jobs.get(id)
        if job is None:
            raise UsageError("not-found", "there is no such job")
        return job

    def cancel(self, id: str) -> Job:
        """Ends a job that runs; what it had finished is kept. Raises UsageError where there is none of this id."""
        job = self.get(id)
        with self._changing:
            if self._running and self._running.id == id:
                self._running.end()
        return job

    def close(self) -> None:
        """Has the job end, and everybody who watches it hear of that; no other begins. Waits for nothing."""
        with self._changing:
            self._is_closed = True
            if self._running:
                self._running.end()

    def join(self) -> None:
        """Returns when no job runs."""
        if running := self._running:
            running.is_over.wait()

    async def events(self, id: str) -> AsyncIterator[tuple[str, Job] | None]:
        """The job as it is now and whenever that changes, with what happened; None where nothing did for a while.

        Whoever is slow misses what was in between, and never a `round` or the `end`. Raises UsageError.
        """
        wake, loop = asyncio.Event(), asyncio.get_running_loop()

        def changed() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(wake.set)

        rounds: int | None = None
        self._watchers.add(changed)
        try:
            while True:
                wake.clear()
                job = self.get(id)
                done = len((job.report or {}).get("rounds", ()))
                if job.finished_at and rounds is not None and done > rounds:  # both came at once
                    yield "round", job
                yield "end" if job.finished_at else "round" if done > (rounds or 0) else "progress", job
                if job.finished_at:
                    return
                rounds = done
                while not await _woken(wake):
                    yield None
        finally:
            self._watchers.discard(changed)

    def _keep(self, job: Job) -> None:
        self._jobs[job.id] = job
        for old in list(self._jobs)[:-KEPT]:
            del self._jobs[old]
        for changed in tuple(self._watchers):
            changed()

    def _follow(self, running: "_Running") -> None:
        """Hears what the process tells until it has ended."""
        try:
            with suppress(EOFError, OSError):
                while True:
                    self._hear(running, *running.near.recv())
        finally:  # whatever ends it: the next job may begin
            running.near.close()
            running.wait()
            with self._changing:
                self._running = None
                self._keep(_over(self._jobs[running.id], *running.outcome_or_loss()))
            running.is_over.set()

    def _hear(self, running: "_Running", what: str, said: Any) -> None:
        job = self._jobs[running.id]
        if what == "progress":
            self._keep(replace(job, progress=_finite(said)))
        elif what == "round":
            self._keep(replace(job, report=said))
        else:
            running.outcome = what, said


class _Running:
    """The process of a job."""

    def __init__(self, id: str, device: Device, kind: Kind, rounds: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.id = id
        self.outcome: tuple[str, Any] | None = None
        self.is_over = threading.Event()
        self._is_to_end = False
        far, self._life = context.Pipe(duplex=False)  # closed by the kernel, if by nobody else
        self.near, near = context.Pipe(duplex=False)
        self._process = context.Process(target=work, args=(far, near, pickle.dumps(device), kind, rounds))
        with far, near:
            _start(self._process)

    def end(self) -> None:
        """Has it end; what does not within some seconds is killed."""
        if not self._is_to_end:
            self._is_to_end = True
            self._process.terminate()
            threading.Thread(target=self._kill_if_deaf, daemon=True).start()

    def wait(self) -> None:
        """Returns when the process is no more."""
        self._process.join()
        self._life.close()
        self.near.close()

    def outcome_or_loss(self) -> tuple[str, Any]:
        """What came of it; of one that was killed, that."""
        if self.outcome:
            return self.outcome
        if self._is_to_end:
            return "cancelled", None
        return "failed", fields_of(WorkerLost("process-lost", "the process of the job was killed"))

    def _kill_if_deaf(self) -> None:
        if not self.is_over.wait(GRACE_S):
            self._process.kill()


def _start(process: SpawnProcess) -> None:
    """Starts a process that hears no signal before it is ready for one: a terminal's Ctrl-C goes to all of them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _over(job: Job, what: str, said: Any) -> Job:
    ended = replace(job, finished_at=time.time())
    if what == "done":
        return replace(ended, state="done", report=_finite(said))
    if what == "failed":
        return replace(ended, state="failed", problem=plain(*said))
    return replace(ended, state="cancelled")


def _finite(said: dict[str, Any]) -> dict[str, Any]:
    """What was told; null for numbers that are none."""
    return {name: None if isinstance(n, float) and not math.isfinite(n) else n for name, n in said.items()}


async def _woken(wake: asyncio.Event, within_s: float = 15.0) -> bool:
    try:
        await asyncio.wait_for(wake.wait(), within_s)
    except TimeoutError:
        return False
    return True
