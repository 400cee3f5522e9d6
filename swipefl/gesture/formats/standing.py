"""What is left of a log at its end: a word may be said anew there, and a swipe taken back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from swipefl.gesture.before import Before
from swipefl.gesture.formats.reading import Deletion, Entry, Reading, bare
from swipefl.gesture.gesture import Example

Kept = TypeVar("Kept")


def standing(entries: Iterable[Entry], kept: Callable[[Example, Mapping[str, Any]], Kept]) -> Iterator[Kept]:
    """What is `kept` of each gesture with a word, and of what its line says; of those that a store would have.

    Of one trace the last line says the word, and what stood before it if it says that. A deletion takes back the
    gesture of its trace, else the one that a line of its id was last about.
    """
    found: dict[bytes, tuple[Kept, Before | None]] = {}
    named: dict[str, bytes] = {}
    for entry in entries:
        said = bare(entry)
        if isinstance(said, Deletion):
            last = named.pop(said.gesture_id, None)
            found.pop(said.trace or last or b"", None)
        elif isinstance(entry, Reading) and entry.word is not None:  # a partial one has none
            trace, gesture = entry.gesture.trace_hash(), entry.gesture
            if gesture.before is None and trace in found:
                gesture = replace(gesture, before=found[trace][1])
            found[trace] = kept(Example(gesture, entry.word), entry.fields), gesture.before
            named[gesture.id] = trace
        elif isinstance(said, Reading):  # not kept: its id names no older one any more
            named.pop(said.gesture.id, None)
    return (one for one, _ in found.values())
