"""A gesture as the network sees it: frames at equal steps along the path, nine features each."""

from dataclasses import dataclass

import numpy as np

from swipefl.arrays import Doubles, Floats
from swipefl.gesture.gesture import Gesture, Points
from swipefl.gesture.keyboard import Layout

STEP = 1 / 3  # key widths
MIN_FRAMES, MAX_FRAMES = 8, 112  # a path that would have more, one in eighteen, has longer steps
FEATURES = 9


@dataclass(frozen=True, eq=False)
class Frames:
    """Features (T, 9) and positions (T, 2) in key widths, over the key centres of `layout`."""

    features: Floats
    positions: Floats
    layout: Layout


def frames_of(gesture: Gesture) -> Frames:
    """The frames of `gesture` on its own keyboard at its own size."""
    layout = gesture.keyboard.layout(gesture.width, gesture.height)
    points = gesture.points.copy()
    points[:, :2] *= layout.scale
    return frames_of_points(points, layout)


def frames_of_points(points: Points, layout: Layout) -> Frames:
    """The frames of points (N, 3) given in key widths and seconds.

    The path is never normalised by its own extent: that would erase which row was swiped.
    """
    x, y, t = resample(points).T
    position = np.stack((x, y), axis=1)
    step = np.diff(position, axis=0, prepend=position[:1])
    heading = np.arctan2(step[:, 1], step[:, 0])
    heading[0] = heading[1]
    turn = np.diff(heading, prepend=heading[:1])
    to_keys = layout.centres[None] - position[:, None]  # (T, K, 2)
    nearest = np.einsum("tkc,tkc->tk", to_keys, to_keys).argmin(1)
    features = np.empty((len(position), FEATURES), np.float32)
    features[:, 0:2] = (position - layout.centres.mean(0)) / 3
    features[:, 2:4] = step / STEP
    features[:, 4] = np.log(np.diff(t, prepend=t[:1] - 0.04) + 0.004) + 3.2  # about 0 for a usual step of 0.04 s
    features[:, 5] = np.cos(turn)
    features[:, 6] = np.sin(turn)
    features[:, 7:9] = to_keys[np.arange(len(position)), nearest]
    return Frames(features, position.astype(np.float32), layout)


def resample(points: Points) -> Doubles:
    """Points (T, 3) at equal steps of about STEP along the path; T is between MIN_FRAMES and MAX_FRAMES."""
    wide = points.astype(np.float64)
    lengths = np.hypot(np.diff(wide[:, 0]), np.diff(wide[:, 1]))
    along = np.concatenate(([0.0], np.cumsum(lengths)))
    count = min(max(int(np.ceil(along[-1] / STEP)) + 1, MIN_FRAMES), MAX_FRAMES)
    if along[-1] < 1e-6:  # a tap has no length; spread its frames over its time
        along = np.linspace(0.0, 1.0, len(wide))
    at = np.linspace(0.0, along[-1], count)
    return np.stack([np.interp(at, along, wide[:, axis]) for axis in range(3)], axis=1)
