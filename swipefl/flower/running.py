"""Running a project on a SuperLink until it has done its rounds.

The rounds themselves are done by the ServerApp, beside the SuperLink, which keeps what they come to. Whoever is killed,
SuperLink, ServerApp or this command: a run that ended before its rounds were done is begun again, and goes on from what
the last one kept; and a run that still goes on is watched, not begun a second time.
"""

import json
import queue
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from swipefl.errors import CoordinatorUnreachable, Interrupted, Remedy, SwipeflError, UsageError, WorkerLost
from swipefl.flower.project import FILE
from swipefl.flower.waiting import sentence_of
from swipefl.stopping import Stop, never, raise_if

if TYPE_CHECKING:  # which loads Flower
    from swipefl.flower.superlink import SuperLink

LOOK_S = 1.0  # how often a stop is asked for, and how long a SuperLink that is away is left in peace
SILENT_S = 30.0  # after which it is looked whether a run that writes nothing is still there
LAST_S = 5.0  # the same for what is left of one that is over
FUTILE = 3  # so often a run may fail by itself without a round before that is taken to be how things are
MOST_ENDS = 10  # likewise, for whatever reason: killed, or without memory
STOPPING = "`flwr stop {number} NAME`, where NAME is what ~/.flwr/config.toml calls this SuperLink,"

Told = Callable[[str], None]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class RunState:
    """How a run stands. One that is over has done all its rounds, was stopped, or failed for a reason: by itself, where
    the ServerApp raised an error, and was not killed."""

    is_over: bool
    is_done: bool = False
    is_stopped: bool = False
    has_raised: bool = False
    why: str = ""


@dataclass(frozen=True)
class GoingOn:
    """A run that is not over; `is_as_written` says that it is of the project as its folder has it now."""

    number: int
    is_as_written: bool


@dataclass(frozen=True)
class FlowerRunReport:
    """How many rounds there were, and how often this began the run: once, unless it went on already, or was killed."""

    rounds: int
    begun: int


