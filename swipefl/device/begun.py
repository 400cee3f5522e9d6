"""What a training is begun with, and that one which was stopped goes on with just that.

A device may be fit for training for minutes a night only: on its charger, at home. So what was stopped goes on the next
time, and with the swipes and the model that it began with, as long as these are still there and are what they were. If
it took up each day's new swipes, or each newer shared model, it would begin anew each night, and such a device would
never come to an end; as it is, each night brings it nearer, and what came meanwhile is learned from right after. What
it ends with is judged as ever, beside the model that is in use by then.

Begun anew is what has other settings, or lacks one of its swipes, or one that has another word by now: nothing is to be
learned any more from what its owner took back. So is a contribution that started from a model from which a coordinator
takes none any more: a live federation makes a new one each night or more often, and takes what is some versions late.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import orjson

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.errors import CheckpointError, StoreError
from swipefl.federation.device.versions import version_of
from swipefl.gesture.gesture import GOOD, Example
from swipefl.learning.training import TrainingConfig
from swipefl.store.begun import CONTRIBUTION, Task
from swipefl.store.gestures import Stored
from swipefl.store.models import read
from swipefl.store.store import Store

KEEP_EVERY_S = 30.0  # so much is lost to whoever pulls the plug; what is kept is 6 MB


class Kept:
    """Where one task's training leaves what it has: in the store, every KEEP_EVERY_S by a `clock` in seconds."""

    def __init__(self, store: Store, task: Task, state: bytes | None, clock: Callable[[], float]) -> None:
        self._store = store
        self._task = task
        self._state = state
        self._clock = clock
        self._kept_at = clock()

    def begun(self) -> bytes | None:
        """What was kept when this run began."""
        return self._state

    def is_due(self) -> bool:
        """Whether it was not kept for so long."""
        return self._clock() - self._kept_at >= KEEP_EVERY_S

    def keep(self, state: bytes) -> None:
        """Keeps it; where the store is full or busy just now, what was kept before stays."""
        self._kept_at = self._clock()
        with suppress(StoreError):
            self._store.begun.keep(self._task, state)


@dataclass(frozen=True)
class Learning:
    """A training to be done from `start`, which comes from `root`, on `examples`; `goes_on` says it was begun before.

    `newest` and `data` say what there was when it was begun, as a Task does.
    """

    start: Checkpoint
    root: str
    examples: Sequence[Example]
    newest: int
    data: str
    keeping: Kept
    goes_on: bool


def begin(
    store: Store,
    purpose: str,
    start: Checkpoint,
    root: str,
    config: TrainingConfig,
    choose: Callable[[int], Sequence[Stored]],
    clock: Callable[[], float] = time.monotonic,
) -> Learning:
    """What was begun and may go on, else a training from `start` on what `choose` gives of the gestures up to a number.

    `clock` gives seconds, by which it is kept from time to time. Raises StoreError.
    """
    settings = orjson.dumps(asdict(config), option=orjson.OPT_SORT_KEYS).decode()
    if (begun := store.begun.get(purpose)) and begun.task.settings == settings:
        began_with, there = _began_with(store, begun.task, start), store.gestures.numbered(begun.task.numbers)
        stored = [one for one in there if one.verdict == GOOD]
        if began_with and len(stored) == len(begun.task.numbers) and hash_of(stored) == begun.task.examples:
            return _learning(began_with, stored, begun.task, Kept(store, begun.task, begun.state, clock), True)
    newest, data = store.gestures.newest_number(), store.gestures.fingerprint()  # what comes now is for the next one
    chosen = choose(newest)
    numbers = tuple(stored.number for stored in chosen)
    now, about = store.begun.now(), (settings, start.fingerprint, root)
    task = Task(purpose, now, *about, newest, data, numbers, hash_of(chosen))
    return _learning(start, chosen, task, Kept(store, task, None, clock), False)


def _learning(start: Checkpoint, chosen: Sequence[Stored], task: Task, keeping: Kept, goes_on: bool) -> Learning:
    examples = [stored.example for stored in chosen]
    return Learning(start, task.root, examples, task.newest, task.data, keeping, goes_on)


def _began_with(store: Store, task: Task, start: Checkpoint) -> Checkpoint | None:
    """The model that a task began with, None where that is gone or no start any more."""
    if task.start == start.fingerprint:
        return start
    if task.purpose == CONTRIBUTION and version_of(store, task.start) is None:
        return None
    found = _known(store, task.start)
    return found if found and found.architecture == start.architecture else None


def _known(store: Store, fingerprint: str) -> Checkpoint | None:
    if (base := base_checkpoint()).fingerprint == fingerprint:
        return base
    for stored in store.checkpoints.all():
        if stored.fingerprint == fingerprint:
            with suppress(CheckpointError):
                return read(stored)
    return None


def hash_of(chosen: Sequence[Stored]) -> str:
    """A hash of what training sees of gestures: traces, keyboards, the keys of their words."""
    digest = hashlib.blake2b(digest_size=16)
    keyboards: dict[int, bytes] = {}
    for example in (stored.example for stored in chosen):
        keyboard = example.gesture.keyboard
        if id(keyboard) not in keyboards:
            keyboards[id(keyboard)] = orjson.dumps(keyboard.to_json(), option=orjson.OPT_SORT_KEYS)
        digest.update(example.gesture.trace_hash() + keyboards[id(keyboard)] + example.spelled.encode() + b"\0")
    return digest.hexdigest()
