"""The story of a night: pull -> judge -> train -> judge -> keep -> push, each step restartable. Start reading here.

What is pulled is judged before anything is predicted with it (`acceptance`); a worse global checkpoint is kept for
contributions to start from, and nothing else.

A round makes two different things and keeps them apart:

* the personal checkpoint (`personal`) goes on learning round by round from the global checkpoint that was accepted (or
  the base), is judged on the held-out split, adopted only if it is better, and never leaves;
* the contribution (`contribution`), only where the device has joined a federation, is trained from the newest global
  (or base) checkpoint, never gated by local scores and never chained; clipped and encoded it waits in the outbox, and
  leaves it when the coordinator has it.

Without a federation there is no pull, no contribution and no push, and nothing else is different. Everything that a
round made lands in one transaction. What is stopped while it trains goes on from there the next time (`begun`), and one
killed at any instant has lost half a minute and nothing else.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Protocol

from swipefl.database.snapshots import erase_before_upgrade
from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.device.due import due
from swipefl.device.gain import together
from swipefl.device.offered import note_offered
from swipefl.device.permission import ALL, Permission
from swipefl.doing import Doing, OnDoing, unheard
from swipefl.errors import (
    CheckpointError,
    CoordinatorUnreachable,
    FederationError,
    Ineligible,
    StoreError,
    SwipeflError,
    TooLittleData,
    UsageError,
)
from swipefl.learning.training import MIN_EXAMPLES, Heard
from swipefl.stopping import Stop, either, never, raise_if
from swipefl.store.checkpoints import StoredCheckpoint
from swipefl.store.models import global_for_predictions, newest_global
from swipefl.store.nights import Night
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.rounds import Round
from swipefl.store.store import Store

if TYPE_CHECKING:  # loaded where they are needed: a night without anything to do loads neither decoder nor grpc
    from swipefl.device.acceptance import GlobalJudge
    from swipefl.device.contribution import Contributor
    from swipefl.device.personal import Personal, PersonalTraining
    from swipefl.federation.device.exchange import Exchanged

DONE = "cycle.done"


@dataclass(frozen=True)
class RoundReport:
    """One round as a face shows it; `skipped` says why nothing was done.

    `push` is what became of the contribution: none, queued, sent, stale or refused. Of the `swipes` that were judged
    the first word was right of `right_base` with the model that came with swipefl, of `right_before` with the one in
    use before, of `right_new` with the new one. One that was stopped because the device is not eligible any more says
    that it was so after `steps_done` of the `steps` of a training, and goes on from there the next time.
    """

    round: int
    examples: int
    top1_before: float | None = None
    top1_after: float | None = None
    adopted: bool = False
    update_id: str | None = None
    push: str = "none"
    skipped: SwipeflError | str | None = None
    swipes: int = 0
    right_base: int = 0
    right_before: int = 0
    right_new: int = 0
    steps_done: int = 0
    steps: int = 0


@dataclass(frozen=True)
class Pruned:
    """How many swipes were erased since they were kept long enough; `first` where none ever was before."""

    swipes: int = 0
    first: bool = False


@dataclass(frozen=True)
class CycleReport:
    """The rounds of a cycle, and why the coordinator could not be spoken to, if it could not.

    `night` is what they came to together, None where nothing was done; what it `shared` is what left in this one,
    whenever it was made: `bytes_sent` in all. `pruned` is what was kept long enough, and is gone. `withheld`
    says why nothing was made for the federation, nor sent, where that waits for another time.
    """

    rounds: tuple[RoundReport, ...]
    unspoken: SwipeflError | None = None
    night: Night | None = None
    shared: str = "nothing"
    bytes_sent: int = 0
    pruned: Pruned = Pruned()
    withheld: SwipeflError | None = None


class Coordinator(Protocol):
    """What is visited: an Exchange, or what stands for one."""

    def waits(self) -> SwipeflError | None:
        """Why a timer should not visit now, or None."""

    def run(self, pull: bool = True, push: bool = True, by_timer: bool = False) -> "Exchanged":
        """One visit."""


@dataclass(frozen=True)
class Learning:
    """What a night learns with for its owner and for others, and what says what a model that was pulled is worth."""

    personal: "PersonalTraining"
    contributor: "Contributor"
    judge_globals: "GlobalJudge"


class Cycle:
    """Rounds on one store.

    `learning` is asked for once, where there is something to learn or a federation's model to look at: it loads the
    decoder. `coordinator` is visited before and after each round, unless its pause or a back-off is on, and until it
    fails once; with `require_sync` that is an error. `on_round` hears of each round as it ends; `heard` has heard how
    far training is. `prune` erases what is kept no longer, before anything else. `stop` ends all of it; `may` says what
    it may do just now.
    """

    def __init__(
        self,
        store: Store,
        learning: Callable[[], Learning],
        coordinator: Coordinator | None = None,
        require_sync: bool = False,
        on_round: Callable[[RoundReport], None] = lambda report: None,
        clock: Callable[[], float] = time.time,
        stop: Stop = never,
        prune: Callable[[], Pruned] = Pruned,
        heard: Heard | None = None,
        on_doing: OnDoing = unheard,
        may: Permission = ALL,
    ) -> None:
        self._store = store
        self._may = may
        self._withheld: SwipeflError | None = None
        self._unsent: SwipeflError | None = None
        self._has_trained = self._has_offered = False
        self._asked_to_end = stop
        self._stop = either(stop, may.during)
        self._prune = prune
        self._heard = heard or Heard()
        self._on_doing = on_doing
        self._learning = cache(learning)
        self._coordinator = coordinator
        self._require_sync = require_sync
        self._on_round = on_round
        self._clock = clock
        self._unspoken: SwipeflError | None = None
        self._night: Night | None = None
        self._night_number: int | None = None
        self._shared = "nothing"
        self._bytes_sent = 0
        self._learned_from: set[str] = set()  # hashes of what there was when the last round's trainings were begun

    def run(self, rounds: int) -> CycleReport:
        """Up to `rounds` rounds.

        Stops early, with the reason, where there is nothing to do or nothing more to gain, and where the device is no
        longer eligible.

        Raises CheckpointError, UsageError for a device to train on that is not there, StoreError, and what a stop says;
        with `require_sync` what a visit does.
        """
        pruned = self._pruned()
        reports = []
        for report in self._rounds(rounds):
            self._on_round(report)
            reports.append(report)
        if self._night:  # what this swipefl learned and wrote is good
            erase_before_upgrade(self._store.path)
        shared = self._what_left()
        night = self._night and replace(self._night, shared=shared, bytes_sent=self._bytes_sent)
        withheld = (None if self._has_offered else self._withheld) or self._unsent
        return CycleReport(tuple(reports), self._unspoken, night, shared, self._bytes_sent, pruned, withheld)

    def _pruned(self) -> Pruned:
        """Erases what is over; what fails the next night tries again, and this one goes on."""
        with suppress(StoreError):
            return self._prune()
        return Pruned()

    def _rounds(self, rounds: int) -> Iterator[RoundReport]:
        try:
            owes = self._store.owes_forgetting()
            if owes:  # also in a night that may do nothing else
                self._finish_erasing("erasing what was forgotten", self._asked_to_end)
            raise_if(self._may.night)
            if not owes and self._store.is_rewriting_due():
                self._finish_erasing("erasing what was kept long enough", self._stop)
            yield from self._until_done(rounds)
        except Ineligible as error:
            yield self._stopped(error)

    def _finish_erasing(self, what: str, stop: Stop) -> None:
        self._on_doing(Doing(what))
        with suppress(StoreError):  # which the next one tries again, and no reason to lose the night
            self._store.erase_traces(stop)

    def _until_done(self, rounds: int) -> Iterator[RoundReport]:
        if self._coordinator and not self._require_sync:
            self._unspoken = self._coordinator.waits()
        self._catch_up()
        if reason := nothing_to_do(self._store, self._may.least_new_swipes, not self._is_withheld()):
            yield self._skipped(self._store.gestures.counts()["train"], reason)
            return
        for left in reversed(range(rounds)):
            learned = _state(self._store)  # before the round: what is ingested meanwhile is for the next cycle
            try:
                report = self._round(learned, goes_on=left > 0)
            except TooLittleData as error:  # enough examples, but too few that can be learned from
                yield self._skipped(self._store.gestures.counts()["train"], error)
                with self._store.transaction():
                    self._note_done(learned)
                return
            yield report
            if left and not report.adopted:
                yield self._skipped(report.examples, "another one was no better on the held-out swipes")
                return
            if left:
                self._catch_up()

    def _note_done(self, learned: str) -> None:
        """There is nothing new from now on; in the caller's transaction."""
        if {learned.split()[0]} >= self._learned_from:  # else swipes have come since what went on was begun
            owes = self._withheld and not self._has_offered
            self._store.meta.set(DONE, _owing(self._store, learned) if owes else learned)

    def _catch_up(self) -> None:
        """A visit, and what is judged after one; also where there was none: more swipes may say more of a model."""
        self._visit()
        if due(self._store):
            self._learning().judge_globals.run()

    def _visit(self, pull: bool = True) -> str | None:
        """Sends what waits, fetches what is newer; says what became of what waited, None where nobody was spoken to.

        The night goes on without a coordinator that is away, says what cannot be believed, or cannot be spoken to as
        things are set.
        """
        if self._coordinator is None or self._unspoken:
            return None
        self._unspoken, self._unsent = self._may.visit(), self._may.sending()
        if self._unspoken and self._require_sync:
            what = "a visit is required, and the coordinator may not be spoken to now: {why}"
            raise CoordinatorUnreachable("visit-not-now", what, why=str(self._unspoken))
        push = self._unsent is None
        if self._unspoken or not (pull or push):
            return None
        self._on_doing(Doing("speaking with the coordinator"))
        try:
            done = self._coordinator.run(pull, push, by_timer=not self._require_sync)
        except (FederationError, UsageError) as error:
            if self._require_sync:
                raise
            self._unspoken = error
            return None
        self._bytes_sent += done.bytes_sent
        fate = "sent" if done.pushed else "refused" if done.refused else "stale" if done.stale else None
        if fate and self._shared != "sent":
            self._shared = fate
        if self._require_sync:
            done.raise_if_refused()
        return fate

    def _is_withheld(self) -> bool:
        """Whether nothing is made for a federation now: it is owed from then on."""
        self._withheld = self._may.contribution(self._has_trained) if self._store.memberships.get() else None
        return self._withheld is not None

    def _what_left(self) -> str:
        """What was shared in all of this cycle: sent is sent, whatever waits besides."""
        waits = self._store.memberships.get() is not None and bool(self._store.outbox.waiting())
        return "waits" if waits and self._shared != "sent" else self._shared

    def _skipped(self, examples: int, reason: SwipeflError | str) -> RoundReport:
        return RoundReport(self._store.rounds.next_number(), examples, skipped=reason)

    def _stopped(self, reason: Ineligible) -> RoundReport:
        report, last = self._skipped(self._store.gestures.counts()["train"], reason), self._heard.last
        return replace(report, steps_done=last.done, steps=last.total) if last else report

    def _round(self, learned: str, goes_on: bool) -> RoundReport:
        """One round, of what there was to learn from; `goes_on` says whether one that helps is followed by another."""
        number, started = self._store.rounds.next_number(), self._clock()
        self._heard.last = None  # of a round before
        personal = self._learning().personal.train(seed=number)
        self._has_trained = True
        made = self._update()
        self._learned_from = {personal.data, made.data} if made else {personal.data}
        with self._store.transaction():  # one who is killed behind it does not do all of it again
            update, judged = self._land(number, started, personal, made)
            if not (goes_on and personal.adopted):
                self._note_done(learned)
        return RoundReport(
            number,
            personal.trained.examples,
            personal.top1_before,
            personal.top1_after,
            personal.adopted,
            update.id if update else None,
            push=(self._visit(pull=False) or "queued") if update else "none",
            swipes=judged.swipes,
            right_base=judged.right_base,
            right_before=judged.right_before,
            right_new=judged.right_new,
        )

    def _update(self) -> QueuedUpdate | None:
        """What this device gives; nothing where the model that it would start from is damaged: a visit fetches it."""
        if self._store.memberships.get() is None or self._is_withheld():
            return None
        try:
            return self._learning().contributor.update_from(newest_global(self._store))
        except CheckpointError:
            return None
        except Ineligible as why:  # what was learned for its owner is kept, unless all of the night is to end
            raise_if(self._stop)
            self._withheld = why
            return None

    def _land(
        self, number: int, started: float, personal: "Personal", update: QueuedUpdate | None
    ) -> tuple[QueuedUpdate | None, Night]:
        """Keeps what a round made; gives the contribution back, None where its federation was left meanwhile, and what
        the judging came to."""
        from swipefl.device.personal import landed

        with self._store.transaction():
            if self._store.memberships.get() is None:
                update = None
            if update and not update.attempted:  # what was attempted stays as it is until its fate is known
                self._store.outbox.queue(update)
                note_offered(self._store, personal.learned)
                self._has_offered = True
            finished = self._clock()
            night = landed(self._store, personal, finished)
            self._keep_night(night, update)
            if not self._withheld:  # else the contribution goes on another night
                self._store.begun.erase()
            self._store.rounds.add(
                Round(
                    number,
                    started,
                    finished,
                    personal.trained.examples,
                    personal.top1_before,
                    personal.top1_after,
                    personal.adopted,
                    update.id if update else None,
                    personal.root.fingerprint,
                )
            )
        return update, night

    def _keep_night(self, night: Night, update: QueuedUpdate | None) -> None:
        """Keeps what this night came to so far: all its rounds are one."""
        if update and not self._store.nights.made(update.id):
            night = replace(night, update_id=update.id, shared="waits")
        if self._night is None or self._night_number is None:
            self._night, self._night_number = night, self._store.nights.add(night)
        else:
            self._night = together(self._night, night)
            self._store.nights.grow(self._night_number, self._night)


