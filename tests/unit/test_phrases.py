"""A person's own words in order: what counts, what of it is left, and what it says beside the package's model."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.context import Context
from swipefl.device.ownership import exported, forget, relabel, would_forget
from swipefl.device.phrases import OwnPhrases
from swipefl.device.vocabulary import Own, Vocabulary
from swipefl.gesture.before import Before, before_in
from swipefl.gesture.formats import Reading
from swipefl.gesture.formats.own import read, to_line
from swipefl.gesture.gesture import GOOD, SUSPECT, Example
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.spelling import folded
from swipefl.store import phrases
from swipefl.store.phrases import Phrase, Uttered
from swipefl.store.store import Store
from tests.support.people import examples
from tests.support.stores import fresh_store, put, side

SWIPES = [example for example in examples(60, seed=5) if side(example) == "train"]
HELD_OUT = [example for example in examples(60, seed=5) if side(example) == "held_out"]


def behind(text: str | None, example: Example) -> Example:
    before = None if text is None else before_in(text)
    return replace(example, gesture=replace(example.gesture, before=before))


def known(store: Store) -> list[tuple[tuple[str, ...], str, int]]:
    """What the store has of words in order, and the same by the way that predictions take."""
    found = [(phrase.before, phrase.word, phrase.uses) for phrase in store.phrases.all()]
    pairs = {(before[-1] if before else "") for before, _, _ in found}
    uttered = [(one.before, one.word) for pair in pairs for one in store.phrases.behind(pair)]
    assert len(uttered) == sum(uses for before, _, uses in found if len(before) <= 1)
    return sorted(found)


def test_a_pair_and_a_triple_of_each_train_example_whose_words_before_are_known() -> None:
    with fresh_store() as (store, _):
        a, b, c, d = SWIPES[:4]
        put(
            store,
            [behind("i wanted", a), behind("", b), behind(None, c), behind("Wanted", d), behind("a", HELD_OUT[0])],
        )
        put(store, [behind("i", SWIPES[4])], SUSPECT)
        assert known(store) == sorted(
            [(("wanted",), a.word, 1), (("i", "wanted"), a.word, 1), ((), b.word, 1), (("wanted",), d.word, 1)]
            if a.word != d.word
            else [(("wanted",), a.word, 2), (("i", "wanted"), a.word, 1), ((), b.word, 1)]
        )
        assert [one.before for one in store.phrases.behind("wanted")] == ["wanted", "i wanted"]


def test_what_changes_in_the_store_is_known_at_the_next_word_also_what_another_process_wrote(path: Path) -> None:
    with Store(path) as store, Store(path) as other:
        assert store.phrases.behind("i") == ()
        put(other, [behind("i", SWIPES[0])])
        assert len(store.phrases.behind("i")) == 1
        put(store, [behind("i", SWIPES[1])])
        found = store.phrases.behind("i")
        assert len(found) == 2
        assert store.phrases.behind("i") is found


def test_the_newest_count_and_of_one_word_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh_store() as (store, _):
        put(store, [behind("i" if number % 2 else "we", example) for number, example in enumerate(SWIPES[:20])])
        monkeypatch.setattr(phrases, "COUNTED", 9)
        assert sum(phrase.uses for phrase in store.phrases.all()) == 9
        assert [len(store.phrases.behind(word)) for word in ("i", "we")] == [5, 4]
        monkeypatch.setattr(phrases, "MOST_READ", 3)
        store.meta.set("anything", "new")
        newest = [example.word for example in SWIPES[:20] if example in SWIPES[1:20:2]][::-1]
        assert [one.word for one in store.phrases.behind("i")] == newest[:3]


def test_ages_are_counted_from_the_newest_gesture(path: Path) -> None:
    now = [0.0]
    with Store(path, lambda: now[0]) as store:
        for day, text in enumerate(["i", "i", "we"]):
            now[0] = 86_400.0 * day
            put(store, [behind(text, SWIPES[day])])
        assert [one.age_days for one in store.phrases.behind("i")] == [1.0, 2.0]
        now[0] = 0.0  # a clock that was set back
        put(store, [behind("i", SWIPES[3])])
        assert [one.age_days for one in store.phrases.behind("i")] == [0.0, 0.0, 0.0]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("swipe"), st.integers(0, 15), st.sampled_from([None, "", "i", "I wanted", "we are", "am #"])),
        st.tuples(st.just("correct"), st.integers(0, 15), st.sampled_from(["hello", "water", "xylophone"])),
        st.tuples(st.just("relabel"), st.integers(0, 15), st.sampled_from(["hello", "water"])),
        st.tuples(st.just("forget"), st.sampled_from(["word", "before", "id", "all"]), st.integers(0, 15)),
    ),
    max_size=25,
)


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_they_are_what_the_gestures_that_are_left_would_have_made(steps: list[tuple[str, object, object]]) -> None:
    with fresh_store() as (store, _):
        for step in steps:
            done(store, *step)
        left = [stored for stored in store.gestures.all()]
        with fresh_store() as (fresh, _):
            for stored in left:
                put(fresh, [stored.example], stored.verdict)
            assert known(store) == known(fresh)
            for word in {one.example.gesture.before.follows for one in left if one.example.gesture.before}:
                assert [one[:2] for one in store.phrases.behind(word)] == [
                    one[:2] for one in fresh.phrases.behind(word)
                ]


def done(store: Store, what: str, which: object, how: object) -> None:
    """One thing that happens to a store; nothing where it names no gesture that is there."""
    if what == "forget":
        stored = {stored.example.gesture.id: stored for stored in store.gestures.all()}
        wanted = stored.get(SWIPES[int(str(how))].gesture.id)
        if which == "all":
            forget(store)
        elif wanted and which == "word":
            forget(store, word=wanted.example.word)
        elif wanted:
            forget(store, before=wanted.stored_at) if which == "before" else forget(store, id=wanted.handle)
        return
    example = SWIPES[int(str(which))]
    if what == "swipe":
        put(store, [behind(None if how is None else str(how), example)])
    elif what == "correct":
        put(store, [replace(example, word=str(how))], GOOD if how != "xylophone" else SUSPECT)
    elif any(stored.example.gesture.id == example.gesture.id for stored in store.gestures.all()):
        relabel(store, example.gesture.id, str(how))


def test_no_more_than_two_words_before_are_in_the_file_and_none_after_forget(path: Path) -> None:
    secret, kept = ("quidditch", "zamboni"), ("xerxes", "yggdrasil")
    scopes: list[dict[str, object]] = [{}, {"word": SWIPES[0].word}, {"before": 9e9}, {"id": SWIPES[0].gesture.id}]
    for scope in scopes:
        with Store(path) as store:
            put(store, [behind(" ".join((*secret, *kept)), SWIPES[0])])
            assert all(word.encode() not in bytes_of(path) for word in secret)
            assert all(word.encode() in bytes_of(path) for word in kept)
            forget(store, **scope)  # type: ignore[arg-type]
            assert all(word.encode() not in bytes_of(path) for word in (*secret, *kept))


def bytes_of(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob("swipefl.db*"))


def test_an_export_carries_them_and_is_taken_back_equal() -> None:
    with fresh_store() as (store, _), fresh_store() as (other, _):
        put(store, [behind(text, example) for text, example in zip(("i wanted", "", None, "12"), SWIPES, strict=False)])
        lines = list(exported(store))
        assert [line.get("before") for line in lines] == ["i wanted", "", None, "#"]
        for line in lines:
            reading = read(1, line, None, built_in)
            assert isinstance(reading, Reading)
            put(other, [Example(reading.gesture, reading.word or "")])
        assert known(other) == known(store)
        assert [to_line(stored.example) for stored in other.gestures.all()] == [
            to_line(stored.example) for stored in store.gestures.all()
        ]


@pytest.mark.parametrize(
    ("until", "left"),
    [
        (None, ["#", "# who", "it #", "it who"]),
        (1.5, ["#", "# who", "it #", "it who"]),
        (0.5, ["Dont", "don't who", "it don’t", "it who"]),
    ],
)
def test_a_word_that_is_forgotten_stands_before_no_other_either(
    path: Path, until: float | None, left: list[str]
) -> None:
    with Store(path, lambda: 1.0) as store:
        texts = ["Dont", "don't who", "it don’t", "it who"]
        put(store, [behind(text, example) for text, example in zip(texts, SWIPES, strict=False)])
        forget(store, word="don't", before=until)
        assert [stored.example.gesture.before for stored in store.gestures.all()] == [before_in(text) for text in left]
        assert [len(store.phrases.behind(before_in(text).follows)) for text in left] == [
            sum(before_in(other).follows == before_in(text).follows != "#" for other in left) for text in left
        ]
        assert (b"Dont" in bytes_of(path)) is (until == 0.5)


WRITTEN = ["hello", "Hello", "don't", "Don’t", "water", "house", "New York"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(WRITTEN), st.booleans()), min_size=1, max_size=12),
    st.sampled_from(["word", "before", "both", "id", "all"]),
    st.integers(0, 11),
)
def test_what_is_forgotten_stands_before_nothing_that_came_next(
    text: list[tuple[str, bool]], scope: str, which: int
) -> None:
    """And what is left says what it said, but for `#`; the preview counts what goes."""
    now = [0.0]
    with fresh_store() as (fresh, folder), Store(folder / "dated.db", lambda: now[0]) as store:
        sentence: list[str] = []
        for now[0], ((word, ends), swipe) in enumerate(zip(text, SWIPES, strict=False)):
            put(store, [behind(" ".join(sentence), replace(swipe, word=word))])
            sentence = [] if ends else [*sentence, word]
        old = {stored.number: stored for stored in store.gestures.all()}
        wanted = old.get(1 + which, old[1])
        asked: dict[str, Any] = {
            "word": {"word": wanted.example.word},
            "before": {"before": wanted.stored_at},
            "both": {"before": wanted.stored_at, "word": wanted.example.word},
            "id": {"id": wanted.handle},
            "all": {},
        }[scope]
        preview = would_forget(store, **asked)
        assert forget(store, **asked) == preview
        left = {stored.number: stored for stored in store.gestures.all()}
        redacted = 0
        for number, stored in left.items():
            was, now_is = (one.example.gesture.before for one in (old[number], stored))
            assert was is not None
            assert now_is is not None
            gone = [old[n].example.word for n in (number - 2, number - 1) if n in old and n not in left]
            folds = {folded(part) for word in gone for part in (word, *word.split())}
            assert all(folded(word) not in folds for word in now_is.words)
            pairs = list(zip(was.words, now_is.words, strict=True))
            assert all(new in (old_word, "#") for old_word, new in pairs)
            redacted += was != now_is
            if scope != "word":
                assert all((new == "#") == (folded(old_word) in folds) for old_word, new in pairs)
            put(fresh, [stored.example])
        assert redacted == preview.stood_before
        assert known(store) == known(fresh)


def lines_of(*said: tuple[str, str, str]) -> list[Example]:
    """Swipes, each with the word and what stood before: of the same name the same trace."""
    return [behind(before, replace(SWIPES[ord(name) - ord("a")], word=word)) for name, word, before in said]


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("how", ["corrected", "relabelled", "taken back", "by its trace"])
def test_what_gets_another_word_or_is_taken_back_stands_before_nothing_either(
    path: Path, how: str, at_once: bool, again: bool
) -> None:
    """Nor once its log is read again."""
    log = lines_of(("a", "see", ""), ("b", "Yellow", "see"), ("c", "hello", "see yellow"), ("d", "we", "yellow hello"))
    log += lines_of(("e", "our", "yellow we"))
    with Store(path) as store:
        for _ in range(1 + again):
            for part in [log] if at_once else [[each] for each in log]:
                put(store, part)
            if how == "corrected":
                put(store, [replace(log[1], word="jello")])
            elif how == "relabelled":
                relabel(store, log[1].gesture.trace_hash().hex(), "jello")
            else:
                trace = log[1].gesture.trace_hash() if how == "by its trace" else None
                assert store.names.take_back(log[1].gesture.id, trace) == 1
        stood = {one.example.word: one.example.gesture.before for one in store.gestures.all()}
        assert [stood[word] for word in ("hello", "we", "our")] == [
            Before(("see", "#")),
            Before(("#", "hello")),
            Before(("yellow", "we")),
        ]
        if how != "corrected":
            assert len(stood) == (5 if how == "relabelled" else 4)


def test_another_way_to_write_the_same_word_stands_where_it_stood(store: Store) -> None:
    put(store, lines_of(("a", "dont", ""), ("b", "go", "don't")))
    put(store, lines_of(("a", "Don’t", "")))
    assert [one.example.gesture.before for one in store.gestures.all()] == [Before(), Before(("don't",))]


FORMS = ["hello", "Hello", "world", "don't", "Don’t", "Will", "will", "thing"]
UTTERED = st.lists(
    st.builds(Uttered, st.sampled_from(["i", "we i", "they i"]), st.sampled_from(FORMS), st.floats(0, 1000)),
    max_size=12,
)


class Package:
    """A package's model that knows something of any word."""

    def gain(self, before: Before, words: Sequence[str], ln_frequencies: np.ndarray) -> np.ndarray:
        chances = np.arange(1.0, 1 + len(words))
        return np.log(chances / chances.sum()) - ln_frequencies


