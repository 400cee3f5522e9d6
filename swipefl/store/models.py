"""Which model a store has to offer: the newest global or the base of the package, and the personal one on top."""

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint, checkpoint_from_bytes
from swipefl.errors import CheckpointError, Remedy
from swipefl.store.checkpoints import StoredCheckpoint
from swipefl.store.store import Store


def newest_global(store: Store) -> Checkpoint:
    """The newest global checkpoint, or the base that is shipped. Raises CheckpointError where it is damaged."""
    stored = store.checkpoints.newest_global()
    return _read(stored) if stored else base_checkpoint()


def personal_or_newest(store: Store) -> Checkpoint:
    """The personal checkpoint in use, or the newest global where there is none of its architecture.

    Raises CheckpointError where the one in use is damaged.
    """
    newest, stored = newest_global(store), store.checkpoints.personal()
    if stored is None:
        return newest
    personal = _read(stored)
    return personal if personal.architecture == newest.architecture else newest


def _read(stored: StoredCheckpoint) -> Checkpoint:
    try:
        return checkpoint_from_bytes(stored.blob)
    except CheckpointError as error:
        error.remedy = error.remedy or Remedy.RESET_TO_BASE
        raise
