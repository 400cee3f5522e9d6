"""Where the finger lands: words aligned with paths, and known offsets found again."""

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from swipefl.decoder.checkpoint import base_checkpoint
from swipefl.decoder.ctc import aligned
from swipefl.decoder.encoder import Encoder
from swipefl.device.fingers import LEAST, landed, landings
from swipefl.device.memory import Memory
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import Key, Keyboard, built_in
from swipefl.gesture.synthesis import draw_person, swipe
from swipefl.store.gestures import Stored
from tests.support.people import WORDS

ENCODER = Encoder(base_checkpoint())
QWERTY = built_in("qwerty")


def best_way(log_probs: np.ndarray, word: list[int]) -> float:
    """The likeliest of all ways to say a word, by trying each."""

    def said(way: tuple[int, ...]) -> list[int]:
        return [code for i, code in enumerate(way) if code and (i == 0 or code != way[i - 1])]

    ways = product(range(log_probs.shape[1]), repeat=len(log_probs))
    return max(
        (sum(log_probs[t, code] for t, code in enumerate(way)) for way in ways if said(way) == word), default=-np.inf
    )


@pytest.mark.parametrize("word", [[1], [2], [1, 2], [2, 1], [1, 1], [1, 2, 1], [2, 2, 1], [1, 1, 1]])
@pytest.mark.parametrize("seed", range(6))
def test_a_word_is_said_in_its_order_in_the_likeliest_way(word: list[int], seed: int) -> None:
    raw = np.random.default_rng(seed).normal(0, 2, (5, 3))
    log_probs = (raw - np.log(np.exp(raw).sum(1, keepdims=True))).astype(np.float32)
    frames = aligned(log_probs, word)
    assert frames is not None
    assert all(here < there for here, there in pairwise(frames))
    held = log_probs.copy()  # a way that says these letters there and nothing else in these frames is as likely as any
    for letter, frame in zip(word, frames, strict=True):
        held[frame, [code for code in range(3) if code != letter]] = -1e6
    assert best_way(held, word) == pytest.approx(best_way(log_probs, word), abs=1e-4)


def test_a_word_that_is_longer_than_the_path_is_nowhere() -> None:
    assert aligned(np.log(np.full((2, 3), 1 / 3, np.float32)), [1, 2, 1]) is None
    assert aligned(np.log(np.full((2, 3), 1 / 3, np.float32)), [1, 1]) is None  # a blank between has no frame


def stored(example: Example, number: int) -> Stored:
    return Stored(number, example, "good", False, 0.0, example.gesture.trace_hash().hex()[:12])


def swiped(offset: tuple[float, float], count: int = 120, keyboard: Keyboard = QWERTY) -> list[Stored]:
    """Swipes of somebody careful who lands so far from the middles of the keys, in key widths."""
    rng = np.random.default_rng(5)
    careful = replace(
        draw_person(rng),
        start_offset=(0.0, 0.0),
        end_offset=(0.0, 0.0),
        end_overshoot=0.0,
        lift=1.0,
        slip=0.0,
        skip=0.0,
        detour=0.0,
    )
    words = [WORDS[i % len(WORDS)] for i in range(count)]
    key = keyboard.keys[0].width
    found = []
    for number, (word, points) in enumerate(zip(words, swipe(words, keyboard, careful, rng), strict=True)):
        moved = points + np.array([offset[0] * key, offset[1] * key, 0], np.float32)
        gesture = Gesture(f"g{number}", moved, keyboard, keyboard.width, keyboard.height)
        found.append(stored(Example(gesture, word), number))
    return found


@pytest.mark.parametrize("offset", [(0.0, 0.0), (0.2, 0.0), (-0.15, 0.25), (0.0, -0.2)])
def test_a_known_offset_is_found_again(offset: tuple[float, float]) -> None:
    found = landings(swiped(offset), ENCODER, "base", None, Memory())
    assert found is not None
    assert found.swipes == 120
    assert found.right == pytest.approx(offset[0], abs=0.08)
    assert found.down == pytest.approx(offset[1], abs=0.08)
    assert {key.letter for key in found.keys} <= set("".join(WORDS))
    assert len(found.keys) >= 10
    for key in found.keys:
        assert key.landings >= LEAST
        assert abs(key.right - offset[0]) < 0.35
        assert abs(key.down - offset[1]) < 0.35
        assert -1 <= key.slant <= 1
    assert found.landings >= sum(key.landings for key in found.keys)


