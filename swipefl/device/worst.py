"""Which of the swipes that a model was not trained on it reads worst."""

import time
from collections.abc import Callable, Iterable

from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import LOOKED_AT
from swipefl.doing import OnDoing, each, unheard
from swipefl.store.gestures import HELD_OUT, TRAIN, Stored
from swipefl.store.store import Store

MOST = 300  # that are looked at, the newest first
MOST_S = 10.0


def worst(
    store: Store, decoder: Decoder, clock: Callable[[], float] = time.monotonic, on_doing: OnDoing = unheard
) -> Stored | None:
    """The swipe whose own word is the least probable, of the newest held-out ones, or of others where none is held out.

    Of equals the newest. It ends after MOST swipes or MOST_S seconds, whichever comes first; None for an empty store.
    """
    until = clock() + MOST_S
    for split in (HELD_OUT, TRAIN):
        swipes = each(list(store.gestures.latest(split, MOST)), "looking for the worst", on_doing)
        if found := _worst(swipes, decoder, lambda: clock() >= until):
            return found
    return None


def _worst(swipes: Iterable[Stored], decoder: Decoder, is_over: Callable[[], bool]) -> Stored | None:
    found, least = None, 0.0
    for stored in swipes:
        probability = _probability(decoder, stored)
        if found is None or probability < least:
            found, least = stored, probability
        if is_over():
            break
    return found


def _probability(decoder: Decoder, stored: Stored) -> float:
    """How sure the model is of the right word, however it is written; 0 where it is not among its first ones."""
    candidates = decoder.decode(stored.example.gesture, LOOKED_AT)
    return sum(candidate.probability for candidate in candidates if candidate.spelled == stored.example.spelled)
