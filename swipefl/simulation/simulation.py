"""Rounds of a federation on one machine: choose clients, train them in processes, aggregate, go on."""

import json
import math
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from swipefl.decoder.checkpoint import Checkpoint, checkpoint_from_bytes
from swipefl.decoder.encoder import Architecture
from swipefl.decoder.evaluation import Top, pooled
from swipefl.errors import DataError
from swipefl.federation.aggregation import Arrived
from swipefl.federation.privacy import Privacy
from swipefl.federation.round import Master, play
from swipefl.federation.strategy import Strategy
from swipefl.federation.update import Delta, Shapes, decode_update, norms_of, widened
from swipefl.gesture.formats import read_examples
from swipefl.jsonline import json_line
from swipefl.simulation.participants import Participant
from swipefl.simulation.residuals import Residuals
from swipefl.simulation.scenario import Scenario
from swipefl.simulation.work import Task, contribute, evaluate_part

ROUNDS_FILE = "rounds.jsonl"  # a line a round that is done; round 0 is the start, where it was evaluated
START_FILE = "start.json"  # where folders of before have the scores of round 0
DONE_FILE = "round.jsonl"  # the same line, beside what the next round needs


@dataclass(frozen=True)
class RoundResult:
    """One round; bytes are those of all its clients together, top-1 and top-3 None where it was not evaluated.

    They are those of `judged` swipes, None where that was not kept; `by` has them of each group of swipes, where groups
    were asked for. Round 0 is the model that all began with, before anybody trained.
    """

    round: int
    version: int
    clients: int
    examples: int
    top1: float | None
    top3: float | None
    bytes_up: int
    bytes_down: int
    seconds: float
    by: Mapping[str, Top] = field(default_factory=dict)
    judged: int | None = None


@dataclass(frozen=True)
class Scores:
    """Top-1 and top-3 of all swipes, and of each group."""

    all: Top
    by: Mapping[str, Top]


@dataclass(frozen=True)
class Sent:
    """An update on its way: whose it is, the round that it was made in and the one that it arrives in."""

    client: int
    made_in: int
    due: int
    examples: int
    path: str