@given(UTTERED, st.sampled_from(["i", "we i"]), st.sampled_from([None, Package()]))
def test_what_is_mixed_with_a_distribution_is_one(uttered: list[Uttered], text: str, package: Context | None) -> None:
    ln_frequencies = np.log(np.full(len(FORMS), 1 / len(FORMS)))
    before = before_in(text)
    own = OwnPhrases(lambda follows: uttered if follows == "i" else [], package)
    gains = own.gain(before, FORMS, ln_frequencies)
    assert math.isclose(np.exp(ln_frequencies + gains).sum(), 1.0)
    known = package.gain(before, FORMS, ln_frequencies) if package else np.zeros(len(FORMS))
    elsewhere = own.gain(before_in("they said"), FORMS, ln_frequencies)
    assert np.array_equal(elsewhere, known)
    if not uttered:
        assert np.array_equal(gains, known)


@pytest.mark.parametrize("uses", [1, 3, 100])
@pytest.mark.parametrize("age", [0.0, 40.0, 3_000.0, 32_000.0, 1e300])
@pytest.mark.parametrize("ln_frequency", [0.0, -9.0, -800.0, -10_000.0])
@pytest.mark.parametrize("word", ["well", "Well", "other"])
def test_what_is_mixed_is_a_number_however_old_or_unlikely(
    uses: int, age: float, ln_frequency: float, word: str
) -> None:
    words, ln_frequencies = ["well", "we'll", "WELL"], np.array([-9.0, ln_frequency, ln_frequency])
    for package in (None, Package()):
        own = OwnPhrases(lambda follows: [Uttered("i", word, age)] * uses, package)
        with np.errstate(all="raise", under="ignore"):
            assert np.isfinite(own.gain(before_in("i"), words, ln_frequencies)).all()


