"""The package's models of words in order: their file, and what they say."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.context.packing import model_of
from examples.context.pruning import restricted
from examples.context.source import END, START, NGrams
from swipefl.decoder.ngrams import (
    LEAST_AT_START,
    STEP,
    TRUST_IN_STRANGERS,
    TRUST_IN_TRIPLES,
    NGramModel,
    packed,
    shipped_context,
    unpacked,
)
from swipefl.errors import CheckpointError
from swipefl.gesture.before import Before, before_in
from tests.support.command import ROOT
from tests.support.ngrams import Slow, models, slow

FILE = ROOT / "swipefl" / "decoder" / "contexts" / "en.bin"
MOST_BYTES = 2_000_000  # in a wheel


def typed(model: NGrams) -> NGrams:
    """Without the end of a sentence."""
    return restricted(model, np.array([word not in (START, END) for word in model.words]))


def gains(model: NGramModel, before: Before, words: list[str]) -> np.ndarray:
    return model.gain(before, words, np.zeros(len(words)))


@given(models())
def test_gains_are_those_of_the_model_looked_up_word_by_word(model: NGrams) -> None:
    model = typed(model)
    quick, exact = unpacked(packed(model_of(model))), slow(model)
    used = {model.words[number] for number in (*model.first.tolist(), *model.second.tolist())}
    words = [word for word in model.words if word in used - {START}]
    for before in ((), *((v,) for v in used - {START}), *((u, v) for u in used - {START} for v in used - {START})):
        known = (START, *before)[-2:]
        expected = [trusted(exact, known, word) for word in words]
        rounded = 0.5 * STEP * (TRUST_IN_TRIPLES * 2 if len(known) == 2 else 1) + 1e-9
        assert np.allclose(gains(quick, Before(before), words), expected, rtol=0, atol=rounded)


def trusted(model: Slow, known: tuple[str, ...], word: str) -> float:
    """What a word gains, as far as the model is trusted."""
    gain = model.ln(known, word) - model.p1[word]
    if len(known) == 1:
        return max(gain, LEAST_AT_START)
    if (*known, word) in model.p3:
        return gain * TRUST_IN_TRIPLES
    return gain if known in model.p2 else gain * TRUST_IN_STRANGERS


@given(models())
def test_a_file_is_read_as_it_was_written(model: NGrams) -> None:
    written = model_of(typed(model))
    read = unpacked(packed(written))
    for name in written.__dataclass_fields__:
        assert np.array_equal(getattr(written, name), getattr(read, name)), name


@given(models(), st.data())
def test_what_is_damaged_is_said_to_be(model: NGrams, data: st.DataObject) -> None:
    content = packed(model_of(typed(model)))
    at = data.draw(st.integers(0, len(content) - 1))
    damaged = data.draw(
        st.sampled_from(
            (content[:at], content[:at] + bytes([content[at] ^ 64]) + content[at + 1 :], content + b"\0", b"")
        )
    )
    with pytest.raises(CheckpointError):
        unpacked(damaged)


SHIPPED = shipped_context(("en",))


def said(text: str, *words: str) -> list[float]:
    assert SHIPPED is not None
    return SHIPPED.gain(before_in(text), words, np.zeros(len(words))).tolist()


@pytest.mark.parametrize(
    ("text", "likely", "unlikely"),
    [
        ("thank", "you", "your thanks"),
        ("I am looking", "forward for at", "fur of"),
        ("how are", "you things they", "of thus"),
        ("we are going", "to on", "too in"),
        ("Let me", "know see go", "no now"),
        ("", "I thanks please it'll", "of than"),
        ("It was nice. ", "I thanks please it'll", "of than"),
        ("i don't", "know", "now hoe"),
        ("I don’t", "know", "now hoe"),
        ("i dont", "know", "now hoe"),
        ("im", "going", "gone of"),
        ("at the end of", "the", "thee"),
        ("# the", "same", "of"),
    ],
)
def test_what_follows_gains(text: str, likely: str, unlikely: str) -> None:
    """A table of what people go on with and of what they do not."""
    assert min(said(text, *likely.split())) > 0 > max(said(text, *unlikely.split()))


@pytest.mark.parametrize(
    ("one", "other"),
    [("don't", "don’t"), ("don't", "DON'T"), ("I'm", "i'm"), ("monday", "Monday"), ("don't", "dont")],
)
def test_forms_of_one_word_gain_alike(one: str, other: str) -> None:
    for text in ("", "I", "we are", "on"):
        assert said(text, one) == said(text, other)
    assert said(f"i {one}", "know") == said(f"i {other}", "know")


def test_its_and_it_is_are_two_words() -> None:
    its, it_is = said("it has lost", "its", "it's")
    assert its > it_is
    assert said("its", "own") > said("it's", "own")


@pytest.mark.parametrize("text", ["#", "zxqwv", "call 0176 5551234", "so happy 😀", "привет", "der Straße"])
def test_what_is_not_known_says_nothing(text: str) -> None:
    assert said(text, "the", "a", "zxqwv") == [0, 0, 0]


def test_an_unknown_word_gains_what_one_does_that_was_never_met_there() -> None:
    for text in ("of", "one of", "thank you for", "# the", "looking forward to"):
        unknown, rare = said(text, "zxqwv", "vichyssoise")
        assert unknown == rare < 0


def test_an_unknown_word_before_the_last_is_a_stranger() -> None:
    assert said("zxqwv the", "same") == said("# the", "same")
    assert 0 < said("# the", "same")[0] < said("at the", "same")[0]


def test_no_words_gain_nothing() -> None:
    assert said("one of") == []


def test_the_file_is_small_enough() -> None:
    """As a wheel packs it."""
    assert len(zlib.compress(FILE.read_bytes(), 6)) <= MOST_BYTES


@pytest.mark.parametrize(
    ("languages", "known"),
    [(("en",), True), (("en-us",), True), (("de", "en"), True), (("de",), False), (("ru", "tr"), False), ((), False)],
)
def test_a_model_is_that_of_the_first_language_that_has_one(languages: tuple[str, ...], known: bool) -> None:
    assert (shipped_context(languages) is not None) == known
