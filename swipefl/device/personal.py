"""A model of one's own: trained on the train split, judged on the held-out split, kept only if it is better."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from operator import itemgetter

import numpy as np

from swipefl.database.snapshots import erase_before_upgrade
from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import UNFOUND, Judgement, judge
from swipefl.device.begun import begin
from swipefl.device.choosing import to_judge_by, to_learn_from
from swipefl.device.gain import counts
from swipefl.device.unseen import Tally, count_unseen, note_choice, take_unseen
from swipefl.doing import Doing, OnDoing, each, unheard
from swipefl.errors import CheckpointError, Remedy, TooLittleData, UsageError
from swipefl.learning.training import MIN_EXAMPLES, Progress, Trained, Trainer, TrainingConfig
from swipefl.stopping import Stop, never, until
from swipefl.store.begun import PERSONAL
from swipefl.store.gestures import HELD_OUT, Stored
from swipefl.store.models import fallback, global_for_predictions, in_use
from swipefl.store.nights import Night
from swipefl.store.store import Store

LEARNED_FROM = "learned from"
ANEW = "learn anew"  # what is noted while the models of what is left are erased
MOST_DIGITS = 19  # of a checkpoint's number: fewer fit into 64 bits


@dataclass(frozen=True)
class Personal:
    """A personal checkpoint that was trained from `root`: the global one that predictions fall back to, or the base.

    The judgements are of the one in use, of this one, of the root and of the base; None where no example is held out.
    Gestures up to number `newest` counted, those up to `learned` were there to be learned from, `new_swipes` of these
    for the first time. It began from what comes from the model of the fingerprint `origin`, and with `data`.
    """

    trained: Trained
    root: Checkpoint
    used: Checkpoint
    before: Judgement | None
    after: Judgement | None
    held_out: int
    without: Judgement | None = None
    base: Judgement | None = None
    newest: int = 0
    new_swipes: int = 0
    learned: int = 0
    origin: str = ""
    data: str = ""

    @property
    def adopted(self) -> bool:
        """Whether it is better than the one in use and no worse than its root; not known with nothing to judge by."""
        if self.before is None or self.after is None or self.without is None:
            return False
        return self.after.betters(self.before) and not self.without.betters(self.after)

    @property
    def top1_before(self) -> float | None:
        """Top-1 of the model in use, a fraction."""
        return self.before.top1 if self.before else None

    @property
    def top1_after(self) -> float | None:
        """Top-1 of this one."""
        return self.after.top1 if self.after else None

    def night(self, finished_at: float, unseen: Tally) -> Night:
        """What it came to, as the store keeps it; `finished_at` in unix seconds, `unseen` as predictions are now."""
        base, before, after = (known or Judgement(0.0, 0.0) for known in (self.base, self.before, self.after))
        rise, now = counts(before, after), counts(base, after if self.adopted else before)
        return Night(
            finished_at=finished_at,
            newest=self.newest,
            new_swipes=self.new_swipes,
            swipes=now.swipes,
            right_base=now.right_first,
            right_before=rise.right_first,
            right_new=rise.right_second,
            right_now=now.right_second,
            only_base=now.only_first,
            only_now=now.only_second,
            surer=rise.surer / max(rise.swipes, 1),
            adopted=self.adopted,
            unseen=unseen.counts.swipes,
            unseen_since=unseen.since,
            unseen_base=unseen.counts.right_first,
            unseen_yours=unseen.counts.right_second,
            unseen_only_base=unseen.counts.only_first,
            unseen_only_yours=unseen.counts.only_second,
            unseen_surer=unseen.counts.surer,
            model=unseen.model,
        )


@dataclass(frozen=True)
class TrainReport:
    """What one training came to; `checkpoint` is the fingerprint of the model that was adopted, if it was.

    Of the `swipes` that were judged, most of them the newest of those `held_out`, the first word was right of
    `right_base` with the model that came with swipefl, of `right_before` with the one in use before, of `right_new`
    with the new one; `surer` is how much the mean ln probability of the words that were meant rose.
    """

    examples: int
    held_out: int
    epochs: int
    loss_before: float
    loss_after: float
    top1_before: float | None
    top1_after: float | None
    adopted: bool
    checkpoint: str | None
    swipes_per_s: float
    seconds: float
    swipes: int = 0
    right_base: int = 0
    right_before: int = 0
    right_new: int = 0
    surer: float = 0.0


@dataclass(frozen=True)
class ResetReport:
    """What predictions use now: base, global, or the number of a checkpoint."""

    in_use: str


class PersonalTraining:
    """Training by `config` on one store. `load_trainer` is called when training is needed, not before.

    `on_progress` hears of each batch, `on_doing` of what else takes time; `stop` is asked while it trains and while it
    judges. What was trained until then is kept, and goes on the next time (`begun`); `elapsed` gives seconds, by which
    it is kept now and then.
    """

    def __init__(
        self,
        store: Store,
        load_trainer: Callable[[], Trainer],
        decoder_of: Callable[[Checkpoint], Decoder],
        config: TrainingConfig,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        stop: Stop = never,
        clock: Callable[[], float] = time.time,
        on_doing: OnDoing = unheard,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._load_trainer = load_trainer
        self._decoder_of = decoder_of
        self._config = config
        self._on_progress = on_progress
        self._on_doing = on_doing
        self._stop = stop
        self._clock = clock
        self._elapsed = elapsed

    def run(self) -> TrainReport:
        """Trains once, and adopts the result if it is better. Raises TooLittleData, CheckpointError, UsageError for
        a device that is not there, StoreError, and what `stop` says."""
        started = time.monotonic()
        personal = self.train()
        trained = personal.trained
        with self._store.transaction():
            night = landed(self._store, personal, self._clock())
            self._store.nights.add(night)
        erase_before_upgrade(self._store.path)  # as after a night that learned something
        return TrainReport(
            examples=trained.examples,
            held_out=personal.held_out,
            epochs=self._config.epochs,
            loss_before=trained.loss_before,
            loss_after=trained.loss_after,
            top1_before=personal.top1_before,
            top1_after=personal.top1_after,
            adopted=personal.adopted,
            checkpoint=night.model if personal.adopted else None,
            swipes_per_s=round(trained.swipes_per_s, 1),
            seconds=round(time.monotonic() - started, 3),
            swipes=night.swipes,
            right_base=night.right_base,
            right_before=night.right_before,
            right_new=night.right_new,
            surer=night.surer,
        )

    def train(self, seed: int = 0) -> Personal:
        """The personal checkpoint trained once more, `seed` added to the configured one, and judged. Writes nothing
        but what the one in use made of the held-out swipes that came since the last time.

        Its score weights stay those that it started with: tuned on the train split, by maximum likelihood at four
        strengths, they gave 60 people -0.6 to +0.05 points of top-1. Raises as `run` does.
        """
        count_unseen(self._store, self._decoder_of, self._stop, self._on_doing)
        root, used = fallback(self._store), in_use(self._store)
        config = replace(self._config, seed=self._config.seed + seed)
        choose = partial(to_learn_from, self._store, config.seed)
        start = personal_start(root, used)
        learning = begin(self._store, PERSONAL, start, root.fingerprint, config, choose, self._elapsed)
        if len(learning.examples) < MIN_EXAMPLES:
            raise TooLittleData(
                "few-examples",
                "training needs at least {least} examples, the store has {count}",
                Remedy.INGEST_MORE,
                least=MIN_EXAMPLES,
                count=len(learning.examples),
            )
        newest = self._store.gestures.newest_number()
        held_out = to_judge_by(self._store, config.seed, newest)
        self._on_doing(Doing("getting ready to learn"))
        trained = self._load_trainer()(
            learning.start,
            learning.examples,
            config,
            self._on_progress,
            self._stop,
            learning.keeping,
            self._on_doing,
        )
        personal = Personal(
            trained,
            root,
            used,
            None,
            None,
            self._store.gestures.counts()[HELD_OUT],
            newest=newest,
            new_swipes=self._store.gestures.good_between(learned_from(self._store), learning.newest),
            learned=learning.newest,
            origin=learning.root,
            data=learning.data,
        )
        return self._judged(personal, held_out) if held_out else personal

    def _judged(self, personal: Personal, held_out: Sequence[Stored]) -> Personal:
        """With the judgements of all its models, each judged once, on the same swipes."""
        models = (personal.used, personal.trained.checkpoint, personal.root, base_checkpoint())
        apart = {model.fingerprint: model for model in models}
        known = {name: _unjudged(len(held_out)) for name, model in apart.items() if not _is_finite(model)}
        pairs = [(name, stored.example) for name in apart if name not in known for stored in held_out]
        seen = until(self._stop, each(pairs, "comparing models", self._on_doing))
        for name, some in groupby(seen, key=itemgetter(0)):
            known[name] = judge(self._decoder_of(apart[name]), (example for _, example in some))
        before, after, without, base = (known[model.fingerprint] for model in models)
        return replace(personal, before=before, after=after, without=without, base=base)


def _is_finite(checkpoint: Checkpoint) -> bool:
    """Whether its weights are numbers: too large a learning rate ends in others, which look for no word but for all."""
    return all(bool(np.isfinite(array).all()) for array in checkpoint.weights.values())


def _unjudged(swipes: int) -> Judgement:
    """Of a model that finds nothing."""
    return Judgement(0.0, -math.inf, (False,) * swipes, (math.log(UNFOUND),) * swipes)


def landed(store: Store, personal: Personal, finished_at: float) -> Night:
    """Keeps what was trained where it is adopted, and says what the night came to; the caller holds the transaction."""
    if personal.adopted:
        keep(store, personal)
    store.meta.set(LEARNED_FROM, str(max(personal.learned, learned_from(store))))
    store.meta.delete(ANEW)
    store.begun.erase(PERSONAL)
    return personal.night(finished_at, take_unseen(store))


def learned_from(store: Store) -> int:
    """The number of the newest gesture that a night has seen, 0 where there was none; forgetting leaves it."""
    return int(store.meta.get(LEARNED_FROM) or 0)


def to_learn(store: Store) -> int:
    """How many good gestures no model has learned from that is still there."""
    seen = 0 if store.meta.get(ANEW) else learned_from(store)
    return store.gestures.good_between(seen, store.gestures.newest_number())


def keep(store: Store, personal: Personal) -> Checkpoint:
    """Predictions use this personal checkpoint from now on; the caller holds the transaction."""
    kept = replace(personal.trained.checkpoint, info={"from": personal.origin})
    store.checkpoints.add("personal", kept.to_bytes(), personal.origin, use=True)
    return kept


def personal_start(root: Checkpoint, used: Checkpoint) -> Checkpoint:
    """What personal training goes on from: the checkpoint in use, unless its root was replaced."""
    return used if used.info.get("from") == root.fingerprint else root


def reset(store: Store, to: str) -> ResetReport:
    """Goes back to the `base`, the `global` model or the checkpoint of a number.

    Raises UsageError for what names none of them, CheckpointError for one that is not there.
    """
    named = to in ("base", "global")
    if not named and not (to.isascii() and to.isdecimal() and len(to) < MOST_DIGITS):
        choices = "there are the base, the global model, and checkpoints by their numbers"
        raise UsageError("no-such-model", choices, Remedy.LIST_CHECKPOINTS)
    with store.transaction():
        accepted = global_for_predictions(store)
        if to == "global" and accepted is None:
            none = "no global checkpoint was received yet, or none that was found good enough on your held-out swipes"
            raise CheckpointError("no-global", none, Remedy.RESET_TO_BASE)
        store.checkpoints.use(None if named else int(to))
        store.begun.erase(PERSONAL)
        note_choice(store)
        # Once one was accepted, the global model stands in for the base.
        return ResetReport("global" if to == "base" and accepted else to)
