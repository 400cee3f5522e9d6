"""What the owner of the swipes may ask at any time: erase them for good, say their words, or have them all back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from swipefl.device.cycle import DONE
from swipefl.device.personal import ANEW
from swipefl.device.unseen import forget_unseen
from swipefl.doing import Doing, OnDoing, unheard
from swipefl.errors import RejectedLine, UsageError
from swipefl.federation.device.node import forget_given
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import SUSPECT, Example, checked_word, verdict
from swipefl.gesture.keyboard import is_built_in
from swipefl.stopping import Stop, never
from swipefl.store.store import AND_COPIES, Store

FORGOTTEN = "forgotten"  # when something was last: a backup from before has it still


@dataclass(frozen=True)
class ForgetReport:
    """What was erased, or would be: gestures, personal and hidden words, and personal models and waiting updates.

    `stood_before` counts gestures that stay and had an erased word before them: it is erased there too. `shared` says
    that a coordinator, or a server of Flower, may have something of them, out of updates that were sent. `nights`
    counts those that have seen one of them: of these it is no longer known what they found.
    """

    erased: int
    stood_before: int
    words: int
    hidden: int
    checkpoints: int
    updates: int
    shared: bool
    nights: int = 0


def forget(
    store: Store,
    before: float | None = None,
    word: str | None = None,
    stop: Stop = never,
    *,
    id: str | None = None,
    on_doing: OnDoing = unheard,
) -> ForgetReport:
    """Erases gestures stored before a time (unix seconds), of words spelled like one, both, one gesture, or all.

    What derives from them goes too: their words where they stood before others, personal words, personal checkpoints
    (the next cycle trains anew), what nights counted that have seen them, what waits to be sent; with all of them the
    rounds, too. So do the copies that swipefl made beside the store. Where a file was read up to stays known, so that
    the next ingest does not bring them back.
    Raises UsageError for an id that names none or several, StoreError, also where all is erased and traces may remain,
    and what `stop` says: the next cycle then finishes it.
    """
    on_doing(Doing("erasing"))
    with store.transaction():
        report = _erased(store, before, word, id)
        store.owe_rewriting(AND_COPIES)
    on_doing(Doing("writing the file anew, so that nothing of it is left"))
    store.erase_traces(stop)
    return report


def would_forget(
    store: Store, before: float | None = None, word: str | None = None, *, id: str | None = None
) -> ForgetReport:
    """What `forget` would erase; writes nothing and waits for nobody. Raises what `forget` does."""
    scope = store.gestures.scope(before, word, id)
    erased, words = store.gestures.erasable(scope), len(store.words.all()) - store.words.left(scope)
    stood_before = len(store.redaction.of(scope))
    hidden = len(store.words.hidden(word)) if word is not None or scope.is_all else 0
    if not erased:
        return ForgetReport(0, stood_before, words, hidden, 0, 0, shared=False)
    personal, waiting = [known for known in store.checkpoints.all() if known.kind == "personal"], store.outbox.waiting()
    models, nights = len(personal), store.nights.since(store.gestures.first(scope))
    return ForgetReport(erased, stood_before, words, hidden, models, len(waiting), _is_shared(store), nights)


def _erased(store: Store, before: float | None, word: str | None, id: str | None) -> ForgetReport:
    words, hidden, checkpoints, updates, nights = len(store.words.all()), 0, 0, 0, 0
    scope = store.gestures.scope(before, word, id)
    stood_before, first = store.redaction.erase(store.redaction.of(scope)), store.gestures.first(scope)
    erased = store.gestures.erase(before, word, id)
    if word is None and id is None:
        store.gone.erase()
    if word is not None or (before is None and id is None):
        hidden = len(store.words.hidden(word))
        store.words.erase(word)
    member = store.memberships.get()
    if erased:
        checkpoints, updates = store.checkpoints.erase_personal(), store.outbox.erase()
        store.begun.erase()
        forget_given(store.meta)
        store.meta.set(ANEW, "yes")
        nights = store.nights.erase(first)
        forget_unseen(store)
        if scope.is_all:
            store.rounds.erase()
        if member:
            store.memberships.set(replace(member, residual=b""))
        store.meta.delete(DONE)
    if erased or stood_before or hidden or len(store.words.all()) < words:
        store.meta.set(FORGOTTEN, str(time.time()))
    shared = bool(erased) and _is_shared(store)
    left = len(store.words.all())
    return ForgetReport(erased, stood_before, words - left, hidden, checkpoints, updates, shared, nights)


def _is_shared(store: Store) -> bool:
    member = store.memberships.get()
    return bool(store.nights.left()) or (member is not None and member.contributed > 0)


@dataclass(frozen=True)
class RelabelReport:
    """A gesture whose word its owner said: its id and handle, the verdict on it, and whether it had another word."""

    gesture_id: str
    handle: str
    verdict: str
    changed: bool


def relabel(store: Store, id: str, word: str) -> RelabelReport:
    """Gives the gesture that `id` names its word. No line that is read later changes it: its owner outranks every log.

    It stays on its side of the split. A personal model that learned the word before goes on learning from the new one:
    to be rid of what it learned, `forget` the gesture by its id, or all; the word before names no gesture any more, and
    no model says what it learned from. Raises UsageError for an id that names none or several, and for what its
    keyboard cannot spell; StoreError.
    """
    with store.transaction():
        stored = store.gestures.find(id)
        gesture = stored.example.gesture
        try:
            example = Example(gesture, checked_word(word, gesture.keyboard, gesture.languages))
        except RejectedLine as error:
            raise UsageError("no-word", "{why}", why=error) from error
        judged = verdict(example)
        store.gestures.relabel(stored, example, judged)
        if changed := example.word != stored.example.word:
            store.owe_rewriting()  # the next cycle leaves nothing of the word before in the file
    return RelabelReport(gesture.id, stored.handle, judged, changed)


def exported(store: Store) -> Iterator[dict[str, Any]]:
    """The person's keyboards, every gesture, and the words added, removed or hidden by hand: swipefl's own JSONL.

    Checkpoints derive from these and stay behind.
    """
    for keyboard in store.keyboards.stored():
        if not is_built_in(keyboard):
            yield {"keyboard": keyboard.to_json()}
    for stored in store.gestures.all():
        marks = {"suspect": stored.verdict == SUSPECT, "by_hand": stored.by_hand}
        yield to_line(stored.example) | {mark: True for mark, is_set in marks.items() if is_set}
    for word, language, state, alike in store.words.by_hand():
        yield {"word": word, "language": language, "personal": state} | ({"alike": True} if alike else {})
