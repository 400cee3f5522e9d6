"""What a night learns from: all of a few, the newest of many, and a fair sample of those before them."""

from collections import Counter

import pytest

from swipefl.device import choosing
from swipefl.device.choosing import to_judge_by, to_learn_from
from swipefl.store.gestures import TRAIN
from swipefl.store.store import Store
from tests.support.people import examples
from tests.support.stores import put, side


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("NEWEST", 10), ("OLDER", 5), ("JUDGED_NEWEST", 3), ("JUDGED_OLDER", 2)):
        monkeypatch.setattr(choosing, name, most)


def ids(store: Store, seed: int, newest: int | None = None) -> list[str]:
    return [stored.example.gesture.id for stored in to_learn_from(store, seed, newest)]


def test_all_of_a_few_and_of_many_the_newest_with_as_many_older_ones_as_the_bound_says(store: Store) -> None:
    some = examples(60)
    train = [example.gesture.id for example in some if side(example) == TRAIN]
    held_out = [example.gesture.id for example in some if side(example) != TRAIN]
    put(store, some[:12])
    assert ids(store, 0) == [each for each in train if each in {example.gesture.id for example in some[:12]}]
    put(store, some[12:])
    assert ids(store, 0)[5:] == train[-10:]
    assert len(ids(store, 0)) == 15
    assert [stored.example.gesture.id for stored in to_judge_by(store, 0)][2:] == held_out[-3:]


def test_a_seed_says_which_and_what_comes_meanwhile_changes_nothing(store: Store) -> None:
    put(store, examples(40))
    newest, chosen = store.gestures.newest_number(), ids(store, 3)
    assert chosen == ids(store, 3)
    assert chosen != ids(store, 4)
    put(store, examples(20, seed=1))
    assert ids(store, 3, newest) == chosen
    assert ids(store, 3) != chosen


def test_over_the_nights_every_older_swipe_has_its_turn_as_often_as_another(store: Store) -> None:
    put(store, examples(60))
    nights = 400
    drawn = Counter(each for seed in range(nights) for each in ids(store, seed)[:5])
    older = [example.gesture.id for example in store.gestures.examples(TRAIN)[:-10]]
    assert drawn.keys() == set(older)
    expected = nights * 5 / len(older)
    assert all(0.5 * expected < drawn[each] < 1.6 * expected for each in older)
