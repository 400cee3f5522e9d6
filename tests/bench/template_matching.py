"""The reference that the decoder is held against: template matching after SHARK2 (Kristensson, Zhai 2004).

Each word's template is the straight line through its keys. A gesture is compared with the templates whose ends lie
near its own, as it lies (location channel) and moved and scaled to one size (shape channel); both distances and the
word's frequency make its score. The weights were tuned on people of the training set.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from swipefl.decoder.lexicon import Lexicon
from swipefl.decoder.search import Candidate
from swipefl.decoder.word_index import WordTable
from swipefl.gesture.gesture import Gesture
from swipefl.gesture.keyboard import Keyboard

Floats = npt.NDArray[np.float32]

SAMPLES = 64  # points of a resampled path
NEAR = 2.0  # key widths from a template's start to the gesture's, and from end to end
ROW_PER_KEY = 1.58  # usual height of a row in key widths
MIDDLE = 0.15  # weight of a path's middle in the location channel; it grows to 1 + MIDDLE at the ends
STEEPNESS = 4  # of that growth; 890 swipes of training people: 1 gives 71.7 top-1, 2 72.3, 3 72.8, 4 73.6
LOCATION, SHAPE, FREQUENCY = 16.0, 15.0, 1.0  # weights: per key width, per unit of size, per e-fold


class TemplateMatcher:
    """Matches gestures on one keyboard with the templates of a lexicon's words."""

    def __init__(self, lexicon: Lexicon, keyboard: Keyboard, weights: Sequence[float] = (LOCATION, SHAPE, FREQUENCY)):
        self.table = lexicon.index(keyboard.letters).tables[0]
        self.weights = weights
        self._unit = np.array([keyboard.keys[0].width, keyboard.keys[0].height / ROW_PER_KEY])
        self._size = np.array([keyboard.width, keyboard.height])
        centres = {key.letter: (key.x, key.y) for key in keyboard.keys}
        self._templates = _templates(self.table, np.array([centres[c] for c in keyboard.letters]) / self._unit)
        self._shapes = _shapes(self._templates)

    def decode(self, gesture: Gesture, top: int = 5) -> list[Candidate]:
        """The best `top` words, best first."""
        rows, distances, shapes = self.distances(gesture)
        location, shape, frequency = self.weights
        scores = frequency * self.table.ln_frequencies[rows] - location * distances - shape * shapes
        best = np.argsort(-scores)[:top]
        relative = np.exp(scores - scores.max(initial=-np.inf))
        words, spelled = self.table.written.text(rows[best]), self.table.spelled.text(rows[best])
        numbers = zip(words, spelled, scores[best].tolist(), (relative[best] / relative.sum()).tolist(), strict=True)
        return [Candidate(*columns) for columns in numbers]

    def distances(self, gesture: Gesture) -> tuple[npt.NDArray[np.intp], Floats, Floats]:
        """Rows of the words with near ends, and their distances (N,) in the location and the shape channel."""
        points = gesture.points[:, :2] / (gesture.width, gesture.height) * self._size / self._unit
        path = _resampled(points[None].astype(np.float32))
        start = np.hypot(*(self._templates[:, 0] - path[0, 0]).T)
        end = np.hypot(*(self._templates[:, -1] - path[0, -1]).T)
        rows = np.flatnonzero((start < NEAR) & (end < NEAR) & (self.table.spelled.lengths > 0))
        location = np.sqrt(((self._templates[rows] - path) ** 2).sum(2)) @ _location_weights()
        shape = np.sqrt(((self._shapes[rows] - _shapes(path)) ** 2).sum(2)).mean(1)
        return rows, location, shape


def _location_weights() -> Floats:
    weights = MIDDLE + np.abs(np.linspace(-1, 1, SAMPLES)) ** STEEPNESS
    normalised: Floats = (weights / weights.sum()).astype(np.float32)
    return normalised


def _templates(table: WordTable, centres: npt.NDArray[np.float64]) -> Floats:
    """Straight paths (N, SAMPLES, 2) through each word's keys."""
    paths = np.zeros((len(table), SAMPLES, 2), np.float32)
    lengths = table.spelled.lengths
    for length in np.unique(lengths[lengths > 0]):
        rows = np.flatnonzero(lengths == length)
        codes = table.spelled.run(rows).reshape(len(rows), -1)[:, 1:]
        keys = centres[codes.astype(np.intp) - 1].astype(np.float32)
        paths[rows] = _resampled(keys)
    return paths


def _resampled(paths: Floats) -> Floats:
    """Paths (N, SAMPLES, 2) at equal steps along paths (N, K, 2); a single point stays where it is."""
    steps = np.sqrt((np.diff(paths, axis=1) ** 2).sum(2))
    along = np.concatenate((np.zeros((len(paths), 1), np.float32), np.cumsum(steps, axis=1)), axis=1)
    at = np.linspace(0, 1, SAMPLES) * along[:, -1:]
    after = np.clip((along[:, None, :] < at[:, :, None]).sum(2), 1, max(paths.shape[1] - 1, 1))
    if paths.shape[1] == 1:
        return np.repeat(paths, SAMPLES, axis=1)
    from_, to = np.take_along_axis(along, after - 1, 1), np.take_along_axis(along, after, 1)
    part = ((at - from_) / np.maximum(to - from_, 1e-6))[:, :, None]
    before = np.take_along_axis(paths, after[:, :, None] - 1, 1)
    resampled: Floats = (before + part * (np.take_along_axis(paths, after[:, :, None], 1) - before)).astype(np.float32)
    return resampled


def _shapes(paths: Floats) -> Floats:
    """Paths moved to their centroid and scaled so that the longer side of their box is 1."""
    sides = (paths.max(1) - paths.min(1)).max(1)
    shapes: Floats = (paths - paths.mean(1, keepdims=True)) / np.maximum(sides, 0.5)[:, None, None]
    return shapes
