"""A model of one's own: trained on the train split, judged on the held-out split, kept only if it is better."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import Judgement, judge
from swipefl.errors import CheckpointError, Remedy, TooLittleData, UsageError
from swipefl.federation.protocol.bounds import MOST_JUDGED
from swipefl.learning.training import MIN_EXAMPLES, Progress, Trained, Trainer, TrainingConfig
from swipefl.stopping import Stop, never, until
from swipefl.store.models import fallback, global_for_predictions, in_use
from swipefl.store.store import Store

MOST_DIGITS = 19  # of a checkpoint's number: fewer fit into 64 bits


@dataclass(frozen=True)
class Personal:
    """A personal checkpoint that was trained from `root`: the global one that predictions fall back to, or the base.

    The judgements are of the one in use, of this one and of the root; None where no example is held out.
    """

    trained: Trained
    root: Checkpoint
    before: Judgement | None
    after: Judgement | None
    held_out: int
    without: Judgement | None = None

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


@dataclass(frozen=True)
class TrainReport:
    """What one training came to; `checkpoint` is the fingerprint of the model that was adopted, if it was."""

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


@dataclass(frozen=True)
class ResetReport:
    """What predictions use now: base, global, or the number of a checkpoint."""

    in_use: str


class PersonalTraining:
    """Training by `config` on one store. `load_trainer` is called when training is needed, not before.

    `on_progress` hears of each batch; `stop` is asked while it trains and while it judges.
    """

    def __init__(
        self,
        store: Store,
        load_trainer: Callable[[], Trainer],
        decoder_of: Callable[[Checkpoint], Decoder],
        config: TrainingConfig,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        stop: Stop = never,
    ) -> None:
        self._store = store
        self._load_trainer = load_trainer
        self._decoder_of = decoder_of
        self._config = config
        self._on_progress = on_progress
        self._stop = stop

    def run(self) -> TrainReport:
        """Trains once, and adopts the result if it is better. Raises TooLittleData, CheckpointError, UsageError for
        a device that is not there, StoreError, and what `stop` says."""
        started = time.monotonic()
        personal, fingerprint = self.train(), None
        if personal.adopted:
            with self._store.transaction():
                fingerprint = keep(self._store, personal).fingerprint
        trained = personal.trained
        return TrainReport(
            examples=trained.examples,
            held_out=personal.held_out,
            epochs=self._config.epochs,
            loss_before=trained.loss_before,
            loss_after=trained.loss_after,
            top1_before=personal.top1_before,
            top1_after=personal.top1_after,
            adopted=personal.adopted,
            checkpoint=fingerprint,
            swipes_per_s=round(trained.swipes_per_s, 1),
            seconds=round(time.monotonic() - started, 3),
        )

    def train(self, seed: int = 0) -> Personal:
        """The personal checkpoint trained once more, `seed` added to the configured one, and judged. Writes nothing.

        Its score weights stay those that it started with: tuned on the train split, by maximum likelihood at four
        strengths, they gave 60 people -0.6 to +0.05 points of top-1. Raises as `run` does.
        """
        root, used = fallback(self._store), in_use(self._store)
        examples, held_out = (self._store.gestures.examples(split) for split in ("train", "held_out"))
        if len(examples) < MIN_EXAMPLES:
            raise TooLittleData(
                "few-examples",
                "training needs at least {least} examples, the store has {count}",
                Remedy.INGEST_MORE,
                least=MIN_EXAMPLES,
                count=len(examples),
            )
        config = replace(self._config, seed=self._config.seed + seed)
        trained = self._load_trainer()(personal_start(root, used), examples, config, self._on_progress, self._stop)
        if not held_out:
            return Personal(trained, root, None, None, 0)

        def judged(checkpoint: Checkpoint) -> Judgement:
            return judge(self._decoder_of(checkpoint), until(self._stop, held_out[-MOST_JUDGED:]))

        before, after = judged(used), judged(trained.checkpoint)
        without = before if used.fingerprint == root.fingerprint else judged(root)
        return Personal(trained, root, before, after, len(held_out), without)


def keep(store: Store, personal: Personal) -> Checkpoint:
    """Predictions use this personal checkpoint from now on; the caller holds the transaction."""
    root = personal.root.fingerprint
    kept = replace(personal.trained.checkpoint, info={"from": root})
    store.checkpoints.add("personal", kept.to_bytes(), root, use=True)
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
        # Once one was accepted, the global model stands in for the base.
        return ResetReport("global" if to == "base" and accepted else to)