@contextmanager
def staying_done(store: Store) -> Iterator[None]:
    """Where nothing was new, nothing is after the block, which erases swipes; in the caller's transaction."""
    done = store.meta.get(DONE) or ""
    learned = _owing(store, _state(store)) if done else None
    yield
    if learned and done.startswith(learned):
        store.meta.set(DONE, _owing(store, _state(store)) + done.removeprefix(learned))


def nothing_to_do(store: Store, least_new_swipes: int = 1, contributes: bool = True) -> str | None:
    """Why a cycle would do nothing now, or None where there is something to learn.

    `contributes` says whether it would give to its federation, too, where it owes that something.
    """
    train = store.gestures.counts()["train"]
    if train < MIN_EXAMPLES:
        return f"too few swipes yet: {train} of the {MIN_EXAMPLES} that it takes to learn"
    state = _state(store) if contributes else _owing(store, _state(store))
    done = store.meta.get(DONE) or ""  # with a federation that was left since then too
    if done.startswith(state):
        return "nothing new since the last cycle"
    if least_new_swipes > 1:
        from swipefl.device.personal import to_learn

        if (new := to_learn(store)) >= least_new_swipes:
            return None
        return f"too few new swipes yet: {new:,} of the {least_new_swipes:,} that a night takes"
    return None


def _state(store: Store) -> str:
    """What there is to learn from, what with, and for whom: a device that has just joined owes a contribution."""
    base = cache(lambda: base_checkpoint().fingerprint)
    models = [store.checkpoints.newest_global(), global_for_predictions(store)]
    named = [_named(model) if model else base() for model in models]
    learned, member = " ".join([store.gestures.fingerprint(), *named]), store.memberships.get()
    return f"{learned} {member.device_id}" if member else learned


def _owing(store: Store, state: str) -> str:
    """The same, where nothing was given to the federation for it yet."""
    member = store.memberships.get()
    return state.removesuffix(f" {member.device_id}") if member else state


def _named(model: StoredCheckpoint) -> str:
    """A model, whether or not it is damaged; one that was fetched once more is another."""
    return f"{model.id} {model.fingerprint}"
