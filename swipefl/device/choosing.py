"""Which swipes a night learns from, and is judged by: the newest, and a fair sample of the older ones.

So a night over many swipes takes no longer than one over two thousand, and over the nights every swipe has its turn: a
sample is drawn anew by each seed, and any older swipe is as likely in it as another.
"""

from collections.abc import Sequence

import numpy as np

from swipefl.federation.protocol.bounds import MOST_JUDGED
from swipefl.store.gestures import HELD_OUT, TRAIN, Stored
from swipefl.store.store import Store

Seed = int | Sequence[int]

NEWEST, OLDER = 1_000, 800  # swipes that a night learns from
JUDGED_OLDER = 100
JUDGED_NEWEST = MOST_JUDGED - JUDGED_OLDER  # most of what judges: it is most like the swipes of tomorrow


def to_learn_from(store: Store, seed: Seed, newest: int | None = None) -> list[Stored]:
    """The train examples of a night in the order in which they came; up to the gesture numbered `newest`, if one is.

    Equal seeds choose the same ones of the same gestures. Raises StoreError.
    """
    return _chosen(store, TRAIN, (NEWEST, OLDER), seed, newest)


def to_judge_by(store: Store, seed: Seed, newest: int | None = None) -> list[Stored]:
    """The held-out examples that models are judged by, likewise: MOST_JUDGED at most. Raises StoreError."""
    return _chosen(store, HELD_OUT, (JUDGED_NEWEST, JUDGED_OLDER), seed, newest)


def _chosen(store: Store, split: str, most: tuple[int, int], seed: Seed, newest: int | None) -> list[Stored]:
    numbers, (most_newest, most_older) = store.gestures.numbers(split, newest), most
    older, chosen = numbers[:-most_newest], numbers[-most_newest:]
    if len(older) > most_older:
        places = np.random.default_rng(seed).choice(len(older), most_older, replace=False)
        older = [older[place] for place in sorted(places)]
    return list(store.gestures.numbered([*older, *chosen]))
