import itertools
import math
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import ScoreWeights
from swipefl.decoder.context import Told
from swipefl.decoder.ctc import MOST_TOGETHER, condensed, ctc_log_likelihoods, greedy, probabilities
from swipefl.decoder.lexicon import Lexicon, load_lexicon, merged
from swipefl.decoder.picking import best
from swipefl.decoder.search import COMPARED, Candidate, score, search
from swipefl.decoder.template import path_of
from swipefl.decoder.word_index import SET, words_of
from swipefl.decoder.word_list import list_of, packed, unpacked
from swipefl.gesture.features import Floats, frames_of_points
from swipefl.gesture.keyboard import built_in
from tests.support.vocabularies import prior_of

WEIGHTS = ScoreWeights(1.5, 2.0)
QWERTY = built_in("qwerty")


def listing(frequencies: Mapping[str, float], language: str = "en") -> Lexicon:
    return Lexicon((language,), (unpacked(packed(frequencies)),))


FORMS = ("well", "we'll", "Well", "will", "Will", "wall", "weld", "wel", "ball")


def written(frequencies: Mapping[str, float]) -> Lexicon:
    return Lexicon(("en",), (list_of({word: math.log(value) for word, value in frequencies.items()}),))


def log_softmax(logits: np.ndarray) -> Floats:
    top = logits - logits.max(1, keepdims=True)
    return np.asarray(top - np.log(np.exp(top).sum(1, keepdims=True)), np.float32)


def spelled(path: tuple[int, ...]) -> tuple[int, ...]:
    """CTC's collapse: repeats merged, then blanks dropped."""
    return tuple(code for code, _ in itertools.groupby(path) if code)


def posterior(word: str, rng: np.random.Generator, noise: float = 2.0) -> Floats:
    """What an encoder may say of a straight swipe through the word's keys: keys by distance, blanks between."""
    layout = QWERTY.layout(QWERTY.width, QWERTY.height)
    stops = np.array([layout.centres[layout.letters.index(letter)] for letter in word])
    at = np.linspace(0, len(word) - 1, max(8, 5 * len(word)))
    path = np.stack([np.interp(at, np.arange(len(word)), stops[:, axis]) for axis in (0, 1)], axis=1)
    away = path + rng.normal(0, 0.2, path.shape)
    squares = ((away[:, None] - layout.centres) ** 2).sum(2)
    logits = np.concatenate((np.full((len(at), 1), 1.0), 2.0 - 2 * squares), axis=1)
    on_a_letter = np.abs(at - at.round()) < 0.15
    logits[~on_a_letter, 0] += 3
    return log_softmax(logits + rng.normal(0, noise / 4, logits.shape))


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_ctc_scores_are_the_sum_over_all_alignments(frames: int, letters: int, seed: int) -> None:
    log_probs = log_softmax(np.random.default_rng(seed).normal(0, 3, (frames, 1 + letters)))
    sums: defaultdict[tuple[int, ...], float] = defaultdict(float)
    for path in itertools.product(range(1 + letters), repeat=frames):
        sums[spelled(path)] += math.exp(sum(float(log_probs[t, code]) for t, code in enumerate(path)))
    words = [w for n in range(1, 5) for w in itertools.product(range(1, 1 + letters), repeat=n)]
    expected = [math.log(sums[word]) if word in sums else -math.inf for word in words]
    assert ctc_log_likelihoods(log_probs, words) == pytest.approx(expected, abs=1e-5)


def test_equal_neighbours_need_a_frame_between() -> None:
    log_probs = log_softmax(np.zeros((2, 3)))
    scores = ctc_log_likelihoods(log_probs, [(1, 2), (1, 1), (1, 2, 1)])
    assert scores[0] == pytest.approx(math.log(1 / 9))
    assert scores[1:].tolist() == [-math.inf, -math.inf]


