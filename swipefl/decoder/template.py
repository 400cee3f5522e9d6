"""How far a whole path lies from the straight line through a word's keys: what CTC cannot see.

CTC scores letters frame by frame; a word that ignores half of the path costs it little. A template sees path and word
at once, as in the location channel of SHARK2 (Kristensson, Zhai 2004, UIST).
"""

from dataclasses import dataclass

import numpy as np

from swipefl.arrays import Floats
from swipefl.decoder.word_index import Rows
from swipefl.gesture.features import Frames

SAMPLES = 32  # points, at equal steps along a path or template
END_WEIGHTS = 0.15 + np.abs(np.linspace(-1, 1, SAMPLES, dtype=np.float32)) ** 8  # ends are aimed at, middles wander
DEVIATIONS = ("location", "start", "end", "missed", "extent")


@dataclass(frozen=True, eq=False)
class Path:
    """A gesture's path in key widths: positions (T, 2) of its frames.

    For each code (1 + L): where its key lies, `keys` (1 + L, 2), and how near the path comes to it, `away` (1 + L,).
    """

    positions: Floats
    keys: Floats
    away: Floats


def path_of(frames: Frames) -> Path:
    """The path of a gesture's frames; of a letter's several keys the one that comes nearest to it counts."""
    layout = frames.layout
    distances = _norm(layout.centres[:, None] - frames.positions).min(1)  # (K,)
    keys = np.zeros((1 + len(layout.letters), 2), np.float32)
    away = np.zeros(len(keys), np.float32)
    for key in np.argsort(-distances):  # the nearest one comes last
        code = 1 + layout.key_letter[key]
        keys[code], away[code] = layout.centres[key], distances[key]
    return Path(frames.positions, keys, away)


def deviations(path: Path, codes: Rows, lengths: Rows) -> Floats:
    """How words (N,) given as codes (M, N) deviate from the path: a column (N, 5) for each of DEVIATIONS.

    `location` is the mean root of the distances between points of path and template, ends counting more; `start` and
    `end` the squares of those at the ends; `missed` the root of the mean distance of the word's keys to the nearest
    frame; `extent` the logarithm of the template's length, as a longer way explains more by chance. Key widths. These
    five, and roots or squares, were the best of 50 tried one after the other.
    """
    real = np.arange(len(codes))[:, None] < lengths  # (M, N)
    last = np.take_along_axis(codes, (lengths - 1)[None], axis=0)
    corners = path.keys[np.where(real, codes, last).T]  # (N, M, 2), the last key again where a word has ended
    apart = _norm(_at_equal_steps(corners) - _at_equal_steps(path.positions[None]))  # (N, S)
    missed = (path.away[codes] * real).sum(0) / lengths
    straight = _norm(np.diff(corners, axis=1)).sum(1)
    columns = (
        np.sqrt(apart + 0.05) @ (END_WEIGHTS / END_WEIGHTS.sum()),
        apart[:, 0] ** 2,
        apart[:, -1] ** 2,
        np.sqrt(missed),
        np.log(straight + 0.3),
    )
    return np.stack(columns, axis=1)


def _norm(vectors: Floats) -> Floats:
    lengths: Floats = np.sqrt(np.einsum("...c,...c->...", vectors, vectors))
    return lengths


def _at_equal_steps(paths: Floats) -> Floats:
    """Paths (N, SAMPLES, 2) at equal steps along paths (N, M, 2); one that goes nowhere stays where it is."""
    steps = _norm(np.diff(paths, axis=1))
    along = np.cumsum(np.pad(steps, ((0, 0), (1, 0))), axis=1, dtype=np.float64)  # (N, M)
    length = along[:, -1:]
    begins = np.cumsum(length + 1)[:, None] - length - 1  # one path after the other, a step of 1 between
    at, known = (begins + length * np.linspace(0, 1, SAMPLES)).ravel(), (begins + along).ravel()
    points = np.interp(at, known, np.ascontiguousarray(paths).view(np.complex64).ravel())  # x + iy
    return points.astype(np.complex64).view(np.float32).reshape(-1, SAMPLES, 2)
