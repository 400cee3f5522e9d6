"""What a model may be, whoever made it: one that is read answers soon, in numbers, and the judge knows the worse."""

import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.decoder.checkpoint import SCORE, SPREADS, Checkpoint, ScoreWeights, checkpoint_from_bytes
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.encoder import MOST_PARAMETERS, MOST_WEIGHT, Architecture, read_checkpoint, usable
from swipefl.decoder.evaluation import judge
from swipefl.decoder.lexicon import load_lexicon
from swipefl.errors import CheckpointError, UsageError
from swipefl.gesture.features import MAX_FRAMES, MIN_FRAMES, frames_of
from swipefl.gesture.gesture import Example
from tests.support.harm import BASE, REFUSED, WORSE, cornered, filled, scaled, with_head
from tests.support.people import examples

SWIPES = examples(6)
EXTREMES = {
    "the base": BASE,
    "weights of 0": filled(0),
    "the largest": filled(MOST_WEIGHT),
    "the least": filled(-MOST_WEIGHT),
    "both": scaled(1e6, MOST_WEIGHT),
    "both turned round": scaled(-1e6, MOST_WEIGHT),
    "a head of the largest": with_head(*[MOST_WEIGHT] * 6),
}


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    """Numpy warns of numbers that overflow or are none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def again(checkpoint: Checkpoint, half: bool = False) -> Checkpoint:
    """As it arrives at a device."""
    return usable(checkpoint_from_bytes(checkpoint.to_bytes(half)))


def answers_in_numbers(checkpoint: Checkpoint, some: list[Example]) -> None:
    decoder = Decoder(checkpoint, load_lexicon)
    for example in some:
        found = decoder.decode(example.gesture, 20)
        assert np.isfinite([(candidate.score, candidate.probability) for candidate in found]).all()
        assert sum(candidate.probability for candidate in found) < 1.001
        seen = decoder.look(example.gesture).frames
        assert np.isfinite([(frame.meant_x, frame.meant_y, frame.probability) for frame in seen]).all()


@pytest.mark.parametrize("what", REFUSED)
def test_a_model_beyond_all_bounds_is_not_read(what: str) -> None:
    with pytest.raises(CheckpointError):
        again(REFUSED[what]())


@pytest.mark.parametrize("what", WORSE)
def test_a_model_within_them_answers_in_numbers_and_is_judged_to_be_worse(what: str) -> None:
    model = again(WORSE[what]())
    assert sum(array.size for array in model.weights.values()) <= MOST_PARAMETERS
    answers_in_numbers(model, SWIPES[:3])
    base, worse = (judge(Decoder(checkpoint, load_lexicon), SWIPES) for checkpoint in (BASE, model))
    assert base.betters(worse)
    assert not worse.betters(base)


def test_the_base_and_what_is_tuned_or_rounded_from_it_are_read() -> None:
    for half in (False, True):
        assert again(BASE, half).score == BASE.score
    assert again(scaled(200)).architecture == BASE.architecture
    earlier = replace(BASE, score=ScoreWeights(1.5, 2.5, 1.0))
    assert again(earlier).score == earlier.score


@settings(max_examples=40)
@given(
    st.sampled_from(list(EXTREMES)),
    st.integers(0, 2 ** len(SPREADS) - 1),
    st.integers(0, len(SWIPES) - 1),
)
def test_whatever_score_weights_the_range_has_an_answer_is_one_in_numbers(what: str, corner: int, which: int) -> None:
    answers_in_numbers(usable(replace(EXTREMES[what], score=cornered(corner).score)), SWIPES[which : which + 1])


@pytest.mark.parametrize("points", [[(0, 0)] * 5, [(-9_000, 9_000), (9_000, -9_000)] * 3, [(10, 10), (350, 200)] * 90])
def test_no_path_brings_numbers_that_are_none_out_of_the_largest_weights(points: list[tuple[float, float]]) -> None:
    path = np.array([(x, y, 0.02 * i) for i, (x, y) in enumerate(points)], np.float32)
    odd = replace(SWIPES[0], gesture=replace(SWIPES[0].gesture, points=path))
    assert MIN_FRAMES <= len(frames_of(odd.gesture).features) <= MAX_FRAMES
    for model in EXTREMES.values():
        answers_in_numbers(usable(model), [odd])


@given(st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=len(SPREADS), max_size=len(SPREADS)))
def test_no_round_leaves_the_range_of_score_weights(parts: list[float]) -> None:
    """Else the model of a round that somebody bent would be one that no device takes."""
    moved = BASE.with_parameters({**BASE.weights, SCORE: np.array(parts, np.float32)})
    assert moved.score == moved.score.held
    assert moved.score.held.held == moved.score.held
    assert again(moved, half=True).score == moved.score


def test_a_score_within_the_range_is_moved_by_nothing_but_the_step() -> None:
    assert BASE.score.held == BASE.score
    step = BASE.parameters[SCORE] + np.float32(0.25)
    moved = BASE.with_parameters({**BASE.weights, SCORE: step})
    assert moved.score.of_parts * SPREADS == pytest.approx(step)


@pytest.mark.parametrize(("hidden", "layers"), [(553, 1), (277, 2), (110, 9), (1, 9)])
def test_an_architecture_is_bounded_by_the_weights_that_it_has(hidden: int, layers: int) -> None:
    architecture = Architecture(hidden, layers)
    weights = {name: np.zeros(shape, np.float32) for name, shape in architecture.shapes().items()}
    assert architecture.size == sum(array.size for array in weights.values()) <= MOST_PARAMETERS
    assert usable(replace(BASE, architecture=str(architecture), weights=weights))


@pytest.mark.parametrize("name", ["bilstm-99999", "bilstm-99999x9", "bilstm-700"])
def test_one_with_more_is_refused_whatever_weights_come_with_it(name: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        usable(replace(BASE, architecture=name))
    assert caught.value.code == "checkpoint-too-large"


def test_a_file_that_is_no_file_or_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    pipe, large, right = tmp_path / "pipe", tmp_path / "large", tmp_path / "right"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(UsageError) as caught:
            read_checkpoint(path)
        assert caught.value.code == "unreadable-checkpoint"
    large.touch()
    os.truncate(large, 1 << 40)
    with pytest.raises(CheckpointError, match="larger than any checkpoint"):
        read_checkpoint(large)
    right.write_bytes(BASE.to_bytes())
    assert read_checkpoint(right).fingerprint == BASE.fingerprint