@given(st.integers(1, 40), st.floats(2, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_fewer_frames_say_the_same_of_words_that_they_have_room_for(frames: int, blank: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1, (frames, 6))
    logits[:, 0] += blank
    for place, code in zip(range(0, frames, 8), (1, 2, 3, 3, 4), strict=False):
        logits[place, code] += blank + 6
    log_probs = log_softmax(logits)
    probs = probabilities(log_probs)
    fewer = condensed(probs)
    assert frames / MOST_TOGETHER <= len(fewer) <= frames
    shown = [code for place, code in zip(range(0, frames, 8), (1, 2, 3, 3, 4), strict=False)]
    exact = ctc_log_likelihoods(log_probs, [shown])
    assert ctc_log_likelihoods(np.log(fewer).astype(np.float32), [shown]) == pytest.approx(exact, abs=0.02 * frames)


def test_frames_that_may_be_letters_stay_as_they_are() -> None:
    probs = probabilities(log_softmax(np.random.default_rng(0).normal(0, 1, (30, 5))))
    assert np.array_equal(condensed(probs), probs)


@given(st.lists(st.text(st.sampled_from([chr(0x4E00 + n) for n in range(100)]), min_size=1, max_size=9), min_size=1))
def test_each_word_has_a_set_of_its_codes(texts: list[str]) -> None:
    words = words_of(texts)
    expected = [{0} | {(1 + words.alphabet.index(character)) % SET for character in text} for text in texts]
    for _ in range(2):  # found out, then known
        rows = np.arange(len(texts))[::-1]
        bits = [{bit for bit in range(SET) if one >> bit & 1} for one in words.sets(rows).tolist()]
        assert bits == expected[::-1]


def test_long_gestures_stay_in_range() -> None:
    rng = np.random.default_rng(0)
    log_probs = log_softmax(rng.normal(0, 30, (256, 27)))
    assert np.isfinite(ctc_log_likelihoods(log_probs, [(1, 2, 3), tuple(range(1, 20))])).all()


@pytest.mark.parametrize("alpha", [0.8, 1.5])
def test_the_best_word_of_all_is_found(alpha: float) -> None:
    rng = np.random.default_rng(1)
    lexicon = load_lexicon("en").truncated(20_000)
    index = lexicon.index(QWERTY.letters)
    weights = ScoreWeights(alpha, 2.0)
    (table,) = index.tables
    spellings = table.spelled.text()
    place = {word: number for number, word in enumerate(dict.fromkeys(spellings))}
    of = np.array([place[word] for word in spellings])
    together, alone = np.full(len(place), -np.inf), table.ln_frequencies.astype(np.float64)
    np.logaddexp.at(together, of, alone)
    words = [[1 + QWERTY.letters.index(letter) for letter in word] for word in place]
    priors = alpha * together + 2.0 * np.array([len(word) for word in place])
    found = 0
    meant = [spellings[int(i)] for i in rng.integers(len(spellings), size=15)]
    for word in meant:
        log_probs = posterior(word, rng)
        scores = (ctc_log_likelihoods(log_probs, words) + priors)[of] + alone - together[of]
        best = int(scores.argmax())
        first = search(log_probs, index, weights, 1)[0]
        found += first.word == table.written.text(np.array([best]))[0]
        assert first.score <= scores[best] + 1e-4
    assert found == len(meant)


def test_meant_words_come_first_in_both_languages() -> None:
    rng = np.random.default_rng(2)
    index = load_lexicon("en").index(QWERTY.letters)
    words = ["hello", "because", "little", "keyboard", "a", "people", "information"]
    first = [search(posterior(word, rng), index, WEIGHTS, 3)[0].word for word in words]
    assert sum(a == b for a, b in zip(first, words, strict=True)) >= len(words) - 1
    letters = built_in("jcuken").letters
    logits = np.zeros((12, 1 + len(letters)))
    for t, letter in enumerate("ппррииввеетт"):
        logits[t, 1 + letters.index(letter)] = 9
    log_probs = log_softmax(logits)
    assert search(log_probs, load_lexicon("ru").index(letters), WEIGHTS, 1)[0].word == "привет"
    assert greedy(log_probs, letters) == "привет"


def test_personal_words_are_found_at_once() -> None:
    rng = np.random.default_rng(3)
    lexicon = load_lexicon("en")
    log_probs = posterior("ouyangxi", rng, noise=0.5)
    assert "ouyangxi" not in [c.word for c in search(log_probs, lexicon.index(QWERTY.letters), WEIGHTS, 5)]
    more = lexicon.with_words({"ouyangxi": -12.0})
    assert search(log_probs, more.index(QWERTY.letters), WEIGHTS, 5)[0].word == "ouyangxi"


def test_a_thousand_personal_words_crowd_nobody_out() -> None:
    rng = np.random.default_rng(4)
    lexicon = load_lexicon("en")
    random_words = ("".join(rng.choice(list(QWERTY.letters), 7)) for _ in range(1_000))
    more = lexicon.with_words({**dict.fromkeys(random_words, -12.0), "ouyangxi": -12.0})
    index = more.index(QWERTY.letters)
    assert len(index.tables[1]) == 1_001
    for word in ("because", "ouyangxi"):
        assert search(posterior(word, rng, noise=0.5), index, WEIGHTS, 5)[0].word == word


def test_a_word_that_is_listed_and_personal_is_one_candidate() -> None:
    rng = np.random.default_rng(5)
    lexicon = load_lexicon("en")
    log_probs = posterior("because", rng)
    plain = search(log_probs, lexicon.index(QWERTY.letters), WEIGHTS, 1)[0]
    more = lexicon.with_words({"because": -1.0})
    candidates = search(log_probs, more.index(QWERTY.letters), WEIGHTS, 1_000)
    assert [c.word for c in candidates].count("because") == 1
    assert candidates[0].word == plain.word == "because"
    assert candidates[0].score > plain.score


def test_candidates_are_ordered_and_their_probabilities_are_a_softmax() -> None:
    index = load_lexicon("en").index(QWERTY.letters)
    candidates = search(posterior("world", np.random.default_rng(6)), index, WEIGHTS, 10_000)
    scores = np.array([c.score for c in candidates])
    assert (np.diff(scores) <= 0).all()
    assert len({c.spelled for c in candidates}) <= COMPARED < len(candidates)
    expected = np.exp(scores - scores[0]) / np.exp(scores - scores[0]).sum()
    assert [c.probability for c in candidates] == pytest.approx(expected)
    assert search(posterior("world", np.random.default_rng(6)), index, WEIGHTS, 2) == candidates[:2]


def test_temperature_scales_the_likelihood_only() -> None:
    index = listing({"ab": 0.1}).index("ab")
    log_probs = log_softmax(np.random.default_rng(7).normal(0, 1, (4, 3)))
    (candidate,) = search(log_probs, index, ScoreWeights(0.5, 2.0, 0.7), 5)
    expected = 0.7 * ctc_log_likelihoods(log_probs, [(1, 2)])[0] + 0.5 * math.log(0.1) + 4
    assert candidate == Candidate("ab", "ab", candidate.score, 1.0)
    assert candidate.score == pytest.approx(expected, abs=1e-5)


def test_nothing_to_find_is_no_candidate() -> None:
    log_probs = log_softmax(np.zeros((1, 3)))
    assert search(log_probs, listing({}).index("ab"), WEIGHTS, 5) == []
    too_long = listing({"ab": 0.1})
    assert search(log_probs, too_long.index("ab"), WEIGHTS, 5) == []


def test_the_greedy_spelling_merges_repeats_and_keeps_doubles() -> None:
    codes = [0, 1, 1, 0, 2, 2, 0, 2, 0, 0]
    log_probs = log_softmax(np.eye(3)[codes] * 5)
    assert greedy(log_probs, "ab") == "abb"


@pytest.mark.parametrize("letters", [65, 300])
def test_alphabets_of_any_size(letters: int) -> None:
    alphabet = "".join(map(chr, range(0x4E00, 0x4E00 + letters)))
    word = alphabet[0] + alphabet[64] + alphabet[-1] + alphabet[3]
    index = listing({}).with_words({word: -5.0, alphabet[1] * 2: -5.0}).index(alphabet)
    logits = np.zeros((8, 1 + letters))
    for t, letter in enumerate(word):
        logits[2 * t, 1 + alphabet.index(letter)] = logits[2 * t + 1, 0] = 12
    assert search(log_softmax(logits), index, WEIGHTS, 5)[0].word == word


def test_a_prior_stands_in_for_the_frequency_of_its_words_alone() -> None:
    rng = np.random.default_rng(8)
    lexicon = load_lexicon("en")
    log_probs = posterior("because", rng)
    plain = search(log_probs, lexicon.index(QWERTY.letters), WEIGHTS, 20)
    unlikely = prior_of({"because": -30.0, "ouyangxi": -12.0}).index(lexicon, QWERTY.letters)
    found = search(log_probs, unlikely, WEIGHTS, 20)
    assert plain[0].word == "because"
    assert found[0].word == plain[1].word
    assert "ouyangxi" in [c.word for c in search(posterior("ouyangxi", rng), unlikely, WEIGHTS, 1)]
    others = {c.word: c.score for c in plain if c.word != "because"}
    assert all(c.score == pytest.approx(others[c.word]) for c in found if c.word in others)


def test_a_prior_replaces_personal_words_too() -> None:
    own = load_lexicon("en").with_words({"ouyangxi": -3.0})
    index = prior_of({"ouyangxi": -12.0}).index(own, QWERTY.letters)
    (only,) = (
        c for c in search(posterior("ouyangxi", np.random.default_rng(9)), index, WEIGHTS, 100) if c.word == "ouyangxi"
    )
    listed = load_lexicon("en").with_words({"ouyangxi": -12.0})
    again = search(posterior("ouyangxi", np.random.default_rng(9)), listed.index(QWERTY.letters), WEIGHTS, 100)
    assert only.score == pytest.approx(next(c.score for c in again if c.word == "ouyangxi"))


def test_what_stands_before_says_nothing_more_of_words_that_have_a_prior() -> None:
    """They have it in place of their frequency and of their context; the other words have both of these."""
    log_probs, lexicon = posterior("its", np.random.default_rng(11), noise=2.0), load_lexicon("en")
    index = prior_of({"its": -6.0, "IT": -9.0}).index(lexicon, QWERTY.letters)
    told = Told(lambda words, ln_frequencies: np.full(len(words), 2.0), first=False)
    plain, after = (search(log_probs, index, WEIGHTS, 100, told=what) for what in (None, told))
    scores, both = ({c.word: c.score for c in found} for found in (plain, after))
    contexts = {c.word: c.parts["context"] for c in after}
    assert (contexts["it"], both["it"]) == (pytest.approx(0), pytest.approx(scores["it"]))
    others = [c.word for c in after if c.spelled not in ("its", "it")]
    assert [both[word] - scores[word] for word in others] == pytest.approx([2 * WEIGHTS.context] * len(others))
    shared = scores["it's"] - scores["its"]  # of one spelling, by frequency and by context
    assert both["it's"] - both["its"] == pytest.approx(shared + 2)


def test_a_prior_that_says_what_the_lexicon_says_changes_nothing() -> None:
    """Over all words, and a constant lower or higher no ranking: nobody loses a place to a word's listed copy."""
    lexicon = load_lexicon("en").truncated(30_000)
    words, ln_frequencies = lexicon.words, lexicon.ln_frequencies.tolist()
    for word in ("because", "no", "keyboards"):
        log_probs = posterior(word, np.random.default_rng(10), noise=3.0)
        plain = search(log_probs, lexicon.index(QWERTY.letters), WEIGHTS, 100)
        for shift in (0.0, -15.0):
            prior = {word: value + shift for word, value in zip(words, ln_frequencies, strict=True)}
            found = search(log_probs, prior_of(prior).index(lexicon, QWERTY.letters), WEIGHTS, 100)
            assert [c.word for c in found] == [c.word for c in plain]
            assert [c.probability for c in found] == pytest.approx([c.probability for c in plain], rel=1e-4)


def test_as_many_candidates_as_were_asked_for() -> None:
    index = load_lexicon("en").index(QWERTY.letters)
    assert len(search(posterior("because", np.random.default_rng(11)), index, WEIGHTS, 100)) == 100


@pytest.mark.parametrize("words", [{}, {"a": -3.0}, {"aaaa": -3.0, "a": -4.0}, {"q" * 60: -2.0}])
@pytest.mark.parametrize("still", [True, False])
def test_any_path_over_any_lexicon_has_an_answer(words: dict[str, float], still: bool) -> None:
    """No words, one letter, one key again and again, a word longer than the gesture; a tap and a swipe."""
    layout = QWERTY.layout(QWERTY.width, QWERTY.height)
    at = np.zeros(12) if still else np.linspace(0, 3, 12)
    points = np.stack((0.5 + at, np.full(12, 0.8), np.arange(12) / 60), axis=1).astype(np.float32)
    frames = frames_of_points(points, layout)
    log_probs = log_softmax(np.random.default_rng(12).normal(0, 2, (len(frames.features), 27)))
    index = listing({}).with_words(words).index(QWERTY.letters)
    weights = ScoreWeights(0.8, 1.0, 0.3, 1.0, 5.0, 0.2, 0.2, 5.0, -1.0)
    found = search(log_probs, index, weights, 5, path_of(frames))
    assert {c.word for c in found} <= words.keys()
    assert all(math.isfinite(c.score) for c in found)
    assert sum(c.probability for c in found) == pytest.approx(1 if found else 0)
    assert len(found) == sum(2 * len(word) - 1 <= len(frames.features) for word in words)


def test_words_that_are_spelled_alike_share_what_their_spelling_is_worth() -> None:
    forms = {"well": 0.003, "we'll": 0.001, "Well": 0.0005, "will": 0.004, "wall": 0.001}
    together = {"well": 0.0045, "will": 0.004, "wall": 0.001}
    log_probs = posterior("well", np.random.default_rng(13))
    found = search(log_probs, written(forms).index(QWERTY.letters), WEIGHTS, 10)
    spellings = {c.word: c for c in search(log_probs, written(together).index(QWERTY.letters), WEIGHTS, 10)}
    assert {c.word for c in found} == forms.keys()
    assert [c.probability for c in found] == sorted((c.probability for c in found), reverse=True)
    for c in found:
        share = forms[c.word] / together[c.spelled]
        assert c.probability == pytest.approx(spellings[c.spelled].probability * share, rel=1e-4)
        assert c.score == pytest.approx(spellings[c.spelled].score + math.log(share), rel=1e-4)
    scored = score(log_probs, written(forms).index(QWERTY.letters), WEIGHTS)
    assert sorted(scored.words) == sorted(together)


@given(st.lists(st.dictionaries(st.sampled_from(FORMS), st.floats(-12, -1)), min_size=2, max_size=3))
def test_a_search_of_several_languages_is_that_of_all_their_words(lists: list[dict[str, float]]) -> None:
    languages = [Lexicon(("en",), (list_of(words),)) for words in lists]
    count, sums = sum(map(bool, lists)), defaultdict[str, float](float)
    for words in lists:
        for word, ln_frequency in words.items():
            sums[word] += math.exp(ln_frequency) / count
    log_probs = posterior("well", np.random.default_rng(14))
    several = search(log_probs, merged(languages).index(QWERTY.letters), WEIGHTS, 50)
    one = search(log_probs, written(sums).index(QWERTY.letters), WEIGHTS, 50)
    assert {c.word: c.probability for c in several} == pytest.approx({c.word: c.probability for c in one}, rel=1e-3)


@given(st.lists(st.lists(st.sampled_from([*np.linspace(-9, 9, 400).tolist(), -math.inf]), max_size=900), max_size=3))
def test_the_highest_scores_are_found_among_however_many(scores: list[list[float]]) -> None:
    arrays = [np.array(some * 20, np.float32) for some in scores]
    together = np.sort(np.concatenate([*arrays, np.zeros(0, np.float32)]))[::-1]
    chosen = best(arrays, 50)
    kept = np.concatenate([np.zeros(0, np.float32), *(some[at] for some, at in zip(arrays, chosen, strict=True))])
    expected = together[together > -np.inf][:50]
    assert np.sort(kept)[::-1].tolist() == expected.tolist()


@given(
    st.lists(st.floats(-9, 6), min_size=len(FORMS), max_size=len(FORMS)),
    st.booleans(),
    st.sampled_from(["well", "will", "wall"]),
)
@settings(max_examples=40)
def test_what_the_words_before_say_multiplies_in(gains: list[float], first: bool, meant: str) -> None:
    """Between spellings with its weight, between the forms of one fully."""
    gain = dict(zip(FORMS, gains, strict=True))
    weights = ScoreWeights(1.0, 2.0, context=0.7, first=0.3)
    told = Told(lambda words, ln_frequencies: np.array([gain[word] for word in words]), first)
    index = written(dict.fromkeys(FORMS, 0.01)).index(QWERTY.letters)
    log_probs = posterior(meant, np.random.default_rng(3))
    alone = {c.word: c for c in search(log_probs, index, weights, 20)}
    together = search(log_probs, index, weights, 20, told=told)
    weight = weights.first if first else weights.context
    for spelling in {c.spelled for c in together}:
        forms = [c.word for c in alone.values() if c.spelled == spelling]
        said = float(np.logaddexp.reduce([gain[form] for form in forms])) - math.log(len(forms))
        for candidate in (c for c in together if c.spelled == spelling):
            share = gain[candidate.word] - math.log(len(forms)) - said
            bare = alone[candidate.word].score + math.log(len(forms))
            assert candidate.score == pytest.approx(bare + weight * said + share, abs=1e-6)
            assert sum(candidate.parts.values()) == pytest.approx(candidate.score, abs=1e-6)
    assert sum(c.probability for c in together) == pytest.approx(1)
    scored = score(log_probs, index, weights, told=told)
    assert scored.parts[:, 9 + (not first)].tolist() == [0] * len(scored.words)
