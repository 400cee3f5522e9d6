import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swipefl.gesture.features import FEATURES, MAX_FRAMES, MIN_FRAMES, STEP, frames_of, frames_of_points, resample
from swipefl.gesture.gesture import Gesture
from swipefl.gesture.keyboard import built_in
from tests.support.people import examples

coordinate = st.floats(-5, 15, width=32)


@given(st.lists(st.tuples(coordinate, coordinate, st.floats(0, 1, width=32)), min_size=2, max_size=60))
@settings(max_examples=60)
def test_any_path_gives_finite_frames_within_bounds(points: list[tuple[float, float, float]]) -> None:
    array = np.array(points, np.float32)
    array[:, 2] = np.cumsum(array[:, 2])
    frames = frames_of_points(array, built_in("qwerty").layout(370, 222))
    assert MIN_FRAMES <= len(frames.features) <= MAX_FRAMES
    assert frames.features.shape == (len(frames.positions), FEATURES)
    assert np.isfinite(frames.features).all()


def test_steps_are_even_and_ends_stay() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0.1], [9, 0, 0.2]], np.float32)
    out = resample(points)
    assert out[0, :2] == pytest.approx([0, 0])
    assert out[-1, :2] == pytest.approx([9, 0])
    assert np.diff(out[:, 0]).max() <= STEP + 1e-6


def test_size_of_the_screen_does_not_matter() -> None:
    gesture = examples(1)[0].gesture
    twice = gesture.points * np.array([2, 2, 1], np.float32)
    larger = Gesture("x", twice, gesture.keyboard, gesture.width * 2, gesture.height * 2)
    np.testing.assert_allclose(frames_of(larger).features, frames_of(gesture).features, atol=1e-4)


def test_which_row_was_swiped_shows() -> None:
    layout = built_in("qwerty").layout(370, 222)
    rows = []
    for y in (0.8, 2.4):
        line = np.stack([np.linspace(1, 8, 30), np.full(30, y), np.linspace(0, 1, 30)], axis=1).astype(np.float32)
        rows.append(frames_of_points(line, layout).features)
    assert np.abs(rows[0][:, 1] - rows[1][:, 1]).min() > 0.3
