import numpy as np

from swipefl.gesture.keyboard import built_in
from swipefl.gesture.synthesis import draw_person, swipe, swipe_in_key_widths
from tests.support.people import WORDS


def test_the_same_seed_gives_the_same_swipes() -> None:
    def drawn() -> list[bytes]:
        rng = np.random.default_rng(3)
        return [p.tobytes() for p in swipe(WORDS, built_in("qwerty"), draw_person(rng), rng)]

    assert drawn() == drawn()


def test_figures_are_near_those_of_people() -> None:
    """Medians of how people swipe (measured on 913 people), within what a few hundred draws scatter."""
    rng = np.random.default_rng(1)
    layout = built_in("qwerty").layout(370, 216)
    ratios, approaches = [], []
    for _ in range(60):
        for word, points in zip(WORDS, swipe_in_key_widths(WORDS, layout, draw_person(rng), rng), strict=True):
            keys = layout.centres[[layout.index[letter] for letter in word]]
            straight = np.hypot(*np.diff(keys, axis=0).T).sum()
            ratios.append(np.hypot(*np.diff(points[:, :2], axis=0).T).sum() / straight)
            approaches += [np.hypot(*(points[:, :2] - key).T).min() for key in keys[1:-1]]
    assert 1.04 < np.median(ratios) < 1.22
    assert 0.12 < np.median(approaches) < 0.24


def test_times_run_forward_and_every_letter_of_jcuken_can_be_swiped() -> None:
    rng = np.random.default_rng(2)
    keyboard = built_in("jcuken")
    for points in swipe(["объезд", "ежик", "й", "аа"], keyboard, draw_person(rng), rng):
        assert len(points) >= 2
        assert (np.diff(points[:, 2]) >= 0).all()
        assert points[0, 2] == 0
