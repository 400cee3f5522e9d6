"""Which global model is to be judged next; the store says it, so that a night in which none is loads no decoder."""

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.encoder import usable
from swipefl.errors import CheckpointError
from swipefl.store.checkpoints import StoredCheckpoint
from swipefl.store.models import global_for_predictions, read
from swipefl.store.store import Store

GROWN = 2  # times as many held-out swipes as at a verdict are reason for another: among few of them chance decides


def due(store: Store) -> StoredCheckpoint | None:
    """The model that predictions fall back to, also where it is damaged, before the newest. Raises StoreError."""
    held_out = store.gestures.counts()["held_out"]
    used, newest = global_for_predictions(store), store.checkpoints.newest_global()
    if used and (_lacks_verdict(used, held_out) or read_usable(used) is None):
        return used
    return newest if newest and _lacks_verdict(newest, held_out) else None


def _lacks_verdict(known: StoredCheckpoint, held_out: int) -> bool:
    verdict = known.verdict
    return held_out > 0 and (verdict is None or held_out >= GROWN * verdict.held_out)


def read_usable(known: StoredCheckpoint) -> Checkpoint | None:
    """The checkpoint, None where it is damaged, or beyond bounds that were not there when it came."""
    try:
        return usable(read(known))
    except CheckpointError:
        return None
