"""Cycles whose trainer only says that it trained."""

from collections.abc import Sequence
from typing import Any

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.lexicon import load_lexicon
from swipefl.device.cycle import Cycle, Plans
from swipefl.gesture.gesture import Example
from swipefl.learning.plan import Plan, Trained
from swipefl.store.store import Store

PLANS = Plans(Plan(1, 8, 1e-3), Plan(1, 8, 1e-3, measured=False), max_norm=2.0)


def untrained(start: Checkpoint, swipes: Sequence[Example], plan: Plan, *_: Any) -> Trained:
    return Trained(start, len(swipes), 0, 1.0, 1.0, 1.0)


def cycle(store: Store, trainer: Any = untrained, **parts: Any) -> Cycle:
    return Cycle(store, lambda: trainer, load_lexicon, PLANS, **parts)