def test_nothing_follows_from_what_is_no_word() -> None:
    with fresh_store() as (store, _):
        put(
            store,
            [behind(text, swipe) for text, swipe in zip(["at 5", "5 pm", "room 9 at", "7 8"], SWIPES, strict=False)],
        )
        assert store.phrases.behind("#") == ()
        assert {phrase.before for phrase in store.phrases.all()} == {("pm",), ("at",)}
        own = OwnPhrases(store.phrases.behind, None)
        words, lns = ["hello", SWIPES[1].word], np.full(2, -9.0)
        assert own.gain(before_in("at 6"), words, lns).tolist() == [0.0, 0.0]
        assert own.gain(before_in("6 pm"), words, lns).tolist() == own.gain(before_in("pm"), words, lns).tolist()


def gained(uttered: list[Uttered], text: str, words: list[str]) -> dict[str, float]:
    ln_frequencies = np.full(len(words), -9.0)
    found = OwnPhrases(lambda follows: uttered, None).gain(before_in(text), words, ln_frequencies)
    return dict(zip(words, found.tolist(), strict=True))


def test_a_word_that_was_written_there_gains_and_the_more_the_more_often_the_newer_and_behind_the_same_two() -> None:
    once, old = Uttered("i", "well", 0.0), Uttered("i", "well", 900.0)
    words = ["well", "we'll"]
    assert gained([once], "i", words)["well"] > 0 > gained([once], "i", words)["we'll"]
    assert gained([once, once], "i", words)["well"] > gained([once], "i", words)["well"]
    others = [Uttered("i", "other", 0.0)] * 3
    assert gained([*others, once], "i", words)["well"] > gained([*others, old], "i", words)["well"]
    both = [Uttered("do i", "well", 0.0), Uttered("so i", "we'll", 0.0)]
    assert gained(both, "Do I", words)["well"] > gained(both, "Do I", words)["we'll"]
    assert gained(both, "i", words)["well"] == gained(both, "i", words)["we'll"]


