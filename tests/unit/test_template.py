import numpy as np
import pytest

from swipefl.decoder.template import DEVIATIONS, Path, deviations, path_of
from swipefl.gesture.features import frames_of_points
from swipefl.gesture.keyboard import built_in

LAYOUT = built_in("qwerty").layout(360, 215)


def straight(word: str, shift: tuple[float, float] = (0, 0)) -> Path:
    """A swipe through the middles of the word's keys, moved by `shift` key widths."""
    stops = np.array([LAYOUT.centres[LAYOUT.letters.index(letter)] for letter in word]) + shift
    at = np.linspace(0, len(word) - 1, 40 * len(word))
    path = [np.interp(at, np.arange(len(word)), stops[:, axis]) for axis in (0, 1)]
    return path_of(frames_of_points(np.stack((*path, at), axis=1).astype(np.float32), LAYOUT))


def compared(path: Path, *words: str) -> dict[str, np.ndarray]:
    codes = np.zeros((max(map(len, words)), len(words)), np.intp)
    for i, word in enumerate(words):
        codes[: len(word), i] = [1 + LAYOUT.letters.index(letter) for letter in word]
    columns = deviations(path, codes, np.array([len(word) for word in words]))
    return dict(zip(DEVIATIONS, columns.T, strict=True))


def test_a_straight_swipe_lies_on_its_own_template() -> None:
    found = compared(straight("hello"), "hello", "he")
    assert found["location"][0] < 0.3
    assert found["end"][0] < 0.01
    assert found["location"][0] < found["location"][1]
    assert found["end"][0] < found["end"][1]
    assert found["missed"][0] < 0.35
    assert found["extent"][0] > found["extent"][1]


def test_what_lies_beside_the_path_is_measured_in_key_widths() -> None:
    moved = compared(straight("quip", shift=(0.5, 0)), "quip")
    assert moved["location"][0] == pytest.approx(np.sqrt(0.55), abs=0.05)
    assert moved["start"][0] == pytest.approx(0.25, abs=0.02)
    assert moved["end"][0] == pytest.approx(0.25, abs=0.02)
    assert compared(straight("quip"), "zoom")["missed"][0] > 1


def test_words_of_any_length_stand_side_by_side() -> None:
    together = compared(straight("people"), "people", "p", "pp", "pep")
    for i, word in enumerate(("people", "p", "pp", "pep")):
        alone = compared(straight("people"), word)
        for name in DEVIATIONS:
            assert together[name][i] == pytest.approx(alone[name][0], abs=1e-5)


def test_of_a_letters_two_keys_the_nearer_one_counts() -> None:
    keyboard = built_in("jcuken")
    layout = keyboard.layout(keyboard.width, keyboard.height)
    keys = [key for key, letter in enumerate(layout.key_letter) if (layout.key_letter == letter).sum() > 1]
    for key in keys:
        there = np.repeat(layout.centres[key][None], 9, axis=0) + np.linspace(0, 0.3, 9)[:, None]
        points = np.concatenate((there, np.arange(9)[:, None] / 60), axis=1).astype(np.float32)
        path = path_of(frames_of_points(points, layout))
        assert path.keys[1 + layout.key_letter[key]] == pytest.approx(layout.centres[key])
