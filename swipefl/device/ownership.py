"""What the owner of the swipes may ask at any time: erase them for good, or have them all back."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from swipefl.device.cycle import DONE
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import SUSPECT
from swipefl.gesture.keyboard import BUILT_IN
from swipefl.stopping import Stop, never
from swipefl.store.store import Store


@dataclass(frozen=True)
class ForgetReport:
    """What was erased, or would be: gestures, and of what came of them personal words and models and waiting updates.

    `shared` says that a coordinator may have something of them, out of updates that were sent.
    """

    erased: int
    words: int
    checkpoints: int
    updates: int
    shared: bool


class _Undone(Exception):
    """Takes a transaction back."""


def forget(store: Store, before: float | None = None, word: str | None = None, stop: Stop = never) -> ForgetReport:
    """Erases gestures stored before a time (unix seconds), of a word, both, or all.

    What derives from them goes too: personal words, personal checkpoints (the next cycle trains anew), what waits to
    be sent. Where a file was read up to stays known, so that the next ingest does not bring them back.
    Raises StoreError, also where all is erased and traces may remain, and what `stop` says: the next cycle then
    finishes it.
    """
    with store.transaction():
        report = _erased(store, before, word)
        store.owe_rewriting()
    store.erase_traces(stop)
    return report


def would_forget(store: Store, before: float | None = None, word: str | None = None) -> ForgetReport:
    """What `forget` would erase; changes nothing. Raises StoreError."""
    with suppress(_Undone), store.transaction():
        report = _erased(store, before, word)
        raise _Undone
    return report


def _erased(store: Store, before: float | None, word: str | None) -> ForgetReport:
    words, checkpoints, updates = len(store.words.all()), 0, 0
    erased = store.gestures.erase(before, word)
    if word is not None or before is None:
        store.words.erase(word)
    member = store.memberships.get()
    if erased:
        checkpoints, updates = store.checkpoints.erase_personal(), store.outbox.erase()
        if member:
            store.memberships.set(replace(member, residual=b""))
        store.meta.delete(DONE)
    shared = bool(erased and member and member.contributed)
    return ForgetReport(erased, words - len(store.words.all()), checkpoints, updates, shared)


def exported(store: Store) -> Iterator[dict[str, Any]]:
    """The person's keyboards, every gesture, and the words added, removed or hidden by hand: swipefl's own JSONL.

    Checkpoints derive from these and stay behind.
    """
    for keyboard in store.keyboards.all():
        if keyboard.name not in BUILT_IN:
            yield {"keyboard": keyboard.to_json()}
    for example, verdict in store.gestures.everything():
        yield to_line(example) | ({"suspect": True} if verdict == SUSPECT else {})
    for word, language, state in store.words.by_hand():
        yield {"word": word, "language": language, "personal": state}
