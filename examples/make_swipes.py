"""Writes the swipes beside it: `swipes.jsonl`, one generated person's with habits of their own, and `languages.jsonl`,
a few words of several languages by somebody careful, each on a keyboard of its language.

python examples/make_swipes.py            writes the files
python examples/make_swipes.py --check    exits 1 where one is not what this would write
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from swipefl.arrays import Floats
from swipefl.decoder.lexicon import load_lexicon
from swipefl.gesture.gesture import GOOD, Example, Gesture, verdict
from swipefl.gesture.keyboard import Keyboard, built_in
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
CAREFUL = replace(
    HABITS,
    start_offset=(0.0, 0.05),
    end_offset=(0.0, 0.05),
    start_noise=(0.1, 0.05),
    end_noise=(0.1, 0.05),
    inner_noise=0.08,
    drift=0.02,
    log_speed=0.0,
    overlap=0.2,
    overshoot=0.05,
    end_overshoot=0.0,
    slip=0.0,
    skip=0.0,
    detour=0.0,
    rest=0.0,
    smooth=0.1,
)
WORDS = {
    "qwertz-de": ["Straße", "schön", "Mädchen"],
    "azerty-fr": ["l'homme", "français", "aujourd'hui"],
    "jcuken-uk": ["п'ять", "Україна", "їжак"],
    "qwerty-tr": ["İstanbul", "ışık"],
    "qwerty": ["don't", "Monday"],
}


def person() -> str:
    """One person's swipes: the same on every machine."""
    rng = np.random.default_rng(20261131)
    keyboard = built_in("qwerty")
    lexicon, spelling = load_lexicon("en"), keyboard.spelling()
    # a keyboard that logs what was swiped has letters: how a word is written it may not know
    common = [word for word in lexicon.truncated(4000).words if len(word) > 1 and spelling.of(word) == word]
    words = [NAME if i % 37 == 5 else common[int(rng.integers(len(common)))] for i in range(SWIPES)]
    drawn = zip(words, swipe(words, keyboard, HABITS, rng), strict=True)
    swiped = [(word, _good(word, points, keyboard, rng)) for word, points in drawn]
    return "".join(
        _line({"gesture_id": f"example-{i:04d}", "word": word, "width": 370, "height": 222}, points)
        for i, (word, points) in enumerate(swiped)
    )


def _good(word: str, points: Floats, keyboard: Keyboard, rng: np.random.Generator) -> Floats:
    """A swipe, or another of its word in place of one that seems to be of some other word."""
    while verdict(Example(Gesture("", points, keyboard, keyboard.width, keyboard.height), word)) != GOOD:
        (points,) = swipe([word], keyboard, HABITS, rng)
    return points


def languages() -> str:
    """Words of several languages, each a line that names its keyboard."""
    lines: list[str] = []
    for number, (name, words) in enumerate(WORDS.items()):
        keyboard, rng = built_in(name), np.random.default_rng([20261125, number])
        for word, points in zip(words, swipe(words, keyboard, CAREFUL, rng), strict=True):
            size = {"width": keyboard.width, "height": keyboard.height}
            said = {"gesture_id": f"{name}-{len(lines)}", "word": word, "keyboard": name, **size}
            lines.append(_line(said, points))
    return "".join(lines)


def _line(said: dict[str, Any], points: Floats) -> str:
    coords = [{"x": int(x), "y": int(y), "t": round(float(t), 3)} for x, y, t in points]
    return json.dumps(said | {"coords": coords}, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> int:
    """Write the files, or compare them."""
    stale = []
    for name, text in (("swipes.jsonl", person()), ("languages.jsonl", languages())):
        if "--check" not in sys.argv:
            (HERE / name).write_text(text, "utf-8")
        elif not (HERE / name).is_file() or (HERE / name).read_text("utf-8") != text:
            stale.append(name)
    if stale:
        print(f"out of date: {', '.join(stale)}; run `python {Path(__file__).name}`", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
