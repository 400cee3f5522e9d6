"""What is left of a log at its end: a word may be said anew there, and a swipe taken back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeAlias, TypeVar

from swipefl.gesture.before import Before
from swipefl.gesture.formats.reading import Deletion, Entry, Private, Reading, Rejected, bare, name_in
from swipefl.gesture.gesture import Example

Kept = TypeVar("Kept")
Keep: TypeAlias = Callable[[Example, Mapping[str, Any]], Kept]
OF_NO_GESTURE = ("no-deletion", "no-points")  # what is wrong with lines that have an id, and are about no new gesture


def standing(entries: Iterable[Entry], kept: Keep[Kept]) -> Iterator[Kept]:
    """What is `kept` of each gesture with a word, and of what its line says; of those that a store would have.

    Of one trace the last line says the word, and what stood before it if it says that. A deletion takes back the
    gesture of its trace, else the one that a line of its id was last about. What a gesture's owner said stays.
    """
    found: dict[bytes, _Stands[Kept]] = {}
    named: dict[str, bytes] = {}
    name_of: dict[bytes, str] = {}
    for entry in entries:
        said = bare(entry)
        if isinstance(said, Deletion):
            trace = said.trace or named.get(said.gesture_id, b"")
            named.pop(said.gesture_id, None)
            if trace in found and not found[trace].by_hand:
                del found[trace]
        elif isinstance(entry, Reading) and entry.word is not None:  # a partial one has none
            trace = entry.gesture.trace_hash()
            found[trace] = _stands(entry, entry.word, found.get(trace), kept)
            if named.get(before := name_of.get(trace, "")) == trace:  # one id a gesture
                del named[before]
            named[entry.gesture.id], name_of[trace] = trace, entry.gesture.id
        elif name := freed(entry):
            named.pop(name, None)
    return (stands.kept for stands in found.values())


def freed(entry: Entry) -> str:
    """The id that names no gesture any more, as its line is about none that is stored; empty where there is none."""
    said = bare(entry)
    if isinstance(said, Reading):
        return said.gesture.id
    is_about_one = isinstance(said, Rejected) and (isinstance(entry, Private) or said.fault.code not in OF_NO_GESTURE)
    return name_in(said.gesture_id) if is_about_one and isinstance(said, Rejected) else ""


@dataclass(frozen=True)
class _Stands(Generic[Kept]):
    """What stands for one trace, and what was said of it; `by_hand` where its owner said the word."""

    kept: Kept
    word: str
    before: Before | None
    by_hand: bool


def _stands(entry: Reading, word: str, known: "_Stands[Kept] | None", kept: Keep[Kept]) -> "_Stands[Kept]":
    """What stands once an entry was read: the owner's word outranks what logs say, a known `before` none."""
    gesture = entry.gesture
    if known and gesture.before is None:
        gesture = replace(gesture, before=known.before)
    if known and known.by_hand and not entry.by_hand:
        word = known.word
    by_hand = entry.by_hand or (known is not None and known.by_hand)
    return _Stands(kept(Example(gesture, word), entry.fields), word, gesture.before, by_hand)
