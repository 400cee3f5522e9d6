import pytest

from swipefl.decoder.evaluation import Misses, evaluate
from swipefl.decoder.search import Candidate
from swipefl.errors import TooLittleData
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

    def decode(gesture: Gesture) -> tuple[list[Candidate], str]:
        words, spelling = ANSWERS[meant[gesture.id]]
        return [Candidate(word, -float(i), 0.1) for i, word in enumerate(words)], spelling

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


def test_words_are_compared_folded() -> None:
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