class Simulation:
    """A federation of `participants` by `scenario`: gone on with where `folder` holds rounds of it, else from `start`.

    `folder` has a line a round in `rounds.jsonl`, and what the next round needs of the last one.
    """

    def __init__(
        self,
        participants: Sequence[Participant],
        scenario: Scenario,
        start: Checkpoint,
        folder: Path,
        processes: Executor,
        parallel: int,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._participants = participants
        self._scenario = scenario
        self._folder = folder
        self._processes = processes
        self._parallel = parallel
        self._clock = clock
        self._residuals = Residuals(folder)
        self._mend()
        self._shapes: Shapes = Architecture.named(start.architecture).parameter_shapes()
        if not self._model(0).exists() and not self.results():
            self._keep(0, Master(start), [])

    def rounds(self, evaluation: Path | None = None, every: int = 0, by: str | None = None) -> Iterator[RoundResult]:
        """The rounds that are still to come; every `every`-th and the last are evaluated on a file of swipes.

        The start is evaluated first, as round 0; `by` a field of its lines groups of swipes too.
        Raises DataError for a file without examples, UsageError for a field that groups nothing.
        """
        if evaluation and not self._parts(evaluation):
            raise DataError("nothing-to-judge", "{path} holds no gesture with its word", path=evaluation)
        done = self.results()
        if evaluation and not done:
            start = _start(self.evaluate(evaluation, by))
            self._write(start)
            yield start
        for number in range(done[-1].round + 1 if done else 1, self._scenario.rounds + 1):
            began = self._clock()
            sent, clients = self._send(number)
            taken = self._round(number, sent)
            seconds = self._clock() - began
            due = number == self._scenario.rounds or (every > 0 and number % every == 0)
            scores = self.evaluate(evaluation, by) if evaluation and due else None
            made = [update for update in sent if update.made_in == number]
            result = RoundResult(
                round=number,
                version=number + 1,
                clients=len(taken),
                examples=sum(update.examples for update in taken),
                top1=scores.all.top1 if scores else None,
                top3=scores.all.top3 if scores else None,
                bytes_up=sum((self._folder / update.path).stat().st_size for update in made),
                bytes_down=clients * self._model(number - 1).stat().st_size,
                seconds=round(seconds, 3),
                judged=scores.all.swipes if scores else None,
                by=scores.by if scores else {},
            )
            self._finish(result, [update for update in sent if update.due == number])
            yield result

    def results(self) -> list[RoundResult]:
        """The rounds that are done, round 0 first where the start was evaluated."""
        return results_in(self._folder)

    def _mend(self) -> None:
        """Makes the lines those of the rounds that are done: one that was cut, or not begun, is written again."""
        path = self._folder / ROUNDS_FILE
        text = path.read_bytes() if path.exists() else b""
        whole = text[: text.rfind(b"\n") + 1]
        last = json.loads(whole.splitlines()[-1])["round"] if whole else None
        may_be = (0, 1) if last is None else (last + 1,)
        done = next((file for number in may_be if (file := self._of(number) / DONE_FILE).exists()), None)
        line = done.read_bytes() if done else b""
        if text != (mended := whole + line * line.endswith(b"\n")):
            path.write_bytes(mended)

    def newest(self) -> Path:
        """The file of the newest model, as devices would download it."""
        return max(self._folder.glob("[0-9]*")) / "model.safetensors"

    def evaluate(self, examples: Path, by: str | None = None) -> Scores:
        """The newest model's scores on a file of swipes, in all processes, and on groups of them by a field."""
        count, groups = self._parts(examples), defaultdict(list)
        futures = [
            self._processes.submit(evaluate_part, self.newest(), examples, part, count, by) for part in range(count)
        ]
        parts = [future.result() for future in futures]
        for _, of_part in parts:
            for name, evaluation in of_part.items():
                groups[name].append(evaluation)
        return Scores(pooled([whole for whole, _ in parts]), {name: pooled(groups[name]) for name in sorted(groups)})

    def _parts(self, examples: Path) -> int:
        """In how many parts the examples are evaluated: none of them is empty."""
        return sum(1 for _ in islice(read_examples(examples), self._parallel))

    def _send(self, number: int) -> tuple[list[Sent], int]:
        """All updates on their way once this round's clients have trained, and how many of those there were.

        Whose last update is still on its way makes none, as no device does before that one's fate is known. So no round
        takes two of a client, of which noise would hide but one.
        """
        troubles, rng = self._scenario.troubles, np.random.default_rng([self._scenario.seed, number])
        count = min(self._scenario.clients_per_round, len(self._participants))
        chosen = rng.choice(len(self._participants), count, replace=False)
        drops, late, hostile = (
            rng.random(count) < share for share in (troubles.dropout, troubles.late, troubles.byzantine)
        )
        delays = np.where(late, rng.integers(1, troubles.delay + 1, count), 0)
        sent, owed = self._on_their_way(number - 1), self._residuals.owed(number - 1)
        makes = ~drops & ~np.isin(chosen, [update.client for update in sent])
        tasks = [
            Task(self._participants[client], number, self._model(number - 1), bad, owed.get(client))
            for client, bad in zip(chosen[makes].tolist(), hostile[makes].tolist(), strict=True)
        ]
        largest_first = sorted(
            tasks, key=lambda task: -task.participant.size
        )  # so that no process waits long for another
        futures = {
            task.participant.number: self._processes.submit(contribute, task, self._scenario) for task in largest_first
        }
        for task, delay in zip(tasks, delays[makes], strict=True):
            client = task.participant.number
            made = futures[client].result()
            if made.blob is not None:
                path = f"update-{number:05}-{client:05}"
                (self._folder / path).write_bytes(made.blob)
                self._residuals.leave(number, client, made.residual)
                sent.append(Sent(client, number, number + int(delay), made.examples, path))
        return sent, count

    def _round(self, number: int, sent: Sequence[Sent]) -> list[Sent]:
        """Aggregates what has arrived; says what of it was taken."""
        master = self._master(number - 1)
        arrived = [update for update in sent if update.due == number]
        taken = [update for update in arrived if self._is_taken(update)]
        updates = [Arrived(update.examples, number - update.made_in, partial(self._read, update)) for update in taken]
        if privacy := self._scenario.privacy:  # where nobody came there is noise too, or that would be seen
            rng = np.random.default_rng([self._scenario.seed, number, 1])
            hidden = partial(_hidden, privacy, rng)
            master = play(master, updates, self._scenario.strategy, number, combine=hidden).master
        elif taken:
            master = play(master, updates, self._scenario.strategy, number).master
        self._keep(number, master, [update for update in sent if update.due > number])
        self._residuals.land(number, [(update.made_in, update.client) for update in taken])
        return taken

    def _is_taken(self, update: Sent) -> bool:
        """Whether a coordinator would take it."""
        bound = self._scenario.plan.max_norm if self._scenario.bounded else math.inf
        return norms_of(self._read(update)).fault(bound) is None

    def _read(self, update: Sent, only: str | None = None) -> Delta:
        blob = (self._folder / update.path).read_bytes()
        if self._scenario.compressed:
            return decode_update(blob, self._shapes, only)
        return widened(load(blob), self._shapes)

    def _on_their_way(self, number: int) -> list[Sent]:
        """The updates that are still to arrive after a round."""
        return [Sent(**line) for line in json.loads((self._of(number) / "sent.json").read_text("utf-8"))]

    def _of(self, number: int) -> Path:
        return self._folder / f"{number:05}"

    def _model(self, number: int) -> Path:
        """What devices would download after a round."""
        return self._of(number) / "model.safetensors"

    def _keep(self, number: int, master: Master, on_their_way: Sequence[Sent]) -> None:
        """Writes what the next round needs."""
        folder = self._of(number)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "master.safetensors").write_bytes(master.model.to_bytes())
        (folder / "moments.safetensors").write_bytes(save(dict(master.moments)))
        (folder / "sent.json").write_text(json.dumps([asdict(update) for update in on_their_way]), "utf-8")
        self._model(number).write_bytes(master.model.to_bytes(half=True))

    def _master(self, number: int) -> Master:
        folder = self._of(number)
        model = checkpoint_from_bytes((folder / "master.safetensors").read_bytes())
        return Master(model, load((folder / "moments.safetensors").read_bytes()))

    def _finish(self, result: RoundResult, arrived: Sequence[Sent]) -> None:
        """Writes what is known of a round, and removes what nobody needs any more."""
        self._write(result)
        for update in arrived:
            (self._folder / update.path).unlink(missing_ok=True)
        waiting = self._on_their_way(result.round)
        self._residuals.sweep(result.round, [(update.made_in, update.client) for update in waiting])
        shutil.rmtree(self._of(result.round - 1), ignore_errors=True)

    def _write(self, result: RoundResult) -> None:
        """From here on the round is done; before, it would be done again."""
        line = json_line(as_json(result)) + "\n"
        (self._of(result.round) / DONE_FILE).write_text(line, "utf-8")
        with (self._folder / ROUNDS_FILE).open("a", encoding="utf-8") as file:
            file.write(line)


