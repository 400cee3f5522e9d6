"""Cycles whose trainer only says that it trained."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.decoder import decoder_of_any
from swipefl.device.acceptance import GlobalJudge
from swipefl.device.contribution import Contributor
from swipefl.device.cycle import Cycle, Learning
from swipefl.device.personal import PersonalTraining
from swipefl.gesture.gesture import Example
from swipefl.learning.training import Trained, TrainingConfig
from swipefl.stopping import Stop, never
from swipefl.store.membership import Membership
from swipefl.store.store import Store

CONFIG = TrainingConfig(1, 8, 1e-3)
MAX_NORM = 2.0
MEMBER = Membership("localhost:1", "device", b"c" * 32, b"k" * 32)  # of a coordinator that was never visited


def joins_nobody(home: Path) -> None:
    """The device in `home` belongs to a federation from now on, of whose coordinator nothing is due for long."""
    with Store(home / "swipefl.db") as store:
        store.memberships.set(replace(MEMBER, tried_at=time.time(), wait_s=10**9))


def untrained(start: Checkpoint, swipes: Sequence[Example], config: TrainingConfig, *_: Any) -> Trained:
    return Trained(start, len(swipes), 0, 1.0, 1.0, 1.0)


def contributor(store: Store, trainer: Any = untrained, stop: Stop = never, seed: int = 0) -> Contributor:
    config = replace(CONFIG, measured=False, seed=seed)
    return Contributor(store, lambda: trainer, decoder_of_any, config, MAX_NORM, stop=stop)


def cycle(store: Store, trainer: Any = untrained, stop: Stop = never, **parts: Any) -> Cycle:
    personal = PersonalTraining(store, lambda: trainer, decoder_of_any, CONFIG, stop=stop)
    learning = Learning(personal, contributor(store, trainer, stop), GlobalJudge(store, decoder_of_any, stop))
    return Cycle(store, lambda: learning, **parts)