def test_of_forms_of_one_word_that_gains_most_which_was_written_there() -> None:
    german = gained([Uttered("kennen", "Sie", 0.0)] * 3, "kennen", ["sie", "Sie"])
    assert german["Sie"] > 0 > german["sie"]
    first = gained([Uttered("", "Will", 0.0)] * 3, "", ["will", "Will"])
    assert first["Will"] == first["will"] > 0
    curled = gained([Uttered("i", "don’t", 0.0)], "i", ["don't", "dont"])
    assert curled["don't"] > 0 > curled["dont"]


def test_predictions_and_judges_know_them_and_what_leaves_does_not() -> None:
    swipe = replace(SWIPES[0].gesture, before=before_in("we saw"))
    asked = []

    def behind_of(follows: str) -> list[Uttered]:
        asked.append(follows)
        return [Uttered("we saw", "zzz", 0.0)]

    words = Vocabulary(Own(behind=behind_of))
    shared = words.contributing(base_checkpoint()).decode(swipe, 3)
    assert asked == []
    assert shared == Vocabulary().judging(base_checkpoint()).decode(swipe, 3)
    assert words.judging(base_checkpoint()).decode(swipe, 3)
    assert asked == ["saw"]


def test_a_phrase_is_told_with_how_often_and_when_last(path: Path) -> None:
    now = [5.0]
    with Store(path, lambda: now[0]) as store:
        put(store, [behind("Thank you", replace(SWIPES[0], word="Very"))])
        now[0] = 7.0
        put(store, [behind("you", replace(SWIPES[1], word="very"))])
        assert store.phrases.all() == [Phrase(("you",), "very", 2, 7.0), Phrase(("thank", "you"), "Very", 1, 5.0)]


@pytest.mark.parametrize("languages", [("ru",), ("qaa",), ("en",), ("de", "en"), ()])
def test_every_language_has_them(languages: tuple[str, ...]) -> None:
    context = Vocabulary(Own(behind=lambda follows: [Uttered("мы", "дома", 0.0)])).context(languages)
    assert context is not None
    at_home, house = context.gain(before_in("мы"), ["дома", "домам"], np.array([-9.0, -9.0])).tolist()
    assert at_home > 0 > house
