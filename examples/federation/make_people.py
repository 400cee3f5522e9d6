"""Writes swipes of generated people who hold the same phone the same way: python make_people.py FOLDER

Three of them are to be clients, the fourth judges what they learned together. No human recorded any of these.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from swipefl.decoder.lexicon import load_lexicon
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.synthesis import draw_person, swipe

PEOPLE = {"ada": 140, "ben": 140, "cleo": 140, "judge": 200}  # and how many swipes of each
GRIP = (0.5, -0.35)  # all of them land high and far right, in key widths


def write(folder: Path) -> None:
    """One file a person: FOLDER/NAME.jsonl."""
    keyboard, common = built_in("qwerty"), load_lexicon("en").truncated(3000).words
    common = tuple(word for word in common if len(keyboard.spelling().of(word) or "") > 1)
    for seed, (name, count) in enumerate(PEOPLE.items()):
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
    write(Path(sys.argv[1]))