def test_a_swipe_lands_where_it_begins_turns_and_ends_and_not_on_what_it_passes() -> None:
    """w-e-r-t-y in one straight line back to e: no place for r and t, which are passed."""
    keys = {key.letter: np.array([key.x, key.y]) for key in QWERTY.keys}
    corners = [keys["w"], keys["y"], keys["e"]]
    path = np.concatenate([np.linspace(a, b, 30) for a, b in pairwise(corners)])
    points = np.column_stack([path, np.linspace(0, 1.2, len(path))]).astype(np.float32)
    gesture = Gesture("g", points, QWERTY, QWERTY.width, QWERTY.height)
    found = landed(Example(gesture, "wrye"), ENCODER)
    assert [one.letter for one in found] == ["w", "y", "e"]
    assert all(abs(one.right) < 0.2 and abs(one.down) < 0.2 for one in found)


def test_what_cannot_be_aligned_or_is_far_off_is_no_landing() -> None:
    tap = np.array([[10, 20, 0], [10, 20, 0.1]], np.float32)
    gesture = Gesture("g", tap, QWERTY, QWERTY.width, QWERTY.height)
    assert landed(Example(gesture, "straightforward"), ENCODER) == ()
    assert landed(Example(gesture, "→"), ENCODER) == ()
    assert landed(Example(gesture, "p"), ENCODER) == ()
    assert [one.letter for one in landed(Example(gesture, "q"), ENCODER)] == ["q"]


def test_letters_of_one_key_and_keys_of_one_letter_land_where_they_are() -> None:
    keys = (Key("a", 0.5, 0.5, 1, 1), Key("b", 1.5, 0.5, 1, 1), Key("c", 1.5, 0.5, 1, 1), Key("a", 6.5, 0.5, 1, 1))
    keyboard = Keyboard("k", ("en",), 7, 1, keys)
    line = np.column_stack([np.linspace(6.5, 1.5, 40), np.full(40, 0.5), np.linspace(0, 1, 40)]).astype(np.float32)
    swipes = [
        stored(Example(Gesture(f"g{i}", line + np.float32(0.001 * i), keyboard, 7, 1), "ac"), i) for i in range(LEAST)
    ]
    found = landings(swipes, ENCODER, "base", None, Memory())
    assert found is not None
    assert [(key.letter, key.landings) for key in found.keys] == [("a", LEAST), ("b", LEAST)]
    assert all(abs(key.right) < 0.1 for key in found.keys)


def test_nothing_swiped_lands_nowhere() -> None:
    assert landings([], ENCODER, "base", None, Memory()) is None
    empty = landings([], ENCODER, "base", QWERTY, Memory())
    assert empty is not None
    assert (empty.swipes, empty.landings, empty.right, empty.keys) == (0, 0, None, ())


def test_a_keyboard_that_is_asked_for_is_looked_at_alone() -> None:
    swipes = [*swiped((0, 0), 20), *swiped((0, 0), 10, built_in("qwertz"))]
    most = landings(swipes, ENCODER, "base", None, Memory())
    assert most is not None
    assert (most.keyboard.name, most.swipes) == ("qwerty", 20)
    asked = landings(swipes, ENCODER, "base", built_in("qwertz"), Memory())
    assert asked is not None
    assert (asked.keyboard.name, asked.swipes) == ("qwertz", 10)


def test_what_was_found_is_not_looked_for_again_and_time_is_bounded() -> None:
    looked: list[int] = []
    now = iter(range(100))
    memory: Memory[int, int] = Memory(lambda: float(next(now)))

    def find(key: int) -> int:
        looked.append(key)
        return 10 * key

    assert memory.each([1, 2, 3, 4, 5], find, 2.5) == [10, 20]
    assert memory.each([1, 2, 3, 4, 5], find, 50) == [10, 20, 30, 40, 50]
    assert looked == [1, 2, 3, 4, 5]
    assert memory.each([5, 6], find, 50) == [50, 60]
    assert memory.each([1], find, 50) == [10]
    assert looked == [1, 2, 3, 4, 5, 6, 1]  # what is not of the last look is forgotten