class Runner:
    """Runs the project of a folder; `on_round` hears of each round, `told` of what is waited for."""

    def __init__(
        self,
        link: "SuperLink",
        folder: Path,
        on_round: Callable[[dict[str, Any]], None],
        told: Told = lambda sentence: None,
        stop: Stop = never,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._link = link
        self._folder = folder
        self._on_round = on_round
        self._told = told
        self._stop = stop
        self._wait = wait
        self._known: set[int] = set()  # versions: one that goes on tells of all before, too
        self._begun = 0
        self._is_met = False
        self._is_warned = False
        self._waits_for: str | None = None  # not told yet: a run that is followed tells what is long over, too

    def run(self) -> FlowerRunReport:
        """To the end of the last round. A stop ends the following: the run goes on, and it is told how it is stopped.

        Raises UsageError, CoordinatorUnreachable where the SuperLink does not answer at first, WorkerLost for a run
        that ends again and again without a round, or was stopped by somebody, and what a stop says.
        """
        project, futile, ends = _name(self._folder), 0, 0
        number = self._going_on(project)
        while True:
            if number is None:
                number, self._begun = self._patiently(lambda: self._link.submit(self._folder)), self._begun + 1
            before = len(self._known)
            try:
                state = self._follow(number)
            except Interrupted:
                self._told(f"the rounds go on at the SuperLink; {STOPPING.format(number=number)} ends them")
                raise
            if state and state.is_done:
                return FlowerRunReport(len(self._known), self._begun)
            _raise_if_stopped(state)
            ends = ends + 1 if len(self._known) == before else 0
            futile = futile + 1 if ends and state and state.has_raised else 0
            if futile == FUTILE or ends == MOST_ENDS:
                what = "the run ended {times} times without a round: {why}"
                raise WorkerLost("run-failed", what, Remedy.SEE_SUPERLINK, times=ends, why=_why(state))
            self._told(f"the run ended before its rounds were done ({_why(state)}); it is begun again")
            number = self._going_on(project)

    def _going_on(self, project: str) -> int | None:
        """The run of the project that goes on already, if one does; it keeps the numbers that it was begun with."""
        run = self._patiently(lambda: self._link.going_on(project, self._folder))
        if run and not run.is_as_written and not self._is_warned:
            self._is_warned = True
            self._told(
                f"run {run.number} goes on as it was begun: {FILE} says something else since, which counts once "
                f"{STOPPING.format(number=run.number)} has ended it, and this is run again"
            )
        return run.number if run else None

    def _follow(self, number: int) -> RunState | None:
        """Tells of the rounds of a run until it is over; None where the SuperLink no longer knows of it."""
        reading = _Reading(self._link, number)
        while True:
            self._hear(reading, SILENT_S)
            state = self._patiently(lambda: self._link.state(number))
            if state and state.is_over:  # and what a connection that broke unseen did not bring
                self._hear(_Reading(self._link, number, reading.after), LAST_S)
            if state is None or state.is_over:
                return state
            self._wait(LOOK_S)

    def _hear(self, reading: "_Reading", silent_s: float) -> None:
        for line in reading.lines(self._stop, silent_s):
            if not line:
                self._tell_waiting()
            self._waits_for = sentence_of(line) or self._waits_for
            done = _round(line)
            if done is not None:
                self._waits_for = None
            if done is not None and done["version"] not in self._known:
                self._known.add(done["version"])
                self._on_round(done)

    def _tell_waiting(self) -> None:
        if self._waits_for:
            self._told(self._waits_for)
            self._waits_for = None

    def _patiently(self, ask: Callable[[], Answer]) -> Answer:
        """What a SuperLink answers, as soon as it does; at the first contact it has to be there."""
        is_told = False
        while True:
            raise_if(self._stop)
            try:
                answer = ask()
                self._is_met = True
                return answer
            except CoordinatorUnreachable as error:
                if not self._is_met:
                    raise
                if not is_told:
                    self._told(f"{error}; what was done is kept, this waits until it is back")
                    is_told = True
                self._wait(LOOK_S)


class _Reading:
    """What a run writes behind a moment, by lines, over as many connections as it takes: none comes twice.

    A thread reads: a SuperLink that lost its power says nothing, not even that it is gone.
    """

    def __init__(self, link: "SuperLink", number: int, after: float = 0.0) -> None:
        self.after = after
        self._link = link
        self._number = number
        self._begun_line = ""
        self._pieces: queue.SimpleQueue[tuple[str, float] | None] | None = None

    def lines(self, stop: Stop, silent_s: float) -> Iterator[str]:
        """Whole lines until it is over, the connection breaks, or nothing came for long; an empty one where none came
        for a moment. Raises what a stop says."""
        if self._pieces is None:
            self._pieces = queue.SimpleQueue()
            threading.Thread(target=self._read, args=(self._pieces, self.after), daemon=True).start()
        waited_s = 0.0
        while waited_s < silent_s:
            raise_if(stop)
            try:
                piece = self._pieces.get(timeout=LOOK_S)
            except queue.Empty:
                waited_s += LOOK_S
                yield ""
                continue
            if piece is None:
                self._pieces = None
                return
            waited_s, (text, self.after) = 0.0, piece
            *whole, self._begun_line = (self._begun_line + text).split("\n")
            yield from whole

    def _read(self, pieces: "queue.SimpleQueue[tuple[str, float] | None]", after: float) -> None:
        try:
            for piece in self._link.written(self._number, after):
                pieces.put(piece)
        except SwipeflError:
            pass  # whoever asks how the run stands learns of it
        finally:
            pieces.put(None)


def _name(folder: Path) -> str:
    """What Flower calls a project, PUBLISHER/NAME. Raises UsageError."""
    try:
        said = tomllib.loads((folder / FILE).read_text("utf-8"))
        return f"{said['tool']['flwr']['app']['publisher']}/{said['project']['name']}"
    except (OSError, ValueError, LookupError, TypeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        if isinstance(error, LookupError | TypeError):
            why = f"its {FILE} names no project with a publisher"
        what = "{folder} holds no project of Flower ({why})"
        raise UsageError("no-project", what, Remedy.INIT_FLOWER, folder=folder, why=why) from None


def _round(line: str) -> dict[str, Any] | None:
    """What a line says of a round, which made a `version`; None for any other line."""
    if not line.startswith('{"version":'):
        return None
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said.get("version"), int) else None


def _raise_if_stopped(state: RunState | None) -> None:
    if state and state.is_stopped:
        raise WorkerLost("run-stopped", "the run was stopped at the SuperLink: {why}", why=_why(state))


def _why(state: RunState | None) -> str:
    if state is None:
        return "the SuperLink knows nothing of it"
    return state.why or "no reason was given"
