"""Writes swipes of generated people who hold the same phone the same way: make_people.py FOLDER [NAME[=COUNT] ...]

All but the last of them are to be clients; that one judges what they learned together. No human recorded any of these.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from swipefl.decoder.lexicon import load_lexicon
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.synthesis import draw_person, swipe

PEOPLE = ("ada", "ben", "cleo", "judge=200")
SWIPES = 140  # of each of whom no other number is said
GRIP = (0.5, -0.35)  # all of them land high and far right, in key widths


def write(folder: Path, people: Sequence[str] = PEOPLE) -> None:
    """One file a person: FOLDER/NAME.jsonl."""
    keyboard, common = built_in("qwerty"), load_lexicon("en").truncated(3000).words
    common = tuple(word for word in common if len(keyboard.spelling().of(word) or "") > 1)
    for seed, (name, _, said) in enumerate(each.partition("=") for each in people):
        count = int(said or SWIPES)
        rng = np.random.default_rng(seed)
        person = replace(draw_person(rng), start_offset=GRIP, end_offset=GRIP)
        words = [common[int(i)] for i in rng.integers(len(common), size=count)]
        lines = [
            json.dumps(
                {
                    "gesture_id": f"{name}-{number}",
                    "word": word,
                    "width": 370,
                    "height": 222,
                    "coords": [{"x": int(x), "y": int(y), "t": round(float(t), 3)} for x, y, t in points],
                }
            )
            for number, (word, points) in enumerate(zip(words, swipe(words, keyboard, person, rng), strict=True))
        ]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2:] or PEOPLE)
