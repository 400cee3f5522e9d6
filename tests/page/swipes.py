"""What is swiped in these tests: recorded where people's swipes are at hand, else the example's."""

import gzip
import json
from functools import cache
from typing import Any

import numpy as np

from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.synthesis import Person, swipe
from tests.support.swipes import GOOD, SHARED

RECORDED = SHARED / "how_we_swipe" / "dev.jsonl.gz"
ALIKE = 0.03  # how far a recorded keyboard may be from the page's in its proportions: keys of another shape are another


@cache
def _all() -> tuple[dict[str, Any], ...]:
    if not RECORDED.exists():
        return tuple(map(json.loads, GOOD))
    with gzip.open(RECORDED) as lines:
        return tuple(map(json.loads, lines))


def some(count: int, seed: int = 20261126, proportions: float | None = None) -> list[dict[str, Any]]:
    """Swipes of many people, drawn with a seed: of those that begin on the keyboard, where a finger has to go down.

    `proportions` are the width by the height that their keyboards had, or nearly.
    """
    usable = [line for line in _all() if _begins_inside(line) and _is_shaped(line, proportions)]
    chosen = np.random.default_rng(seed).permutation(len(usable))[:count]
    return [usable[int(i)] for i in chosen]


def swipe_of(word: str, keyboard: Keyboard, habits: Person) -> dict[str, Any]:
    """A generated swipe of a word by somebody with these habits; one that begins on the keyboard."""
    rng = np.random.default_rng(list(word.encode()))
    spelled = keyboard.spelling().of(word) or word
    while True:
        [path] = swipe([spelled], keyboard, habits, rng)
        line = to_line(Example(Gesture("", path, keyboard, keyboard.width, keyboard.height), word))
        if _begins_inside(line):
            return line


def _begins_inside(line: dict[str, Any]) -> bool:
    first = line["coords"][0]
    return 0 < first["x"] < line["width"] and 0 < first["y"] < line["height"]


def _is_shaped(line: dict[str, Any], proportions: float | None) -> bool:
    return proportions is None or abs(line["width"] / line["height"] / proportions - 1) < ALIKE
