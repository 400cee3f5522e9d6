"""What one device gives to a federation: how its swipes would change the global checkpoint, and when that is made."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.tuning import STEP_EXAMPLES, score_step
from swipefl.device.begun import begin
from swipefl.device.choosing import to_learn_from
from swipefl.doing import Doing, OnDoing, each, unheard
from swipefl.errors import DataError
from swipefl.federation.protocol.plan import Plan
from swipefl.federation.update import Delta, difference, encode_update, residual_from, shapes_of
from swipefl.gesture.gesture import Example
from swipefl.learning.training import FORGETFUL, Keeping, Progress, Trainer, TrainingConfig
from swipefl.stopping import Stop, never, until
from swipefl.store.begun import CONTRIBUTION
from swipefl.store.membership import Membership
from swipefl.store.outbox import QueuedUpdate
from swipefl.store.store import Store


@dataclass(frozen=True, eq=False)
class Contribution:
    """The change of all parameters, and out of how many examples it was made."""

    delta: Delta
    examples: int


def contribution(
    start: Checkpoint,
    examples: Sequence[Example],
    config: TrainingConfig,
    trainer: Trainer,
    decoder_of: Callable[[Checkpoint], Decoder],
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stop: Stop = never,
    keeping: Keeping = FORGETFUL,
    on_doing: OnDoing = unheard,
) -> Contribution:
    """How training on `examples` by `config` changes the weights of `start`, and how a few of them change its score.

    What `decoder_of` a checkpoint gives knows nothing of the person but their words: no order that they write them in.
    Equal arguments give equal bytes. Raises what the trainer raises.
    """
    trained = trainer(start, examples, config, on_progress, stop, keeping, on_doing)
    drawn = np.random.default_rng([config.seed, int(start.fingerprint[:8], 16)]).permutation(len(examples))
    few = [examples[i] for i in drawn[:STEP_EXAMPLES]]
    score = score_step(decoder_of(start), until(stop, each(few, "weighing what to share", on_doing)), start.score)
    there = replace(trained.checkpoint, score=score)
    return Contribution(difference(there.parameters, start.parameters), trained.examples)


class Contributor:
    """Makes the updates of one store, by `config` and clipped to `max_norm` unless the coordinator asks for less.

    `load_trainer` is called when training is needed, not before.
    """

    def __init__(
        self,
        store: Store,
        load_trainer: Callable[[], Trainer],
        decoder_of: Callable[[Checkpoint], Decoder],
        config: TrainingConfig,
        max_norm: float,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        stop: Stop = never,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
        on_doing: OnDoing = unheard,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._load_trainer = load_trainer
        self._decoder_of = decoder_of
        self._config = config
        self._max_norm = max_norm
        self._on_progress = on_progress
        self._stop = stop
        self._clock = clock
        self._new_id = new_id
        self._on_doing = on_doing
        self._elapsed = elapsed

    def update_from(self, start: Checkpoint) -> QueuedUpdate | None:
        """The update that waits for this global checkpoint; the one made from the same data is kept as it is.

        None where this device has joined no federation, and where the coordinator has one already: it takes one a
        device and version. Writes nothing.
        """
        member, data = self._store.memberships.get(), self._store.gestures.fingerprint()
        if member is None or (member.fingerprint == start.fingerprint and member.contributed >= member.version > 0):
            return None
        for waiting in self._store.outbox.waiting():
            if waiting.attempted and waiting.base != start.fingerprint:
                return None  # until its fate is known, what is left over of it is not known either
            if waiting.base == start.fingerprint and (waiting.attempted or waiting.data == data):
                return waiting if waiting.data == data else None
        try:
            return self._made(start, member)
        except DataError:  # a plan of steps too large ends in weights that are not finite: no reason to lose the night
            return None

    def _made(self, start: Checkpoint, member: Membership) -> QueuedUpdate:
        config, max_norm = self._asked(member)
        seed = [config.seed, int(start.fingerprint[:8], 16)]
        choose = partial(to_learn_from, self._store, seed)
        learning = begin(self._store, CONTRIBUTION, start, start.fingerprint, config, choose, self._elapsed)
        start = learning.start  # which may be some versions late
        residual = residual_from(member.residual, shapes_of(start.parameters))
        self._on_doing(Doing("getting ready to learn for what is shared"))
        made = contribution(
            start,
            learning.examples,
            config,
            self._load_trainer(),
            self._decoder_of,
            self._on_progress,
            self._stop,
            learning.keeping,
            self._on_doing,
        )
        encoded = encode_update(made.delta, max_norm, residual)
        return QueuedUpdate(
            self._new_id(),
            start.fingerprint,
            self._clock(),
            made.examples,
            encoded.blob,
            attempted=False,
            data=learning.data,
            residual=encoded.residual_blob,
        )

    def _asked(self, member: Membership) -> tuple[TrainingConfig, float]:
        """How to train and what to clip to: as the coordinator's plan says, within this device's own bound."""
        if not member.plan:
            return self._config, self._max_norm
        plan = Plan.from_json(member.plan)
        config = replace(self._config, epochs=plan.epochs, batch_size=plan.batch_size, learning_rate=plan.learning_rate)
        return config, min(self._max_norm, plan.max_norm)
