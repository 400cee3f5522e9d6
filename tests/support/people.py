"""Generated people for tests: small, seeded, and none of them real."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import orjson

from swipefl.gesture.formats.own import to_line
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import Keyboard, built_in
from swipefl.gesture.synthesis import draw_person, swipe

WORDS = (
    "hello",
    "world",
    "keyboard",
    "finger",
    "little",
    "people",
    "thing",
    "great",
    "house",
    "water",
    "round",
    "apple",
)


def examples(
    count: int, seed: int = 0, keyboard: Keyboard | None = None, words: tuple[str, ...] = WORDS
) -> list[Example]:
    """`count` examples of one generated person."""
    rng = np.random.default_rng(seed)
    keyboard = keyboard or built_in("qwerty")
    chosen = [words[int(i)] for i in rng.integers(len(words), size=count)]
    spelling = keyboard.spelling()
    paths = swipe([spelling.of(word) or word for word in chosen], keyboard, draw_person(rng), rng)
    return [
        Example(Gesture(f"g{seed}-{i}", path, keyboard, keyboard.width, keyboard.height), word)
        for i, (path, word) in enumerate(zip(paths, chosen, strict=True))
    ]


def write_people(file: Path, counts: Mapping[int, int]) -> None:
    """A file of swipes of several generated people: how many each made, by their seeds."""
    with file.open("wb") as out:
        for seed, count in counts.items():
            for example in examples(count, seed):
                theirs = replace(example, gesture=replace(example.gesture, user=f"person-{seed}"))
                out.write(orjson.dumps(to_line(theirs)) + b"\n")
