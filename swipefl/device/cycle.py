"""The story of a night: pull -> train -> judge -> keep -> push, each step restartable. Start reading here.

A round makes two different things and keeps them apart:

* the personal checkpoint goes on learning round by round, is judged on the held-out split, adopted only if it is
  better, and never leaves;
* the contribution is trained from the global (or base) checkpoint, never gated by local scores and never chained;
  clipped and encoded it waits in the outbox, and leaves it when the coordinator has it.

Without a coordinator there is no pull and no push, and nothing else is different. Everything that a round made lands in
one transaction; a run killed at any instant loses that round and nothing else.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import Lexicon
from swipefl.device.contribution import contribution
from swipefl.errors import (
    CheckpointError,
    CoordinatorUnreachable,
    DataError,
    Interrupted,
    TooLittleData,
    UpdateRefused,
)
from swipefl.federation.protocol.plan import ContributionPlan
from swipefl.federation.update import encode_update, residual_from, shapes_of
from swipefl.gesture.gesture import Example
from swipefl.learning.plan import MIN_EXAMPLES, Plan, Progress, Trained, Trainer
from swipefl.store.models import newest_global, personal_or_newest
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.rounds import Round
from swipefl.store.store import Store

if TYPE_CHECKING:
    from swipefl.federation.device.exchange import Exchange  # loads grpc, which a device on its own never needs

DONE = "cycle.done"
MOST_JUDGED = 400  # held-out examples; more would cost time and say nothing new


@dataclass(frozen=True)
class Plans:
    """How the personal checkpoint and the contribution are trained; `max_norm` clips the contribution."""

    personal: Plan
    contribution: Plan
    max_norm: float


@dataclass(frozen=True)
class Judgement:
    """What a checkpoint does on held-out examples: top-1 (a fraction) and the mean ln probability of the right word."""

    top1: float
    ln_probability: float

    def betters(self, other: "Judgement") -> bool:
        """Whether this is better, top-1 first; a tie in top-1 is decided by the probabilities."""
        return (self.top1, self.ln_probability) > (other.top1, other.ln_probability)


@dataclass(frozen=True)
class RoundReport:
    """One round as the command line shows it; `skipped` says why nothing was done.

    `push` is what became of the contribution: none, queued, sent, stale or refused.
    """

    round: int
    examples: int
    top1_before: float | None = None
    top1_after: float | None = None
    adopted: bool = False
    update_id: str | None = None
    push: str = "none"
    skipped: str | None = None


@dataclass(frozen=True)
class Personal:
    """A personal checkpoint that was trained and judged."""

    trained: Trained
    before: Judgement | None
    after: Judgement | None
    adopted: bool
    held_out: int


class Cycle:
    """Rounds of training on one store. `load_trainer` is called when training is first needed, not before.

    `coordinator` is visited before and after each round, unless its pause or a back-off is on, and until it fails once;
    with `require_sync` that is an error, and else `unspoken` says why afterwards. `on_progress` hears of each batch,
    `on_round` of each round as it ends; `stopped` names a signal that came.
    """

    def __init__(
        self,
        store: Store,
        load_trainer: Callable[[], Trainer],
        lexicon_of: Callable[[str], Lexicon],
        plans: Plans,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        stopped: Callable[[], int | None] = lambda: None,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        on_round: Callable[[RoundReport], None] = lambda report: None,
        coordinator: "Exchange | None" = None,
        require_sync: bool = False,
    ) -> None:
        self._store = store
        self._load_trainer = load_trainer
        self._lexicon_of = lexicon_of
        self._plans = plans
        self._on_progress = on_progress
        self._stopped = stopped
        self._clock = clock
        self._new_id = new_id
        self._on_round = on_round
        self._coordinator = coordinator
        self._require_sync = require_sync
        self.unspoken: str | None = None

    def run(self, rounds: int) -> list[RoundReport]:
        """Up to `rounds` rounds; stops early, with the reason, where there is nothing to do or nothing more to gain."""
        reports = []
        for report in self._rounds(rounds):
            self._on_round(report)
            reports.append(report)
        return reports

    def _rounds(self, rounds: int) -> Iterator[RoundReport]:
        if self._coordinator and not self._require_sync:
            self.unspoken = self._coordinator.waits()
        self._visit()
        if reason := nothing_to_do(self._store):
            yield self._skipped(self._store.gestures.counts()["train"], reason)
            return
        for left in reversed(range(rounds)):
            learned = _state(self._store)  # before the round: what is ingested meanwhile is for the next cycle
            try:
                report = self._round()
            except TooLittleData as error:  # enough examples, but too few that can be learned from
                yield self._skipped(self._store.gestures.counts()["train"], str(error))
                break
            yield report
            if left and not report.adopted:
                yield self._skipped(report.examples, "the held-out score no longer rises")
                break
            if left:
                self._visit()
        with self._store.transaction():
            self._store.meta.set(DONE, learned)

    def _visit(self, pull: bool = True) -> str | None:
        """Sends what waits, fetches what is newer; says what became of what waited, None where nobody was spoken to.

        The night goes on without a coordinator that is away or says what cannot be believed.
        """
        if self._coordinator is None or self.unspoken:
            return None
        try:
            done = self._coordinator.run(pull)
        except (CoordinatorUnreachable, UpdateRefused, CheckpointError) as error:
            if self._require_sync:
                raise
            self.unspoken = str(error)
            return None
        if done.refused and self._require_sync:
            raise UpdateRefused(f"the coordinator refused the update ({', '.join(done.reasons)}); it is dropped")
        return "sent" if done.pushed else "refused" if done.refused else "stale" if done.stale else None

    def _skipped(self, examples: int, reason: str) -> RoundReport:
        return RoundReport(self._store.rounds.next_number(), examples, skipped=reason)

    def _round(self) -> RoundReport:
        number, started = self._store.rounds.next_number(), self._clock()
        start = newest_global(self._store)
        personal = self.train_personal(seed=number)
        update = self._contribution(start)
        before = personal.before.top1 if personal.before else None
        after = personal.after.top1 if personal.after else None
        update_id = update.id if update else None
        with self._store.transaction():
            if personal.adopted:
                keep_personal(self._store, personal, start)
            if update and not update.attempted:  # what was attempted stays as it is until its fate is known
                self._store.outbox.queue(update)
            self._store.rounds.add(
                Round(
                    number,
                    started,
                    self._clock(),
                    personal.trained.examples,
                    before,
                    after,
                    personal.adopted,
                    update_id,
                    start.fingerprint,
                )
            )
        push = (self._visit(pull=False) or "queued") if update else "none"
        examples = personal.trained.examples
        return RoundReport(number, examples, before, after, personal.adopted, update_id, push)

    def train_personal(self, seed: int = 0) -> Personal:
        """The personal checkpoint trained once more on the train split, judged on the held-out split. Writes nothing.

        Its score weights stay those that it started with: tuned on the train split, by maximum likelihood at four
        strengths, they gave 60 people -0.6 to +0.05 points of top-1. Raises TooLittleData, Interrupted.
        """
        start = personal_start(self._store)
        examples, held_out = (self._store.gestures.examples(split) for split in ("train", "held_out"))
        if len(examples) < MIN_EXAMPLES:
            raise TooLittleData(
                f"training needs at least {MIN_EXAMPLES} examples, the store has {len(examples)}; ingest more swipes"
            )
        plan = replace(self._plans.personal, seed=self._plans.personal.seed + seed)
        trained = self._load_trainer()(start, examples, plan, self._on_progress, self._stopped)
        if not held_out:  # with nothing to judge by, a model that learned is not known to be better
            return Personal(trained, None, None, False, 0)
        judged = held_out[-MOST_JUDGED:]
        before, after = (
            judge(Decoder(checkpoint, self._lexicon_of), self._until_stopped(judged))
            for checkpoint in (in_use(self._store), trained.checkpoint)
        )
        return Personal(trained, before, after, after.betters(before), len(held_out))

    def _until_stopped(self, examples: Iterable[Example]) -> Iterator[Example]:
        for example in examples:
            if (signum := self._stopped()) is not None:
                raise Interrupted(signum)
            yield example

    def _contribution(self, start: Checkpoint) -> QueuedUpdate | None:
        """The update that waits for this global checkpoint; the one made from the same data is kept as it is.

        None where the coordinator has one already: it takes one a device and version.
        """
        member = self._store.memberships.get()
        if member and member.fingerprint == start.fingerprint and member.contributed >= member.version > 0:
            return None
        data = self._store.gestures.fingerprint()
        for waiting in self._store.outbox.waiting():
            if waiting.attempted and waiting.base != start.fingerprint:
                return None  # until its fate is known, what is left over of it is not known either
            if waiting.base == start.fingerprint and (waiting.attempted or waiting.data == data):
                return waiting if waiting.data == data else None
        plan, max_norm = self._plans.contribution, self._plans.max_norm
        if member and member.plan:
            asked = ContributionPlan.from_json(member.plan)
            plan = replace(plan, epochs=asked.epochs, batch_size=asked.batch_size, learning_rate=asked.learning_rate)
            max_norm = min(max_norm, asked.max_norm)
        examples = self._store.gestures.examples("train")
        residual = residual_from(member.residual, shapes_of(start.parameters)) if member else None
        try:
            made = contribution(
                start, examples, plan, self._load_trainer(), self._lexicon_of, self._on_progress, self._stopped
            )
            encoded = encode_update(made.delta, max_norm, residual)
        except DataError:  # a plan of steps too large ends in weights that are not finite: no reason to lose the night
            return None
        return QueuedUpdate(
            self._new_id(),
            start.fingerprint,
            self._clock(),
            made.examples,
            encoded.blob,
            False,
            data,
            residual=encoded.residual_blob,
        )


def nothing_to_do(store: Store) -> str | None:
    """Why a cycle would do nothing now, or None where there is something to learn."""
    train = store.gestures.counts()["train"]
    if train < MIN_EXAMPLES:
        return f"too little data yet: {train} of {MIN_EXAMPLES} examples to train on"
    return "nothing new since the last cycle" if store.meta.get(DONE) == _state(store) else None


def _state(store: Store) -> str:
    return f"{store.gestures.fingerprint()} {newest_global(store).fingerprint}"


def keep_personal(store: Store, personal: Personal, start: Checkpoint) -> Checkpoint:
    """Adopts a trained personal checkpoint; the caller holds the transaction."""
    info: Mapping[str, str] = {"from": start.fingerprint}
    kept = replace(personal.trained.checkpoint, info=info)
    store.checkpoints.add("personal", kept.to_bytes(), start.fingerprint, use=True)
    return kept


def in_use(store: Store) -> Checkpoint:
    """What predictions use; a damaged personal checkpoint is not worth failing for: it is trained anew."""
    try:
        return personal_or_newest(store)
    except CheckpointError:
        return newest_global(store)


def personal_start(store: Store) -> Checkpoint:
    """What personal training goes on from: the checkpoint in use, unless its root was replaced."""
    newest, used = newest_global(store), in_use(store)
    return used if used.info.get("from") == newest.fingerprint else newest


def judge(decoder: Decoder, held_out: Iterable[Example]) -> Judgement:
    """How well `decoder` does on held-out examples; a word that it does not find counts as probability 1e-6."""
    right, logs = 0, []
    for example in held_out:
        candidates = decoder.decode(example.gesture, top=20)
        right += bool(candidates) and candidates[0].word == example.word
        found = [c.probability for c in candidates if c.word == example.word]
        logs.append(float(np.log(max(found[0] if found else 0.0, 1e-6))))
    return Judgement(right / len(logs), float(np.mean(logs)))
