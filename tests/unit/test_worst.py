"""The swipe that a model reads worst: of those held out, the newest of equals, and after a while the worst so far."""

from collections.abc import Callable, Mapping
from typing import cast

import pytest

from swipefl.decoder.decoder import Decoder
from swipefl.decoder.search import Candidate
from swipefl.device.worst import MOST, MOST_S, worst
from swipefl.gesture.gesture import SUSPECT, Example, Gesture
from swipefl.store.store import Store
from tests.support.people import examples
from tests.support.stores import put, side


class Sure:
    """A decoder that gives the word that was meant a probability, by the gesture's id."""

    def __init__(self, some: list[Example], sure: Mapping[str, float]) -> None:
        self._words = {example.gesture.id: example.spelled for example in some}
        self._sure = sure
        self.asked: list[str] = []

    def decode(self, gesture: Gesture, top: int) -> list[Candidate]:
        self.asked.append(gesture.id)
        word, probability = self._words[gesture.id], self._sure.get(gesture.id, 0.9)
        shares = [Candidate(form, word, 0.0, probability / 2) for form in (word, word.capitalize())]
        return [Candidate("other", "other", 0.0, 1 - probability), *(shares if probability else ())]


def found(store: Store, sure: Sure, clock: Callable[[], float] = lambda: 0.0) -> str | None:
    stored = worst(store, cast(Decoder, sure), clock)
    return stored.example.gesture.id if stored else None


SOME = examples(120, seed=1)
HELD_OUT = [e.gesture.id for e in SOME if side(e) == "held_out"]
TRAIN = [e.gesture.id for e in SOME if side(e) == "train"]


@pytest.mark.parametrize(
    ("sure", "meant"),
    [
        ({HELD_OUT[3]: 0.2, HELD_OUT[5]: 0.3, TRAIN[0]: 0.0}, HELD_OUT[3]),
        ({HELD_OUT[3]: 0.0, HELD_OUT[5]: 0.0, HELD_OUT[6]: 0.1}, HELD_OUT[5]),
        ({}, HELD_OUT[-1]),
    ],
)
def test_the_least_probable_of_those_held_out_and_the_newest_of_equals(
    store: Store, sure: dict[str, float], meant: str
) -> None:
    put(store, SOME)
    assert found(store, Sure(SOME, sure)) == meant


def test_where_none_is_held_out_it_is_one_of_the_others(store: Store) -> None:
    put(store, [e for e in SOME if side(e) == "train"])
    assert found(store, Sure(SOME, {TRAIN[4]: 0.1})) == TRAIN[4]


def test_suspects_are_none(store: Store) -> None:
    put(store, SOME, SUSPECT)
    assert found(store, Sure(SOME, {})) is None


def test_it_looks_at_so_many_and_for_so_long(store: Store) -> None:
    many = examples(5 * MOST + 400, seed=2)
    put(store, many)
    sure = Sure(many, {})
    found(store, sure)
    newest = [e.gesture.id for e in many if side(e) == "held_out"][::-1]
    assert len(newest) > MOST
    assert sure.asked == newest[:MOST]
    times = iter([0.0, 0.0, MOST_S / 2, MOST_S, 2 * MOST_S])
    sure = Sure(many, {newest[2]: 0.1, newest[3]: 0.0})
    assert found(store, sure, lambda: next(times)) == newest[2]
