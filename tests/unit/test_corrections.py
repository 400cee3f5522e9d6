"""What a swipe is: its trace. The same one again is known, with another word corrected; an id is but a name."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.device.cycle import nothing_to_do
from swipefl.device.ingestion import Ingestion, IngestReport
from swipefl.device.ownership import exported, relabel
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.before import before_in
from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import GOOD, SUSPECT, Example, verdict
from swipefl.gesture.keyboard import built_in
from swipefl.store.gestures import HELD_OUT, TRAIN, Judged, Landed
from swipefl.store.store import Store
from tests.support.cycles import cycle
from tests.support.people import examples
from tests.support.stores import files, fresh_store, put, renamed, side, train_uses

HELLO = train_uses("hello", 1)[0]


def read(store: Store, *lines: dict[str, Any]) -> IngestReport:
    """What an ingest of standard input comes to; it has no bookmark."""
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return Ingestion(store).run([io.BufferedReader(io.BytesIO(text))])


def line(example: Example, **changes: Any) -> dict[str, Any]:
    return to_line(example) | changes


def counts(report: IngestReport) -> tuple[int, int, int]:
    return report.stored, report.corrected, report.duplicates


def words(store: Store) -> list[str]:
    return [example.word for example, _ in store.gestures.everything()]


def test_the_newer_word_of_a_known_trace_counts(store: Store) -> None:
    assert counts(read(store, line(HELLO))) == (1, 0, 0)
    assert counts(read(store, line(HELLO, word="jello", gesture_id="another"))) == (0, 1, 0)
    assert counts(read(store, line(HELLO, word="jello"))) == (0, 0, 1)
    (stored,) = store.gestures.all()
    assert (stored.example.word, stored.example.gesture.id, stored.by_hand) == ("jello", HELLO.gesture.id, False)
    assert counts(read(store, line(HELLO))) == (0, 1, 0)
    assert words(store) == ["hello"]


@pytest.mark.parametrize(
    ("said", "first", "again"),
    [
        (["hello", "jello"], (1, 1, 0), (0, 0, 2)),
        (["hello", "jello", "hello"], (1, 0, 2), (0, 0, 3)),
        (["hello", "jello", "hells"], (1, 1, 1), (0, 0, 3)),
        (["hello", "Hello"], (1, 1, 0), (0, 0, 2)),
        (["hello", "hello"], (1, 0, 1), (0, 0, 2)),
    ],
)
def test_lines_of_one_trace_in_one_file(
    store: Store, said: list[str], first: tuple[int, int, int], again: tuple[int, int, int]
) -> None:
    """The last one says the word; and reading all of them again says nothing new."""
    lines = [line(HELLO, word=word) for word in said]
    assert counts(read(store, *lines)) == first
    assert words(store) == [said[-1]]
    assert counts(read(store, *lines)) == again
    assert words(store) == [said[-1]]


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["hello", "jello", "world"])), max_size=30), st.data())
@settings(max_examples=40)
def test_what_is_read_is_stored_corrected_or_known_and_the_last_word_counts(
    said: list[tuple[int, str]], data: st.DataObject
) -> None:
    some = examples(5, seed=4)
    with fresh_store() as (store, _):
        while said:
            count = data.draw(st.integers(1, len(said)))
            batch = [Judged(replace(some[i], word=word), GOOD) for i, word in said[:count]]
            before = len(words(store))
            with store.transaction():
                landed = store.gestures.add(batch)
            assert landed.stored == len(words(store)) - before
            assert landed.stored + landed.corrected <= len(batch)
            last = {some[i].gesture.trace_hash(): word for i, word in said[:count]}
            stored = {e.gesture.trace_hash(): e.word for e, _ in store.gestures.everything()}
            assert stored.items() >= last.items()
            said = said[count:]


def test_a_correction_is_judged_anew(store: Store) -> None:
    assert read(store, line(HELLO, word="pizza")).suspect == 1
    report = read(store, line(HELLO))
    assert (report.corrected, report.suspect) == (1, 0)
    assert store.gestures.counts()[GOOD] == 1
    assert read(store, line(HELLO, word="pizza")).suspect == 1
    assert store.gestures.counts()[SUSPECT] == 1
    assert read(store, line(HELLO, word="hello", suspect=True)).suspect == 1


def test_a_correction_moves_personal_words(store: Store) -> None:
    one, two = train_uses("zyzzogeton", 2)
    put(store, [replace(one, word="zyzzogetom"), two])
    assert store.words.all() == []
    assert read(store, line(one)).corrected == 1
    assert [word.word for word in store.words.all()] == ["zyzzogeton"]
    assert read(store, line(two, word="zyzzogetom")).corrected == 1
    assert store.words.all() == []


def test_a_correction_is_something_new_to_learn(store: Store) -> None:
    put(store, examples(60))
    store.meta.set("cycle.done", "")
    cycle(store).run(1)
    assert nothing_to_do(store) == "nothing new since the last cycle"
    example = next(e for e, _ in store.gestures.everything() if side(e) == TRAIN and e.word == "hello")
    assert read(store, line(example)).duplicates == 1
    assert nothing_to_do(store) is not None
    assert read(store, line(example, word="Hello")).corrected == 1
    assert nothing_to_do(store) is None
    assert "Hello" in [e.word for e in store.gestures.examples(TRAIN)]


def test_a_corrected_gesture_stays_on_its_side_and_in_its_place(store: Store) -> None:
    some = examples(40, seed=2)
    put(store, some)
    before = [(stored.number, stored.handle, side(stored.example)) for stored in store.gestures.all()]
    read(store, *(line(example, word=f"{example.word}s") for example in reversed(some)))
    assert [(stored.number, stored.handle, side(stored.example)) for stored in store.gestures.all()] == before
    held_out = {e.gesture.id for e in store.gestures.examples(HELD_OUT)}
    assert held_out <= {e.gesture.id for e in some if side(e) == HELD_OUT}


def test_a_correction_brings_the_keyboard_that_its_word_is_spelled_on(store: Store) -> None:
    """A log that was read without the keyboard, and again with it."""
    qwerty = built_in("qwerty")
    german = replace(qwerty, name="de", keys=(*qwerty.keys, replace(qwerty.keys[0], letter="ü", x=400.0)))
    read(store, line(HELLO))
    read(store, line(HELLO, word="hüllo", keyboard=german.to_json(), languages=["de"]))
    ((example, _),) = store.gestures.everything()
    assert (example.word, example.spelled, example.gesture.languages) == ("hüllo", "hüllo", ("de",))


QWERTY = built_in("qwerty")
TURNED = tuple(replace(key, letter=other.letter) for key, other in zip(QWERTY.keys, QWERTY.keys[::-1], strict=True))
OTHER = replace(QWERTY, name="other", keys=TURNED)
WRONG = {"keyboard": OTHER.to_json()}


def keyboards(store: Store) -> list[tuple[str, str]]:
    return [(stored.example.gesture.keyboard.name, stored.verdict) for stored in store.gestures.all()]


def test_a_log_that_was_read_with_a_wrong_layout_is_mended_by_reading_it_with_the_right_one(store: Store) -> None:
    assert read(store, line(HELLO, **WRONG)).suspect == 1
    assert counts(report := read(store, line(HELLO))) == (0, 1, 0)
    assert (report.suspect, keyboards(store)) == (0, [("qwerty", GOOD)])
    assert counts(read(store, line(HELLO, **WRONG))) == (0, 0, 1), "nor does a wrong one spoil it again"
    assert counts(read(store, line(HELLO))) == (0, 0, 1)
    assert keyboards(store) == [("qwerty", GOOD)]


def test_the_layout_of_a_word_that_was_said_by_hand_is_mended_and_the_word_stays(store: Store) -> None:
    read(store, line(HELLO, word="hallo", **WRONG))
    relabel(store, HELLO.gesture.id, "hello")
    assert counts(read(store, line(HELLO, word="hallo"))) == (0, 0, 1)
    assert keyboards(store) == [("other", SUSPECT)]
    assert counts(read(store, line(HELLO))) == (0, 1, 0)
    assert keyboards(store) == [("qwerty", GOOD)]
    assert counts(read(store, line(HELLO, word="jello"))) == (0, 0, 1)
    assert words(store) == ["hello"]


def test_a_doubt_is_taken_back_by_the_same_line_without_it(store: Store) -> None:
    assert read(store, line(HELLO, suspect=True)).suspect == 1
    assert counts(read(store, line(HELLO))) == (0, 1, 0)
    assert counts(read(store, line(HELLO, suspect=True))) == (0, 0, 1)
    assert store.gestures.counts()[GOOD] == 1


def test_what_a_line_says_of_languages_is_taken_and_a_line_that_says_nothing_takes_nothing_away(store: Store) -> None:
    read(store, line(HELLO))
    learned = store.gestures.fingerprint()
    assert counts(read(store, line(HELLO, languages=["de"]))) == (0, 1, 0)
    assert store.gestures.fingerprint() != learned, "it is something new to learn"
    assert counts(read(store, line(HELLO))) == (0, 0, 1)
    assert counts(read(store, line(HELLO, languages=["de"]))) == (0, 0, 1)
    assert [example.gesture.languages for example, _ in store.gestures.everything()] == [("de",)]


LABELLED = st.tuples(
    st.sampled_from(["hello", "jello"]),
    st.sampled_from(["qwerty", "other"]),
    st.sampled_from([(), ("de",), ("en", "tr")]),
    st.booleans(),
    st.sampled_from([GOOD, SUSPECT]),
    st.sampled_from([None, "", "we", "I wanted to"]),
)


@given(st.lists(st.tuples(st.integers(0, 2), LABELLED), min_size=1, max_size=12))
@settings(max_examples=40)
def test_lines_come_to_the_same_one_by_one_and_all_at_once_and_again_to_nothing(said: list[tuple[int, Any]]) -> None:
    some, named = examples(3, seed=4), {"qwerty": QWERTY, "other": OTHER}
    batch = []
    for which, (word, keyboard, languages, by_hand, judged, stood) in said:
        before = None if stood is None else before_in(stood)
        gesture = replace(some[which].gesture, keyboard=named[keyboard], languages=languages, before=before)
        batch.append(Judged(Example(gesture, word), judged, by_hand))
    with fresh_store() as (one, _), fresh_store() as (other, _):
        for judged in batch:
            with one.transaction():
                one.gestures.add([judged])
        with other.transaction():
            landed = other.gestures.add(batch)
        assert snapshot(one) == snapshot(other)
        last = {which: label[5] for which, label in said if label[5] is not None}
        stood = {
            some[which].gesture.trace_hash(): before_in(last[which]) if which in last else None for which, _ in said
        }
        assert {e.gesture.trace_hash(): e.gesture.before for e, _ in one.gestures.everything()} == stood
        assert landed.stored == len(snapshot(other))
        assert landed.corrected <= landed.stored + len(batch)
        assert landed.suspect == other.gestures.counts()[SUSPECT]
        with other.transaction():
            other.gestures.add(batch[-1:])
        assert other.gestures.add(batch[-1:]) == Landed(0, 0, 0)


def test_what_is_known_is_looked_up_many_at_a_time(store: Store) -> None:
    some = [Judged(example, GOOD) for example in examples(1_200, seed=3)]
    asked: list[str] = []
    for _ in range(2):
        store.sql.db.conn.set_trace_callback(lambda sql: asked.append(sql) if sql.startswith("SELECT") else None)
        with store.transaction():
            landed = store.gestures.add(some)
    assert landed == Landed(0, 0, 0)
    assert len(asked) < 20


def test_a_private_line_corrects_nothing(store: Store) -> None:
    read(store, line(HELLO))
    assert read(store, line(HELLO, word="jello", private=True)).read == 0
    assert words(store) == ["hello"]


def test_what_its_owner_said_no_line_changes(store: Store) -> None:
    read(store, line(HELLO))
    report = relabel(store, HELLO.gesture.id, " Jello ")
    assert (report.gesture_id, report.changed, report.verdict) == (HELLO.gesture.id, True, GOOD)
    for said in ("hello", "jello", "world"):
        assert counts(read(store, line(HELLO, word=said))) == (0, 0, 1)
    assert counts(read(store, line(HELLO, word="hells", by_hand=True))) == (0, 0, 1)
    assert words(store) == ["Jello"]
    assert not relabel(store, report.handle, "Jello").changed
    assert relabel(store, report.handle, "hello").changed
    assert words(store) == ["hello"]


def test_saying_the_word_that_is_there_keeps_it(store: Store) -> None:
    read(store, line(HELLO))
    assert not relabel(store, HELLO.gesture.id, "hello").changed
    assert counts(read(store, line(HELLO, word="jello"))) == (0, 0, 1)


def test_what_was_said_by_hand_elsewhere_comes_with_an_export(store: Store) -> None:
    read(store, line(HELLO, word="jello"))
    assert counts(read(store, line(HELLO, by_hand=True), line(HELLO, word="hells"))) == (0, 1, 1)
    assert counts(read(store, line(HELLO, word="jello"))) == (0, 0, 1)
    assert words(store) == ["hello"]


def test_the_same_word_by_hand_keeps_it_and_corrects_nothing(store: Store) -> None:
    read(store, line(HELLO))
    assert counts(read(store, line(HELLO, by_hand=True))) == (0, 0, 1)
    assert counts(read(store, line(HELLO, word="jello"))) == (0, 0, 1)


@pytest.mark.parametrize("word", ["", "'", "привет", "x" * 70, "we1"])
def test_a_word_that_cannot_be_spelled_is_not_said(store: Store, word: str) -> None:
    put(store, [HELLO])
    with pytest.raises(UsageError) as error:
        relabel(store, HELLO.gesture.id, word)
    assert not word or word not in str(error.value)
    assert words(store) == ["hello"]


def test_a_word_that_does_not_fit_the_path_is_kept_and_not_learned_from(store: Store) -> None:
    put(store, [HELLO])
    assert relabel(store, HELLO.gesture.id, "pizza").verdict == SUSPECT
    assert store.gestures.counts() == {"good": 0, "suspect": 1, "train": 0, "held_out": 0}


def snapshot(store: Store) -> list[tuple[object, ...]]:
    return store.sql.rows(
        """SELECT id, trace, keyboard, languages, word, by_hand, verdict, before, follows, held_out, width, height,
        user, points FROM gestures ORDER BY number"""
    )


LABELS = st.sampled_from(["hello", "don't", "Straße", "straße", "İstanbul", "naïve", "Ärger", "e-mail"])
TAGS = st.sampled_from([(), ("de",), ("tr",), ("de", "pt-br")])


STOOD = st.sampled_from([None, "", "Straße don't", "at 12:30 in", "1234 5678", "I"])
SAID = st.tuples(LABELS, TAGS, st.booleans(), st.booleans(), st.sampled_from("01"), STOOD)


@given(st.lists(SAID, min_size=1, max_size=12))
@settings(max_examples=25)
def test_an_export_gives_the_same_store(
    said: Sequence[tuple[str, tuple[str, ...], bool, bool, str, str | None]],
) -> None:
    """Ids that several share, words as they are written and what stood before, languages, doubts, what was said."""
    wide = replace(built_in("qwerty"), name="wide", width=740.0)
    some = examples(len(said), seed=6)
    with fresh_store() as (store, _):
        batch = []
        for i, (example, (word, languages, is_suspect, by_hand, id, stood)) in enumerate(zip(some, said, strict=True)):
            keyboard = wide if i % 3 == 0 else example.gesture.keyboard
            before = None if stood is None else before_in(stood)
            gesture = replace(example.gesture, id=id, languages=languages, keyboard=keyboard, before=before)
            labelled = Example(gesture, word)
            batch.append(Judged(labelled, SUSPECT if is_suspect else verdict(labelled), by_hand))
        with store.transaction():
            landed = store.gestures.add(batch)
        assert landed == Landed(len(said), 0, sum(judged.verdict == SUSPECT for judged in batch))
        lines = list(exported(store))
        with fresh_store() as (other, _):
            read(other, *lines)
            assert snapshot(other) == snapshot(store)
            assert list(exported(other)) == lines


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_night_leaves_nothing_of_a_word_that_was_corrected_away(path: Path, by_hand: bool) -> None:
    some, old = examples(1_500, seed=2), "zyzzogetonica"
    wrong = some[::40]
    with Store(path) as store:
        put(store, [replace(example, word=old) if number % 40 == 0 else example for number, example in enumerate(some)])
        if by_hand:
            for example in wrong:
                relabel(store, example.gesture.trace_hash().hex(), example.word)
        else:
            assert read(store, *map(line, wrong)).corrected == len(wrong)
        cycle(store).run(1)
    assert [file.name for file in files(path) if old.encode() in file.read_bytes()] == []


def test_no_name_is_no_gesture_and_a_handle_is_found_in_capitals(store: Store) -> None:
    put(store, [HELLO])
    with pytest.raises(UsageError) as error:
        store.gestures.find("")
    assert error.value.remedy is Remedy.LIST_GESTURES
    (stored,) = store.gestures.all()
    trace = HELLO.gesture.trace_hash().hex()
    assert {store.gestures.find(name.upper()).number for name in (stored.handle, trace, trace[:8])} == {stored.number}


@pytest.mark.parametrize("given", ["0", "g"])
def test_an_id_of_several_lists_handles_and_no_id(store: Store, given: str) -> None:
    some = [renamed(e, id) for e, id in zip(examples(12, seed=3), ["0"] * 6 + [f"g{i}" for i in range(6)], strict=True)]
    put(store, some)
    with pytest.raises(UsageError, match="more than one gesture") as error:
        store.gestures.find(given)
    assert error.value.remedy is Remedy.GIVE_HANDLE
    handles = {e.gesture.trace_hash().hex()[:12]: e for e in some if e.gesture.id.startswith(given)}
    assert set(handles) == {choice.handle for choice in error.value.facts["could_be"]}  # type: ignore[attr-defined]
    assert all(handle in str(error.value) for handle in handles)
    for handle, example in handles.items():
        assert store.gestures.find(handle).example.gesture.trace_hash() == example.gesture.trace_hash()
        assert store.gestures.find(handle[:8]).handle == store.gestures.find(handle + handle[:0]).handle == handle


def test_more_than_ten_are_not_all_listed(store: Store) -> None:
    put(store, [renamed(e, "0") for e in examples(30, seed=3)])
    with pytest.raises(UsageError, match="and others") as error:
        store.gestures.find("0")
    newest = [stored.handle for stored in store.gestures.all()][-10:]
    assert [choice.handle for choice in error.value.facts["could_be"]] == newest[::-1]  # type: ignore[attr-defined]


def test_a_handle_finds_its_gesture_whatever_ids_there_are(store: Store) -> None:
    """A trace that was changed keeps the id that the first one was given: the hash of another."""
    one, two = examples(2, seed=5)
    trace = one.gesture.trace_hash().hex()
    put(store, [renamed(one, trace), renamed(two, trace), renamed(examples(1, seed=7)[0], trace[:12])])
    for example in (one, two):
        handle = example.gesture.trace_hash().hex()
        assert store.gestures.find(handle[:12]).example.word == example.word
        assert store.gestures.find(handle).handle == handle[:12]


def test_the_newest_of_a_word_is_of_those_written_so_before_those_spelled_alike(store: Store) -> None:
    some = examples(4, seed=9)
    put(store, [replace(e, word=w) for e, w in zip(some, ["its", "it's", "its", "hello"], strict=True)])

    def newest(word: str | None) -> int | None:
        found = store.gestures.newest(word)
        return found.number if found else None

    cases = {None: 4, "it's": 2, "its": 3, "It\u2019s": 3, " its ": 3, "hello": 4, "unheard": None, "'": None, "": None}
    assert {word: newest(word) for word in cases} == cases


def test_all_that_is_spelled_alike_is_erased(store: Store) -> None:
    spellings = ["it's", "its", "It’s", "İTS", "Íts", "hits"]
    some = [replace(e, word=w) for e, w in zip(examples(6, seed=9), spellings, strict=True)]
    put(store, some)
    assert store.gestures.erasable(store.gestures.scope(word="ITS")) == 5
    assert store.gestures.erase(word="ITS") == 5
    assert words(store) == ["hits"]


def test_two_readers_of_one_file_correct_it_once(path: Path) -> None:
    some = examples(30, seed=1)
    with Store(path) as one, Store(path) as two:
        read(one, *map(line, some))
        changed = [line(e, word="hellos") for e in some]
        reports = [read(each, *changed) for each in (one, two)]
        assert [report.corrected for report in reports] == [30, 0]
        assert set(words(two)) == {"hellos"}
