"""Gestures and personal words in the store: what is kept, split, counted and erased."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from swipefl.errors import Remedy, StoreBusy
from swipefl.gesture.gesture import SUSPECT
from swipefl.gesture.keyboard import built_in
from swipefl.store.gestures import HELD_OUT, TRAIN
from swipefl.store.personal_words import PersonalWord
from swipefl.store.store import Store
from tests.support.errors import advises
from tests.support.people import examples
from tests.support.stores import RARE, files, put, renamed, side, train_uses


def test_examples_come_back_as_they_went_in(store: Store) -> None:
    some = examples(50) + examples(10, seed=1, keyboard=built_in("jcuken"), words=("привет", "мир"))
    some[0] = replace(some[0], gesture=replace(some[0].gesture, user="anna", width=1080.0, height=632.5))
    assert put(store, some) == 60
    back = [example for example, _ in store.gestures.everything()]
    for given, got in zip(some, back, strict=True):
        assert np.array_equal(given.gesture.points, got.gesture.points)
        assert got.gesture.points.dtype == np.float32
        assert replace(got.gesture, points=given.gesture.points) == given.gesture
        assert got.word == given.word
    counts = store.gestures.counts()
    assert counts == {"good": 60, "suspect": 0, "train": counts["train"], "held_out": 60 - counts["train"]}


def test_a_known_trace_is_ignored_and_a_used_id_is_not(store: Store) -> None:
    some = examples(30)
    assert put(store, some) == 30
    assert put(store, some) == 0
    assert put(store, [renamed(e, f"copy-{i}") for i, e in enumerate(some)]) == 0
    assert put(store, [renamed(e, some[0].gesture.id) for e in examples(2, seed=9)]) == 2
    twice = examples(5, seed=3)
    assert put(store, twice + twice) == 5


def test_the_split_depends_on_the_trace_alone(path: Path, tmp_path: Path) -> None:
    some = examples(200)
    with Store(path) as one, Store(tmp_path / "other" / "swipefl.db") as two:
        put(one, some)
        for start in range(0, 200, 50):
            put(two, [renamed(e, f"other-{start}-{i}") for i, e in enumerate(reversed(some[start : start + 50]))])
        for split in (TRAIN, HELD_OUT):
            traces = [{e.gesture.trace_hash() for e in store.gestures.examples(split)} for store in (one, two)]
            assert traces[0] == traces[1] == {e.gesture.trace_hash() for e in some if side(e) == split}
        assert 20 <= one.gestures.counts()["held_out"] <= 60
        assert [e.gesture.id for e in one.gestures.examples(TRAIN)] == [e.gesture.id for e in some if side(e) == TRAIN]
        assert one.gestures.fingerprint() == two.gestures.fingerprint()


def test_a_split_by_another_name_is_a_bug(store: Store) -> None:
    with pytest.raises(ValueError, match="split"):
        store.gestures.examples("test")


def test_suspects_are_kept_and_not_learned_from(store: Store) -> None:
    put(store, examples(20), SUSPECT)
    assert store.gestures.counts() == {"good": 0, "suspect": 20, "train": 0, "held_out": 0}
    assert store.gestures.examples(TRAIN) == store.gestures.examples(HELD_OUT) == []
    assert {verdict for _, verdict in store.gestures.everything()} == {SUSPECT}
    assert store.words.all() == []


def test_the_fingerprint_follows_the_good_examples(store: Store) -> None:
    seen = [store.gestures.fingerprint()]
    put(store, examples(5))
    seen.append(store.gestures.fingerprint())
    put(store, examples(5, seed=1), SUSPECT)
    put(store, examples(5))
    assert store.gestures.fingerprint() == seen[-1]
    put(store, examples(1, seed=2))
    seen.append(store.gestures.fingerprint())
    assert len(set(seen)) == 3
    store.gestures.erase()
    assert store.gestures.fingerprint() == seen[0]


def test_erase_by_time_and_by_word(path: Path) -> None:
    now = [100.0]
    with Store(path, clock=lambda: now[0]) as store:
        put(store, examples(10, words=("hello",)) + examples(10, seed=1, words=("world",)))
        now[0] = 200.0
        put(store, examples(10, seed=2, words=("hello",)))
        assert store.gestures.erase(before=100.0) == 0
        assert store.gestures.erase(before=150.0, word="Hello") == 10
        assert store.gestures.erase(before=150.0) == 10
        assert store.gestures.erase(word="world") == 0
        assert store.gestures.erase() == 10
        assert store.gestures.counts()["good"] == 0


def test_what_was_erased_leaves_no_byte_behind(store: Store, path: Path) -> None:
    put(store, examples(40) + examples(25, seed=1, words=(RARE,)))
    store.words.add(RARE, "en")
    assert any(RARE.encode() in f.read_bytes() for f in files(path))
    trace = next(e for e, _ in store.gestures.everything() if e.word == RARE).gesture.points.tobytes()
    with store.transaction():
        assert store.gestures.erase(word=RARE) == 25
        store.words.erase(RARE)
    store.erase_traces()
    assert path.with_name("swipefl.db-wal").exists()
    for file in files(path):
        assert RARE.encode() not in file.read_bytes()
        assert trace not in file.read_bytes()
    assert store.gestures.counts()["good"] == 40


def test_erasing_says_so_when_a_reader_keeps_the_log(store: Store, path: Path) -> None:
    put(store, examples(10, words=(RARE,)))
    with Store(path) as other:
        reading = other.gestures.everything()
        next(reading)
        other.sql.run("BEGIN")
        other.meta.get("a")
        store.gestures.erase()
        store.sql.run("PRAGMA busy_timeout = 50")
        with pytest.raises(StoreBusy, check=advises(Remedy.RUN_AGAIN_LATER)):
            store.erase_traces()
    store.erase_traces()


def test_thousands_of_examples_go_in_one_call(store: Store) -> None:
    base = examples(200)
    many = [
        replace(e, gesture=replace(e.gesture, id=f"{i}-{n}", points=e.gesture.points + np.float32(n / 1000)))
        for n in range(10)
        for i, e in enumerate(base)
    ]
    assert put(store, many) == 2000


def test_a_word_joins_after_two_uses(store: Store) -> None:
    once, again = train_uses(RARE, 2)
    held_out = [e for e in examples(60, seed=5, words=("krakatau",)) if side(e) == HELD_OUT]
    put(store, [once, *held_out])
    assert len(held_out) >= 2
    assert store.words.all() == []
    put(store, [again])
    assert store.words.all() == [PersonalWord(RARE, ("en",), 2, "typed")]
    store.gestures.erase(word=RARE)
    assert store.words.all() == []


def test_uses_count_across_keyboards_of_one_language(store: Store) -> None:
    other = replace(built_in("qwerty"), name="tablet")
    one = train_uses(RARE, 1)[0]
    two = next(e for e in examples(40, seed=8, keyboard=other, words=(RARE,)) if side(e) == TRAIN)
    put(store, [one, two])
    assert store.words.all() == [PersonalWord(RARE, ("en",), 2, "typed")]


def test_a_removed_word_does_not_come_back(store: Store) -> None:
    uses = train_uses(RARE, 6)
    put(store, uses[:3])
    store.words.remove(RARE, "en")
    put(store, uses[3:])
    assert store.words.all() == []
    store.words.add(RARE, "en")
    assert store.words.all() == [PersonalWord(RARE, ("en",), 6, "added")]
