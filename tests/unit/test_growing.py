"""Personal words of a store that is looked at again and again."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.gesture.before import before_in
from swipefl.gesture.gesture import GOOD, SUSPECT
from swipefl.gesture.spelling import uncapitalised
from swipefl.store.growing import family
from swipefl.store.personal_words import caseless
from swipefl.store.store import Store
from tests.support.people import examples
from tests.support.stores import fresh_store, put

FORMS = ("want", "Want", "WANT", "wants", "won't", "won’t", "Ilık", "ılık", "ilik", "İlik")
POOL = examples(60, words=("want",))


def change(store: Store, rng: random.Random, new: list[int]) -> None:
    what = rng.choice(("put", "put", "put", "again", "relabel", "erase", "add", "remove", "back", "nothing"))
    word, language = rng.choice(FORMS), rng.choice(("en", "tr"))
    if what == "put" or (what == "again" and not new):
        new.append(len(new))
    if what in ("put", "again") and len(new) < len(POOL):
        gesture = replace(
            POOL[new[-1] if what == "put" else rng.choice(new)].gesture,
            languages=(language,),
            before=rng.choice((None, before_in(""), before_in("i"))),
        )
        put(store, [replace(POOL[0], gesture=gesture, word=word)], rng.choice((GOOD, GOOD, GOOD, SUSPECT)))
    stored = list(store.gestures.all())
    if what == "relabel" and stored:
        one = rng.choice(stored)
        store.gestures.relabel(one, replace(one.example, word=word), GOOD)
    if what == "erase" and stored:
        store.gestures.erase(id=rng.choice(stored).handle)
    if what == "add":
        store.words.add(word, language)
    if what == "remove":
        store.words.remove(word, language)
    if what == "back":
        store.words.erase(word)


@settings(max_examples=15)
@given(st.randoms(use_true_random=False))
def test_what_is_followed_is_what_there_is(rng: random.Random) -> None:
    new: list[int] = []
    with fresh_store() as (store, _), Store(store.path) as other:
        for _ in range(25):
            change(other, rng, new)
            if rng.random() < 0.7:
                assert store.words.followed() == store.words.all()


def test_a_swipe_that_is_stored_costs_no_look_at_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh_store() as (store, _), Store(store.path) as other:
        put(other, POOL[:5])
        store.words.followed()
        monkeypatch.setattr(store.words, "_used", lambda: pytest.fail("it read every use"))
        put(other, POOL[5:20])
        assert [known.word for known in store.words.followed()] == ["want"]


@given(st.text(max_size=8), st.booleans())
def test_words_that_join_together_are_a_family(word: str, turkic: bool) -> None:
    for other in (word.upper(), word.capitalize(), word.lower(), uncapitalised(word, turkic) or word):
        if caseless(other, turkic) == caseless(word, turkic) or other == uncapitalised(word, turkic):
            assert family(other) == family(word)
    assert family(caseless(word, turkic)) == family(word)
