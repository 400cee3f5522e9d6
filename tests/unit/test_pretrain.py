from itertools import islice

import numpy as np
import torch

from examples.base.pretrain import (
    GeneratedSwipes,
    Recipe,
    RecordedSwipes,
    _varied,
    load_language,
    never_drawn,
    pretrain,
)
from swipefl.decoder.encoder import Architecture
from swipefl.gesture.features import frames_of
from swipefl.gesture.keyboard import built_in
from swipefl.learning.network import weights_of
from tests.support.people import examples

SMALL = Recipe(64, Architecture(8, 2), batch_size=16)
LANGUAGES = [load_language("en", built_in("qwerty"), 0.5), load_language("ru", built_in("jcuken"), 0.5)]


def test_equal_seeds_draw_and_train_alike() -> None:
    one, two = (pretrain(SMALL, GeneratedSwipes(LANGUAGES, SMALL), torch.device("cpu")) for _ in range(2))
    for name, weights in weights_of(one).items():
        np.testing.assert_array_equal(weights, weights_of(two)[name])


def test_some_words_are_never_drawn() -> None:
    for language in LANGUAGES:
        kept = np.array([never_drawn(word) for word in language.words])
        assert 0.01 < kept.mean() < 0.03
        assert (language.chances[kept] == 0).all()
        assert language.chances.sum() == 1 or abs(language.chances.sum() - 1) < 1e-9


def test_recorded_swipes_come_again_and_again_never_quite_the_same() -> None:
    people = examples(20, 3)
    recipe = Recipe(60, Architecture(8), batch_size=10)
    batches = list(islice(RecordedSwipes(people, recipe), 6))
    assert [len(batch.frames) for batch in batches] == [10] * 6
    frames = sorted(int(n) for batch in batches[:2] for n in batch.frames)
    again = sorted(int(n) for batch in batches[2:4] for n in batch.frames)
    plain = sorted(len(frames_of(example.gesture).features) for example in people)
    assert frames != again
    np.testing.assert_allclose(frames, plain, rtol=0.25, atol=3)


def test_a_keyboard_varies_with_its_path() -> None:
    """Letters stay under the finger: a varied swipe is read as well as the one that it came from."""
    rng = np.random.default_rng(0)
    for example in examples(20, 5):
        plain, varied = frames_of(example.gesture), _varied(example.gesture, rng)
        before = np.hypot(*(plain.layout.centres[:, None] - plain.positions).transpose(2, 0, 1)).min(1).argsort()[:2]
        after = np.hypot(*(varied.layout.centres[:, None] - varied.positions).transpose(2, 0, 1)).min(1)
        assert after[before].max() < 1.0


def test_every_swipe_that_can_be_aligned_is_in_one_pass() -> None:
    people = [example for seed in range(28) for example in examples(20, seed)]  # more than a pool, the last one short
    passed: list[int] = []
    for batch in RecordedSwipes(people, Recipe(1, Architecture(8), batch_size=64)):
        passed += batch.word_lengths.tolist()
        if len(passed) >= len(people):
            break
    assert sorted(passed) == sorted(len(example.word) for example in people)
