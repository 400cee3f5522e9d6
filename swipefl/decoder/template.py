"""How far a whole path lies from the straight line through a word's keys: what CTC cannot see.

CTC scores letters frame by frame; a word that ignores half of the path costs it little. A template sees path and word
at once, in the location and shape channels of SHARK2 (Kristensson, Zhai 2004, UIST).
"""

from dataclasses import dataclass

import numpy as np

from swipefl.decoder.word_index import Rows
from swipefl.gesture.features import Floats, Frames

SAMPLES = 32  # points, at equal steps along a path or template
END_WEIGHTS = 0.15 + np.abs(np.linspace(-1, 1, SAMPLES, dtype=np.float32)) ** 4  # ends are aimed at, middles wander
DEVIATIONS = ("location", "spread", "missed", "start", "end", "shape")


@dataclass(frozen=True, eq=False)
class Path:
    """A gesture's path (SAMPLES, 2) at equal steps, and where each code's key lies (1 + L, 2), in key widths."""

    points: Floats
    keys: Floats


def path_of(frames: Frames) -> Path:
    """The path of a gesture's frames; of a letter's several keys the one that comes nearest to it counts."""
    layout = frames.layout
    away = np.abs(layout.centres[:, None] - frames.positions[None]).sum(2).min(1)  # (K,)
    keys = np.zeros((1 + len(layout.letters), 2), np.float32)
    for key in np.argsort(-away):  # the nearest one comes last
        keys[1 + layout.key_letter[key]] = layout.centres[key]
    return Path(_at_equal_steps(frames.positions[None])[0], keys)


def deviations(path: Path, codes: Rows, lengths: Rows) -> Floats:
    """How words (N,) given as codes (M, N) deviate from the path: a column (N, 6) for each of DEVIATIONS.

    `location` is the mean distance between points of path and template, ends counting more; `spread` the plain
    mean, more for longer words; `missed` how far the path keeps from the template where it comes nearest; `start` and
    `end` the distances at the ends; `shape` the mean distance after both are centred and scaled to one size. Key widths
    and their roots and squares, which fitted better.
    """
    last = np.take_along_axis(codes, (lengths - 1)[None], axis=0)
    filled = np.where(np.arange(len(codes))[:, None] < lengths, codes, last)  # the last key again: no way to go
    corners = path.keys[filled.T]  # (N, M, 2)
    templates = _at_equal_steps(corners)
    apart = _norm(templates - path.points)  # (N, S)
    straight = _norm(np.diff(corners, axis=1)).sum(1)
    columns = (
        apart @ (END_WEIGHTS / END_WEIGHTS.sum()),
        apart.mean(1) * np.sqrt(straight),
        np.sqrt(_nearest(templates, path.points).mean(1)),
        np.sqrt(apart[:, 0] + 0.02),
        apart[:, -1] ** 2,
        _norm(_shape(templates) - _shape(path.points[None])).mean(1),
    )
    return np.stack(columns, axis=1)


def _norm(vectors: Floats) -> Floats:
    lengths: Floats = np.sqrt(np.einsum("...c,...c->...", vectors, vectors))
    return lengths


def _nearest(templates: Floats, points: Floats) -> Floats:
    """The distance (N, S) from each point of templates (N, S, 2) to the nearest of points (S, 2)."""
    squares = (templates**2).sum(2)[:, :, None] + (points**2).sum(1) - 2 * templates @ points.T  # (N, S, S)
    nearest: Floats = np.sqrt(np.maximum(squares.min(2), 0))
    return nearest


def _at_equal_steps(paths: Floats) -> Floats:
    """Paths (N, SAMPLES, 2) at equal steps along paths (N, M, 2); one that goes nowhere stays where it is."""
    if paths.shape[1] == 1:
        return np.repeat(paths, SAMPLES, axis=1)
    steps = _norm(np.diff(paths, axis=1))
    along = np.concatenate((np.zeros((len(paths), 1), np.float32), np.cumsum(steps, axis=1)), axis=1)
    at = np.linspace(0, 1, SAMPLES, dtype=np.float32) * along[:, -1:]  # (N, S)
    after = np.clip((along[:, None, :] < at[:, :, None]).sum(2), 1, paths.shape[1] - 1)
    before = after - 1
    start, stop = np.take_along_axis(along, before, 1), np.take_along_axis(along, after, 1)
    part = ((at - start) / np.maximum(stop - start, 1e-6))[:, :, None]
    rows = np.arange(len(paths))[:, None]
    here, there = paths[rows, before], paths[rows, after]
    points: Floats = (here + part * (there - here)).astype(np.float32)
    return points


def _shape(paths: Floats) -> Floats:
    """Paths (N, S, 2) moved to their centroid and scaled so that the longer side of their box is 1."""
    sides = np.maximum(np.ptp(paths, axis=1).max(1), 0.5)
    shapes: Floats = (paths - paths.mean(1, keepdims=True)) / sides[:, None, None]
    return shapes
