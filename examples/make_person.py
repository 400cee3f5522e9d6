"""Writes examples/swipes.jsonl: one generated person with habits of their own.

python examples/make_person.py            writes the file
python examples/make_person.py --check    exits 1 where the file is not what this would write
"""

import json
import sys
from pathlib import Path

import numpy as np

from swipefl.decoder.lexicon import load_lexicon
from swipefl.gesture.keyboard import built_in
from swipefl.gesture.synthesis import Person, swipe

HERE = Path(__file__).parent
SWIPES = 260
NAME = "zuzanka"  # a name that no lexicon has; after two uses it can be swiped

# Lands high and far right, in a hurry, cuts corners and ends before the last key: a base model has not met many such.
HABITS = Person(
    start_offset=(0.46, -0.22),
    end_offset=(0.28, -0.3),
    start_noise=(0.2, 0.11),
    end_noise=(0.3, 0.15),
    inner_noise=0.18,
    drift=0.05,
    log_speed=0.45,
    overlap=0.45,
    sharpness=5.5,
    overshoot=0.2,
    end_overshoot=-0.1,
    lift=0.9,
    bow=0.08,
    wobble=0.05,
    slant=0.05,
    slip=0.02,
    skip=0.004,
    detour=0.004,
    rest=0.05,
    smooth=0.5,
)


def lines() -> str:
    """The file's text: the same on every machine."""
    rng = np.random.default_rng(20261131)
    keyboard = built_in("qwerty")
    lexicon, spelling = load_lexicon("en"), keyboard.spelling()
    # a keyboard that logs what was swiped has letters: how a word is written it may not know
    common = [word for word in lexicon.truncated(4000).words if len(word) > 1 and spelling.of(word) == word]
    words = [NAME if i % 37 == 5 else common[int(rng.integers(len(common)))] for i in range(SWIPES)]
    written = []
    for i, (word, points) in enumerate(zip(words, swipe(words, keyboard, HABITS, rng), strict=True)):
        coords = [{"x": int(x), "y": int(y), "t": round(float(t), 3)} for x, y, t in points]
        gesture = {"gesture_id": f"example-{i:04d}", "word": word, "width": 370, "height": 222, "coords": coords}
        written.append(json.dumps(gesture, separators=(",", ":")))
    return "\n".join(written) + "\n"


def main() -> int:
    """Write the file, or compare it."""
    path = HERE / "swipes.jsonl"
    if "--check" in sys.argv:
        same = path.read_text("utf-8") == lines()
        if not same:
            print(f"{path} is not up to date: run `python {Path(__file__).name}`", file=sys.stderr)
        return 0 if same else 1
    path.write_text(lines(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
