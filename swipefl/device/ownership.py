"""What the owner of the swipes may ask at any time: erase them for good, or have them all back."""

from collections.abc import Iterator
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
    """What was erased, or would be: gestures, personal and hidden words, and personal models and waiting updates.

    `shared` says that a coordinator may have something of them, out of updates that were sent.
    """

    erased: int
    words: int
    hidden: int
    checkpoints: int
    updates: int
    shared: bool


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
    """What `forget` would erase; writes nothing and waits for nobody. Raises StoreError."""
    erased, words = store.gestures.erasable(before, word), len(store.words.all()) - store.words.left(before, word)
    hidden = len(store.words.hidden(word)) if word is not None or before is None else 0
    if not erased:
        return ForgetReport(0, words, hidden, 0, 0, shared=False)
    personal = [known for known in store.checkpoints.all() if known.kind == "personal"]
    return ForgetReport(erased, words, hidden, len(personal), len(store.outbox.waiting()), _is_shared(store))


def _erased(store: Store, before: float | None, word: str | None) -> ForgetReport:
    words, hidden, checkpoints, updates = len(store.words.all()), 0, 0, 0
    erased = store.gestures.erase(before, word)
    if word is not None or before is None:
        hidden = len(store.words.hidden(word))
        store.words.erase(word)
    member = store.memberships.get()
    if erased:
        checkpoints, updates = store.checkpoints.erase_personal(), store.outbox.erase()
        if member:
            store.memberships.set(replace(member, residual=b""))
        store.meta.delete(DONE)
    shared = bool(erased) and _is_shared(store)
    return ForgetReport(erased, words - len(store.words.all()), hidden, checkpoints, updates, shared)


def _is_shared(store: Store) -> bool:
    member = store.memberships.get()
    return member is not None and member.contributed > 0


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
