"""Held-out swipes by which the model in use was not chosen: counted before anything is chosen by them.

Only these say fairly what was gained (`gain`). Each counts once, as the model reads it that was in use when it came: so
they are counted before a new model is judged, also by a `sync` between two nights; and from the moment that predictions
use another model, what had come until then counts no more. The order is that of their numbers: a clock may be wrong.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

import orjson

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.evaluation import judge
from swipefl.device.gain import Counts, counts, summed
from swipefl.doing import OnDoing, each, unheard
from swipefl.errors import CheckpointError
from swipefl.federation.protocol.bounds import MOST_JUDGED
from swipefl.stopping import Stop, never, until
from swipefl.store.checkpoints import StoredCheckpoint
from swipefl.store.gestures import HELD_OUT
from swipefl.store.models import read, used
from swipefl.store.store import Store

UNSEEN = "unseen"


@dataclass(frozen=True)
class Tally:
    """What no night has taken yet: `counts` of the base and the model in use, the oldest swipe of them at `since`.

    Predictions use `model` (a fingerprint, None for the base) since before the swipes came that are numbered above
    `after`: these are still to be counted.
    """

    model: str | None
    after: int
    since: float | None = None
    counts: Counts = field(default_factory=Counts)


def count_unseen(
    store: Store, decoder_of: Callable[[Checkpoint], Decoder], stop: Stop = never, on_doing: OnDoing = unheard
) -> None:
    """Counts what has come since the last time; to be called before a model is judged. StoreError, what `stop` says."""
    tally, newest = note_choice(store), store.gestures.newest_number()
    held_out = store.gestures.latest(HELD_OUT, MOST_JUDGED)
    fresh = [stored for stored in held_out if tally.after < stored.number <= newest]
    chosen = used(store)
    if fresh and chosen and (model := _whole(chosen)):
        some = [stored.example for stored in fresh]
        what = "reading new held-out swipes"
        base, yours = (
            judge(decoder_of(known), until(stop, each(some, what, on_doing))) for known in (base_checkpoint(), model)
        )
        came = [stored.stored_at for stored in fresh] + ([] if tally.since is None else [tally.since])
        tally = replace(tally, since=min(came), counts=summed([tally.counts, counts(base, yours)]))
    with store.transaction():
        if note_choice(store).model == tally.model:  # else somebody chose another one meanwhile
            _keep(store, replace(tally, after=newest))


def note_choice(store: Store) -> Tally:
    """What was counted so far; to be called where predictions may use another model from now on. Raises StoreError."""
    with store.transaction():
        known, tally = used(store), _tally(store)
        model = known.fingerprint if known else None
        if tally is None or tally.model != model:
            tally = replace(tally or Tally(None, 0), model=model, after=store.gestures.newest_number())
            _keep(store, tally)
    return tally


def take_unseen(store: Store) -> Tally:
    """What was counted, for the night that takes it, as part of the caller's transaction: no other has it again."""
    tally = note_choice(store)
    _keep(store, Tally(tally.model, tally.after))
    return tally


def forget_unseen(store: Store) -> None:
    """Forgets what was counted and not taken: swipes were erased, as part of the caller's transaction."""
    take_unseen(store)


def _tally(store: Store) -> Tally | None:
    kept = store.meta.get(UNSEEN)
    if kept is None:
        return None
    known = orjson.loads(kept)
    return Tally(**known | {"counts": Counts(**known["counts"])})


def _keep(store: Store, tally: Tally) -> None:
    store.meta.set(UNSEEN, orjson.dumps(asdict(tally)).decode())


def _whole(known: StoredCheckpoint) -> Checkpoint | None:
    """The model, None where it is damaged: of such a one there is nothing to say."""
    try:
        return read(known)
    except CheckpointError:
        return None