def results_in(folder: Path) -> list[RoundResult]:
    """The rounds that were done in a folder, round 0 first where the start was evaluated."""
    path, start = folder / ROUNDS_FILE, folder / START_FILE
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    results = [result_of(json.loads(line)) for line in lines]
    if results and results[0].round and start.exists():
        return [_start(_scores_of_before(start)), *results]
    return results


def _start(scores: Scores) -> RoundResult:
    """Round 0: nobody has trained yet."""
    return RoundResult(0, 1, 0, 0, scores.all.top1, scores.all.top3, 0, 0, 0.0, scores.by, scores.all.swipes)


def _scores_of_before(file: Path) -> Scores:
    together, by = json.loads(file.read_text("utf-8"))
    if not isinstance(by, dict):  # as they were kept before there were groups
        together, by = (together, by), {}
    return Scores(Top(*together), {name: Top(*top) for name, top in by.items()})


def as_json(result: RoundResult) -> dict[str, Any]:
    """A round as one object; `by` is in it where groups were asked for."""
    flat = {each.name: getattr(result, each.name) for each in fields(result) if each.name != "by"}
    return flat | ({"by": {name: asdict(top) for name, top in result.by.items()}} if result.by else {})


def result_of(line: dict[str, Any]) -> RoundResult:
    """The inverse of `as_json`."""
    by = {name: Top(**top) for name, top in line.get("by", {}).items()}
    return RoundResult(**{**line, "by": by})


def _hidden(
    privacy: Privacy, rng: np.random.Generator, updates: Sequence[Arrived], shapes: Shapes, strategy: Strategy
) -> Delta:
    """The change that hides whose updates it is made of."""
    return privacy.mean((update.read(None) for update in updates), shapes, rng)
