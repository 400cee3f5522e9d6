"""What a model saw of one gesture, frame by frame: where the finger was, where it was meant to be, and which letter."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from swipefl.arrays import Floats
from swipefl.gesture.keyboard import Layout


@dataclass(frozen=True)
class SeenFrame:
    """The finger's place and the one it was meant to be at, in key widths; the frame's best letter, None for blank.

    `probability` is that of the best letter, or of blank where blank is best.
    """

    x: float
    y: float
    meant_x: float
    meant_y: float
    letter: str | None
    probability: float


@dataclass(frozen=True, eq=False)
class Sight:
    """All frames of one gesture, over the key centres of `layout`."""

    frames: tuple[SeenFrame, ...]
    layout: Layout

    def emissions(self) -> Iterator[SeenFrame]:
        """The frames that emit a letter, as greedy decoding reads them: of neighbours with one letter, the surest."""
        for letter, run in groupby(self.frames, key=lambda frame: frame.letter):
            if letter is not None:
                yield max(run, key=lambda frame: frame.probability)

    @property
    def spelling(self) -> str:
        """What the network alone would write, without a lexicon."""
        return "".join(frame.letter or "" for frame in self.emissions())


def sight(positions: Floats, meant: Floats, log_probs: Floats, layout: Layout) -> Sight:
    """What was seen, from positions and meant places (T, 2) in key widths and log-probabilities (T, 1 + L)."""
    best = log_probs.argmax(1)
    probabilities = np.exp(log_probs.max(1))
    rows = zip(positions.tolist(), meant.tolist(), best.tolist(), probabilities.tolist(), strict=True)
    frames = (
        SeenFrame(x, y, meant_x, meant_y, layout.letters[code - 1] if code else None, probability)
        for (x, y), (meant_x, meant_y), code, probability in rows
    )
    return Sight(tuple(frames), layout)
