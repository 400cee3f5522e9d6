"""What lines say lands in the store, in their order: gestures, those that are taken back, and whose id names none."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from itertools import groupby

from swipefl.errors import UsageError
from swipefl.gesture.formats import Deletion
from swipefl.store.gestures import Judged
from swipefl.store.store import Store


@dataclass(frozen=True)
class Unstored:
    """The id of a gesture that is not stored: private, rejected, or not over yet. It names no older one any more."""

    gesture_id: str


@dataclass(frozen=True)
class Back:
    """A gesture is taken back; one that is private does not count."""

    deletion: Deletion
    private: bool = False


@dataclass(frozen=True)
class Outgrown:
    """The trace of what was only the beginning of a swipe, all of which comes behind it."""

    trace: bytes


Said = Judged | Unstored | Back | Outgrown


@dataclass(frozen=True)
class Landing:
    """How many gestures came, and how many of them were new, corrected, suspect; and how many were taken back."""

    gestures: int = 0
    stored: int = 0
    corrected: int = 0
    suspect: int = 0
    deleted: int = 0

    def __add__(self, other: "Landing") -> "Landing":
        return Landing(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


def land(store: Store, batch: Sequence[Said]) -> Landing:
    """Stores what was said.

    Models that learned from a gesture before it was taken back go on, as after a correction: the next cycle learns from
    what is left. To be rid of what they learned, its owner has `forget`. The caller holds a transaction. Raises
    StoreError.
    """
    total, erased = Landing(), 0
    for kind, same in groupby(batch, type):
        if kind is Judged:
            gestures = [said for said in same if isinstance(said, Judged)]
            landed = store.gestures.add(gestures)
            total += Landing(len(gestures), landed.stored, landed.corrected, landed.suspect)
        elif kind is Unstored:
            store.names.free(said.gesture_id for said in same if isinstance(said, Unstored))
        elif kind is Outgrown:
            erased += sum(_erased(store, said.trace) for said in same if isinstance(said, Outgrown))
        else:
            backs = [said for said in same if isinstance(said, Back)]
            counts = [store.names.take_back(back.deletion.gesture_id, back.deletion.trace) for back in backs]
            erased += sum(counts)
            told = sum(count for count, back in zip(counts, backs, strict=True) if not back.private)
            total += Landing(deleted=told)
    if total.corrected or erased:
        store.owe_rewriting()  # the file may still hold what was said before
    return total


def _erased(store: Store, trace: bytes) -> int:
    with suppress(UsageError):  # it is not stored
        return store.gestures.erase(id=store.gestures.find(trace.hex()).handle)
    return 0
