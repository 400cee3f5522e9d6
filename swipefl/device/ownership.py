"""What the owner of the swipes may ask at any time: erase them for good, or have them all back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from swipefl.device.cycle import DONE
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import SUSPECT
from swipefl.gesture.keyboard import BUILT_IN
from swipefl.store.store import Store


@dataclass(frozen=True)
class ForgetReport:
    """How many gestures were erased."""

    erased: int


def forget(store: Store, before: float | None = None, word: str | None = None) -> ForgetReport:
    """Erases gestures stored before a time (unix seconds), of a word, both, or all.

    What derives from them goes too: personal words, personal checkpoints (the next cycle trains anew), what waits to
    be sent. Where a file was read up to stays known, so that the next ingest does not bring them back.
    """
    with store.transaction():
        erased = store.gestures.erase(before, word)
        if word is not None or before is None:
            store.words.erase(word)
        if erased:
            store.checkpoints.erase_personal()
            store.outbox.erase()
            if member := store.memberships.get():
                store.memberships.set(replace(member, residual=b""))
            store.meta.delete(DONE)
    store.erase_traces()
    return ForgetReport(erased)


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
