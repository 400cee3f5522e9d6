from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from swipefl.decoder import evaluation
from swipefl.decoder.evaluation import Evaluation, Judgement, Misses, calibration_error, evaluate, evaluate_by, judge
from swipefl.decoder.search import Candidate
from swipefl.errors import TooLittleData, UsageError
from swipefl.gesture.formats.fields import ABSENT, facts_of, group_of, held_out_by
from swipefl.gesture.gesture import Example, Gesture
from tests.support.people import examples

ANSWERS = {
    "hello": (["hello", "jello"], "hello"),
    "world": (["word", "work", "world"], "word"),
    "water": (["a", "b", "c", "d", "water"], "water"),
    "apple": (["a", "b", "c", "d", "e"], "aple"),
}


def _swiped(words: list[str]) -> list[Example]:
    gestures = [example.gesture for example in examples(len(words))]
    return [Example(gesture, word) for gesture, word in zip(gestures, words, strict=True)]


def _decoder(swiped: list[Example]):  # type: ignore[no-untyped-def]
    meant = {example.gesture.id: example.word.lower() for example in swiped}

    def decode(gesture: Gesture, top: int) -> tuple[list[Candidate], str]:
        words, spelling = ANSWERS[meant[gesture.id]]
        return [Candidate(word, word, -float(i), 0.1) for i, word in enumerate(words)], spelling

    return decode


def test_fractions_of_words_among_the_first() -> None:
    swiped = _swiped(["hello", "world", "water", "apple"])
    result = evaluate(_decoder(swiped), swiped, lambda example: True)
    assert (result.examples, result.in_lexicon) == (4, 1.0)
    assert (result.top1, result.top3, result.top5, result.greedy) == (0.25, 0.5, 0.75, 0.5)
    assert 0 <= result.ms_p50 <= result.ms_p99


def test_a_word_outside_the_lexicon_counts_as_wrong() -> None:
    swiped = _swiped(["hello", "hello"])
    result = evaluate(_decoder(swiped), iter(swiped), lambda example: False)
    assert (result.in_lexicon, result.top1, result.top5, result.greedy) == (0, 0, 0, 1)


def test_words_are_compared_as_they_are_spelled() -> None:
    swiped = _swiped(["HELLO"])
    assert evaluate(_decoder(swiped), swiped, lambda example: True).top1 == 1


def test_the_worst_keys_and_words() -> None:
    swiped = _swiped(["apple"] * 5 + ["hello"])
    result = evaluate(_decoder(swiped), swiped, lambda example: True)
    assert result.worst_keys == (Misses("p", 5, 10),)
    assert result.worst_words == (Misses("apple", 5, 5),)


def test_no_examples_is_too_little_data() -> None:
    with pytest.raises(TooLittleData, match="no examples"):
        evaluate(_decoder([]), [], lambda example: True)


def test_a_model_is_better_by_top_1_first_and_by_probability_where_that_is_equal() -> None:
    worse = Judgement(0.5, -1.0)
    assert Judgement(0.6, -9.0).betters(worse)
    assert Judgement(0.5, -0.9).betters(worse)
    assert not Judgement(0.4, 0.0).betters(worse)
    assert not worse.betters(worse)


def test_a_judgement_that_is_no_number_is_the_worst_there_is() -> None:
    nothing, least = Judgement(0.5, float("nan")), Judgement(0.5, -99.0)
    assert least.betters(nothing)
    assert not nothing.betters(least)
    assert not nothing.betters(nothing)


def test_a_judgement_is_blind_where_no_word_was_found() -> None:
    swiped = _swiped(["apple"] * 7)
    assert judge(Fixed("hello", "world"), swiped).is_blind  # type: ignore[arg-type]
    assert not judge(Fixed("hello", "world"), [*swiped, *_swiped(["world"])]).is_blind  # type: ignore[arg-type]
    assert Judgement(0.0, float("nan")).is_blind


