"""Cycles whose trainer only says that it trained."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.lexicon import load_lexicon
from swipefl.device.contribution import Contributor
from swipefl.device.cycle import Cycle
from swipefl.device.personal import PersonalTraining
from swipefl.gesture.gesture import Example
from swipefl.learning.training import Trained, TrainingConfig
from swipefl.stopping import Stop, never
from swipefl.store.store import Store

CONFIG = TrainingConfig(1, 8, 1e-3)
MAX_NORM = 2.0


def untrained(start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *_: Any) -> Trained:
    return Trained(start, len(swipes), 0, 1.0, 1.0, 1.0)


def contributor(store: Store, trainer: Any = untrained, stop: Stop = never, seed: int = 0) -> Contributor:
    config = replace(CONFIG, measured=False, seed=seed)
    return Contributor(store, lambda: trainer, load_lexicon, config, MAX_NORM, stop=stop)


def cycle(store: Store, trainer: Any = untrained, stop: Stop = never, **parts: Any) -> Cycle:
    personal = PersonalTraining(store, lambda: trainer, load_lexicon, CONFIG, stop=stop)
    return Cycle(store, personal, contributor(store, trainer, stop), **parts)
