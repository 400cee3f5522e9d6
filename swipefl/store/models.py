"""Which model a store has to offer: the base of the package, global ones, and the personal one on top.

A federation goes on from the newest global checkpoint. Predictions use one only once it was found no worse than what
they fell back to before; where no swipe is held out there is nothing to find, and a new person is to profit.
"""

from contextlib import suppress

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint, checkpoint_from_bytes
from swipefl.errors import CheckpointError, Remedy
from swipefl.store.checkpoints import StoredCheckpoint
from swipefl.store.store import Store


def newest_global(store: Store) -> Checkpoint:
    """What contributions start from: the newest global checkpoint, whatever it is worth here, or the base.

    Raises CheckpointError where it is damaged.
    """
    return _or_base(store.checkpoints.newest_global())


def global_for_predictions(store: Store) -> StoredCheckpoint | None:
    """The global checkpoint that predictions may use, None for the base.

    It is the newest that was accepted, or the newest of all while nothing is held out that it could be judged on.
    """
    newest = store.checkpoints.newest_global()
    if newest and newest.verdict is None and not store.gestures.counts()["held_out"]:
        return newest
    return store.checkpoints.accepted_global()


def fallback(store: Store) -> Checkpoint:
    """What predictions fall back to, and personal training starts from. Raises CheckpointError where it is damaged."""
    return _or_base(global_for_predictions(store))


def personal_or_accepted(store: Store) -> Checkpoint:
    """The personal checkpoint in use, or what predictions fall back to where there is none of its architecture.

    Raises CheckpointError where the one in use is damaged.
    """
    stored = store.checkpoints.personal()
    if stored is None:
        return fallback(store)
    personal = read(stored)
    return fallback(store) if _has_retired(store, personal) else personal


def used(store: Store) -> StoredCheckpoint | None:
    """What predictions use, None for the base: the personal checkpoint, unless it is of another architecture.

    A damaged one is still the one: whoever asks for it hears of that.
    """
    stored = store.checkpoints.personal()
    if stored is None:
        return global_for_predictions(store)
    with suppress(CheckpointError):
        if _has_retired(store, read(stored)):
            return global_for_predictions(store)
    return stored


def _has_retired(store: Store, personal: Checkpoint) -> bool:
    """Whether it is of another architecture than what predictions fall back to; a damaged one retires nothing."""
    try:
        return personal.architecture != fallback(store).architecture
    except CheckpointError:
        return False


def in_use(store: Store) -> Checkpoint:
    """What predictions use; a damaged personal checkpoint is not worth failing for: it is trained anew."""
    try:
        return personal_or_accepted(store)
    except CheckpointError:
        return fallback(store)


def read(stored: StoredCheckpoint) -> Checkpoint:
    """A stored checkpoint's weights. Raises CheckpointError where it is damaged."""
    try:
        return checkpoint_from_bytes(stored.blob)
    except CheckpointError as error:
        error.remedy = error.remedy or Remedy.RESET_TO_BASE
        raise


def _or_base(stored: StoredCheckpoint | None) -> Checkpoint:
    return read(stored) if stored else base_checkpoint()