def test_a_word_whose_probability_is_no_number_was_not_found() -> None:
    class Confused:
        def decode(self, gesture: Gesture, most: int) -> list[Candidate]:
            return [Candidate("hello", "hello", float("nan"), float("nan")), Candidate("world", "world", 1.0, 0.5)]

    judged = judge(Confused(), _swiped(["hello", "world"]))  # type: ignore[arg-type]
    assert judged == Judgement(0.5, pytest.approx((np.log(1e-6) + np.log(0.5)) / 2))


class Fixed:
    """A decoder that answers with the same words, each half as probable as the one before, and notes how many."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.asked: set[int] = set()

    def decode(self, gesture: Gesture, most: int) -> list[Candidate]:
        self.asked.add(most)
        return [Candidate(word, word, -float(i), 0.5 ** (i + 1)) for i, word in enumerate(self.words)]


def test_a_judgement_is_of_the_words_that_were_meant() -> None:
    """One that is not among twenty candidates counts as if it had a probability of one in a million."""
    decoder = Fixed("hello", "world")
    judged = judge(decoder, _swiped(["hello", "WORLD", "apple"]))  # type: ignore[arg-type]
    assert judged.top1 == 1 / 3
    assert judged.ln_probability == pytest.approx((np.log(0.5) + np.log(0.25) + np.log(1e-6)) / 3)
    assert decoder.asked == {20}
    with pytest.raises(TooLittleData):
        judge(decoder, [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sure", "right", "error"),
    [
        ([1.0, 1.0], [True, True], 0.0),
        ([1.0, 1.0], [True, False], 0.5),
        ([0.9, 0.9, 0.1], [True, False, False], 0.3),
        ([0.4, 0.6], [True, False], 0.6),
        ([0.0, 1.0], [False, True], 0.0),
        ([0.05, 0.05], [False, True], 0.45),
        ([0.95, 1.0], [True, False], 0.475),  # of one bin, whose upper end is in it
    ],
)
def test_calibration_is_off_by_what_was_right_less_or_more_often_than_said(
    sure: list[float], right: list[bool], error: float
) -> None:
    assert calibration_error(np.array(sure), np.array(right)) == pytest.approx(error)


def test_times_are_those_of_decoding_alone_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 0.010, 5.0, 5.030, 9.0, 9.020])
    monkeypatch.setattr(evaluation.time, "perf_counter", lambda: next(seconds))
    swiped = _swiped(["hello", "world", "water"])
    result = evaluate(_decoder(swiped), swiped, lambda example: True)
    assert result.ms_p50 == pytest.approx(20.0)
    assert result.ms_p99 == pytest.approx(29.8)


def test_the_worst_come_first_and_are_ten_at_most() -> None:
    """Words by how often they were missed, then by what share that is, then by spelling; keys seen often by share."""
    words = [*"abcdefghijkl", "j", "k", "k"]

    def decode(gesture: Gesture, top: int) -> tuple[list[Candidate], str]:
        return [], "a"

    result = evaluate(decode, _swiped(words), lambda example: True)
    assert result.worst_words[:3] == (Misses("k", 3, 3), Misses("j", 2, 2), Misses("a", 1, 1))
    assert [word.what for word in result.worst_words] == [*"kjabcdefgh"]
    assert [key.what for key in result.worst_keys] == [*"bcdefghijk"], "none of them was seen five times"
    assert (result.greedy, result.ece) == (1 / 15, 0.0)
    often = evaluate(decode, _swiped(["b", *"ccccc", *["ad"] * 6]), lambda example: True)
    assert often.worst_keys == (Misses("c", 5, 5), Misses("d", 6, 6), Misses("b", 1, 1))


def test_letters_are_missed_that_the_best_alignment_of_the_spelling_lacks() -> None:
    swiped = _swiped(["keyboard"])
    result = evaluate(lambda gesture, top: ([], "keboarrd"), swiped, lambda example: True)
    assert result.worst_keys == (Misses("y", 1, 1),)


def test_the_first_so_many_are_so_many_and_no_more() -> None:
    """A word in the second, fourth or sixth place is not among the first, three, five."""
    places = {"second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5}
    words = list(places)
    meant = {example.gesture.id: example.word for example in _swiped(words)}

    def decode(gesture: Gesture, top: int) -> tuple[list[Candidate], str]:
        before = [Candidate(letter, letter, 0.0, 0.1) for letter in "abcde"[: places[meant[gesture.id]]]]
        return [*before, Candidate(meant[gesture.id], meant[gesture.id], -1.0, 0.1)], ""

    result = evaluate(decode, _swiped(words), lambda example: True)
    assert (result.top1, result.top3, result.top5) == (0, 0.4, 0.8)
    assert result.ece == pytest.approx(0.1), "the first words' probabilities, of which none was right"


def test_of_words_missed_as_often_the_one_that_was_seen_less_is_worse() -> None:
    spellings = {example.gesture.id: example.word for example in _swiped([*"bbbbaa"])}
    answers = iter([[Candidate("b", "b", 0.0, 0.8)], [Candidate("b", "b", 0.0, 0.8)]])  # right twice, then never

    def decode(gesture: Gesture, top: int) -> tuple[list[Candidate], str]:
        return next(answers, [Candidate("c", "c", 0.0, 0.2)]), spellings[gesture.id]

    result = evaluate(decode, _swiped([*"bbbbaa"]), lambda example: True)
    assert result.worst_words == (Misses("a", 2, 2), Misses("b", 2, 4))


def test_calibration_is_that_of_the_first_words() -> None:
    def decode(gesture: Gesture, top: int) -> tuple[list[Candidate], str]:
        return [Candidate("hello", "hello", 0.0, 0.75), Candidate("jello", "jello", -1.0, 0.25)], ""

    assert evaluate(decode, _swiped(["hello"]), lambda example: True).ece == pytest.approx(0.25)
    assert evaluate(decode, _swiped(["jello"]), lambda example: True).ece == pytest.approx(0.75)


FORMS = (("it's", "its", 0.4), ("its", "its", 0.2), ("is", "is", 0.3), ("Don't", "dont", 0.1), ("dont", "dont", 0.0))


def _of_forms(gesture: Gesture, top: int) -> tuple[list[Candidate], str]:
    return [Candidate(word, spelled, 0.0, probability) for word, spelled, probability in FORMS], ""


def _evaluated(word: str) -> Evaluation:
    return evaluate(_of_forms, _swiped([word]), lambda example: True)


def test_candidates_of_one_spelling_are_one() -> None:
    tops = {word: (r.top1, r.top3) for word in ("its", "is", "Don't", "don't") for r in [_evaluated(word)]}
    assert tops == {"its": (1, 1), "is": (0, 1), "Don't": (0, 1), "don't": (0, 1)}


def test_a_spelling_is_as_likely_as_all_its_forms_together() -> None:
    assert _evaluated("its").ece == pytest.approx(0.4)
    assert _evaluated("is").ece == pytest.approx(0.6)

    class Forms:
        def decode(self, gesture: Gesture, most: int) -> list[Candidate]:
            return _of_forms(gesture, most)[0]

    judged = judge(Forms(), _swiped(["it's", "is"]))  # type: ignore[arg-type]
    assert judged == Judgement(0.5, pytest.approx((np.log(0.6) + np.log(0.3)) / 2))
    assert (judged.hits, judged.lns) == ((True, False), pytest.approx((np.log(0.6), np.log(0.3))))


def test_an_example_is_looked_at_once_whatever_it_counts_for(monkeypatch: pytest.MonkeyPatch) -> None:
    swiped, asked, aligned = _swiped(["hello", "apple", "water"]), list[str](), list[str]()
    align = evaluation.SequenceMatcher

    def known(example: Example) -> bool:
        asked.append(example.word)
        return True

    def matcher(junk: None, word: str, spelling: str, autojunk: bool) -> Any:
        aligned.append(word)
        return align(junk, word, spelling, autojunk=autojunk)

    monkeypatch.setattr(evaluation, "SequenceMatcher", matcher)
    plain = evaluate(_decoder(swiped), swiped, known)
    grouped, groups = evaluate_by(_decoder(swiped), zip(swiped, "aab", strict=True), known)
    assert asked == 2 * ["hello", "apple", "water"]
    assert aligned == 2 * ["apple"]  # the others are spelled right
    assert replace(plain, ms_p50=0.0, ms_p99=0.0) == replace(grouped, ms_p50=0.0, ms_p99=0.0)
    assert sum(group.examples for group in groups.values()) == plain.examples


@pytest.mark.parametrize(
    ("words", "written", "of"),
    [
        (["its", "is"], None, 0),  # labels that are no more than letters say nothing of how they are written
        (["it's"], 1.0, 1),
        (["it's", "It's", "its"], 0.5, 2),
        (["Don't"], 0.0, 1),
    ],
)
def test_written_forms_are_right_where_they_are_those_of_labels(
    words: list[str], written: float | None, of: int
) -> None:
    result = evaluate(_of_forms, _swiped(words), lambda example: True)
    assert (result.written, result.written_examples) == (written, of)


def test_groups_have_the_scores_of_their_examples_alone() -> None:
    swiped = _swiped(["hello", "world", "water", "apple", "hello"])
    names = ["b", "a", "a", ABSENT, "b"]
    everything, groups = evaluate_by(_decoder(swiped), zip(swiped, names, strict=True), lambda example: True)
    assert list(groups) == sorted(set(names))
    assert sum(group.examples for group in groups.values()) == everything.examples == 5
    for name in groups:
        alone = evaluate(_decoder(swiped), [e for e, n in zip(swiped, names, strict=True) if n == name], lambda e: True)
        assert replace(groups[name], ms_p50=0, ms_p99=0) == replace(alone, ms_p50=0, ms_p99=0)


def test_there_are_not_more_groups_than_anybody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "MOST_GROUPS", 3)
    swiped = _swiped(["hello"] * 4)
    grouped = list(zip(swiped, "abca", strict=True))
    assert len(evaluate_by(_decoder(swiped), grouped, lambda example: True)[1]) == 3
    with pytest.raises(UsageError, match="more than 3 groups") as raised:
        evaluate_by(_decoder(swiped), zip(swiped, "abcd", strict=True), lambda example: True)
    assert raised.value.code == "many-groups"


@pytest.mark.parametrize(
    ("fields", "group"),
    [
        ({"text": "sentence"}, "sentence"),
        ({"text": ""}, ""),
        ({"text": 3}, "3"),
        ({"text": 3.0}, "3"),
        ({"text": 0.25}, "0.25"),
        ({"text": True}, "true"),
        ({"text": False}, "false"),
        ({"text": None}, ABSENT),
        ({"other": "x"}, ABSENT),
        ({"text": ["de", "en"]}, "de,en"),
        ({"text": []}, ABSENT),
        ({"text": {"name": "mine", "keys": []}}, "mine"),
        ({"text": "x" * 10_000}, "x" * 200),
    ],
)
def test_a_group_is_what_a_field_says(fields: dict[str, Any], group: str) -> None:
    assert group_of(fields, "text") == group


@pytest.mark.parametrize("value", [[{"x": 1}], [1, 2], {"name": {}}, {"name": [1]}])
def test_nothing_is_grouped_by_what_is_no_single_value(value: Any) -> None:
    with pytest.raises(UsageError, match="field 'coords'") as raised:
        group_of({"coords": value}, "coords")
    assert raised.value.code == "no-group"


def test_stored_swipes_are_grouped_by_what_is_known_of_all() -> None:
    swiped = _swiped(["hello", "world"])
    assert [group for _, group in held_out_by(swiped, "keyboard")] == ["qwerty", "qwerty"]
    assert [group for _, group in held_out_by(swiped, "language")] == ["en", "en"]
    assert [group for _, group in held_out_by(swiped, "user")] == [ABSENT, ABSENT]
    for field in facts_of(swiped[0]):
        list(held_out_by(swiped, field))
    with pytest.raises(UsageError, match="user"):
        list(held_out_by(swiped, "text"))
