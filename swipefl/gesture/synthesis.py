"""Generated swipes: people with habits of their own, fitted to measured figures of how people swipe.

A swipe is a sum of overlapping strokes, one from each letter to the next, each with a bell-shaped, skewed speed
(the sigma-lognormal model of hand movement: Plamondon 1995, Biol. Cybern. 72; here with a log-logistic in place of the
lognormal, which needs no error function). Strokes overshoot, bow and overlap; that makes the path longer than the
straight line through the keys, as real paths are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from swipefl.gesture.gesture import Points
from swipefl.gesture.keyboard import Keyboard, Layout

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Person:
    """What stays the same across one person's swipes; offsets are (x, y) in key widths and rows."""

    start_offset: tuple[float, float]
    end_offset: tuple[float, float]
    start_noise: tuple[float, float]
    end_noise: tuple[float, float]
    inner_noise: float
    log_speed: float
    overlap: float
    overshoot: float
    bow: float
    wobble: float
    slant: float


def draw_person(rng: np.random.Generator) -> Person:
    """A person drawn from the spread between people."""
    start_x = float(0.23 * np.exp(rng.normal(0, 0.36)))
    end_x = float(0.36 * np.exp(rng.normal(0, 0.34)))
    start_bias = rng.normal((0.014, 0.063), (0.107, 0.065))
    end_bias = 0.6 * start_bias + rng.normal((0.018, 0.057), (0.117, 0.07))
    return Person(
        start_offset=(float(start_bias[0]), float(start_bias[1])),
        end_offset=(float(end_bias[0]), float(end_bias[1])),
        start_noise=(start_x, 0.57 * start_x),
        end_noise=(end_x, 0.5 * end_x),
        inner_noise=float(0.19 * np.exp(rng.normal(0, 0.42))),
        log_speed=float(rng.normal(0, 0.42)),
        overlap=float(np.clip(rng.normal(0.26, 0.12), 0.0, 0.6)),
        overshoot=float(np.clip(rng.normal(0.25, 0.1), 0.0, 0.6)),
        bow=float(rng.normal(0.0, 0.06)),
        wobble=float(0.075 * np.exp(rng.normal(0, 0.4))),
        slant=float(rng.normal(0, 0.02)),
    )


def swipe(words: Sequence[str], keyboard: Keyboard, person: Person, rng: np.random.Generator) -> list[Points]:
    """One swipe of `person` for each of `words`: points (N, 3) in the keyboard's own units and seconds."""
    layout = keyboard.layout(keyboard.width, keyboard.height)
    return [_to_units(points, layout) for points in swipe_in_key_widths(words, layout, person, rng)]


def _to_units(points: Points, layout: Layout) -> Points:
    drawn = points.copy()
    drawn[:, :2] = np.round(drawn[:, :2] / layout.scale)  # touch screens report whole pixels
    drawn[:, 2] = np.round(drawn[:, 2], 3)
    return drawn


def swipe_in_key_widths(words: Sequence[str], layout: Layout, person: Person, rng: np.random.Generator) -> list[Points]:
    """One swipe for each of `words`: points (N, 3) in key widths and seconds."""
    targets, strokes = _targets(words, layout, person, rng)
    duration = _stroke_durations(targets, strokes, person, rng)
    begin, pause = _stroke_begins(targets, duration, strokes, person, rng)
    end = (begin + 1.02 * duration)[np.arange(len(words)), strokes - 1] + pause
    times, counts = _sample_times(end, rng)
    paths = _paths(targets, strokes, begin, duration, times, person, rng)
    paths += _wobble(times, person, rng)
    times = np.maximum.accumulate(times + rng.normal(0, 0.0017, times.shape), axis=1)
    times -= times[:, :1]
    stacked = np.concatenate((paths, times[:, :, None]), axis=2).astype(np.float32)
    return [points[:count] for points, count in zip(stacked, counts, strict=True)]


def _targets(
    words: Sequence[str], layout: Layout, person: Person, rng: np.random.Generator
) -> tuple[Doubles, npt.NDArray[np.intp]]:
    """Where the finger aims, (B, S + 1, 2) key widths, and the number of strokes (B,), at least one."""
    row = float(np.ptp(layout.centres[:, 1])) / 2 or 1.5
    keys = [_keys(word, layout, rng) for word in words]
    strokes = np.array([max(len(k) - 1, 1) for k in keys])
    targets = np.zeros((len(words), int(strokes.max()) + 1, 2))
    for i, path in enumerate(keys):
        targets[i, : len(path)] = layout.centres[path]
        targets[i, len(path) :] = layout.centres[path[-1]]
    every = np.arange(len(words))
    bias = 0.5 * (np.array(person.start_offset) + np.array(person.end_offset))
    noise = rng.normal(size=targets.shape) * (person.inner_noise, 0.62 * person.inner_noise * row)
    inner = noise + bias * (1, row)
    inner[:, 0] = person.start_offset + rng.normal(size=(len(words), 2)) * person.start_noise
    inner[:, 0, 1] *= row
    last = person.end_offset + rng.normal(size=(len(words), 2)) * person.end_noise
    inner[every, strokes] = last * (1, row)
    targets += inner
    targets[..., 0] += person.slant * (targets[..., 1] - layout.centres[:, 1].mean())
    return targets, strokes


def _keys(word: str, layout: Layout, rng: np.random.Generator) -> list[int]:
    keys = [int(rng.choice(np.flatnonzero(layout.key_letter == layout.index[letter]))) for letter in word]
    return [key for i, key in enumerate(keys) if i == 0 or key != keys[i - 1]]


def _stroke_durations(
    targets: Doubles, strokes: npt.NDArray[np.intp], person: Person, rng: np.random.Generator
) -> Doubles:
    """Seconds a stroke (B, S): together about 0.123 L^0.875 s for a path of L key widths."""
    distance = np.hypot(*np.moveaxis(np.diff(targets, axis=1), 2, 0))
    real = np.arange(distance.shape[1]) < strokes[:, None]
    length = (distance * real).sum(1) + 0.3
    log_noise = rng.normal(0.0, 0.36, len(targets)) - person.log_speed
    total = 0.123 * length**0.875 * np.exp(log_noise)
    share = (0.25 + distance) ** 0.7 * np.exp(rng.normal(0, 0.25, distance.shape)) * real
    whole: Doubles = share / share.sum(1, keepdims=True) * total[:, None]
    return np.maximum(whole, 1e-3) / (1 - 0.6 * person.overlap)


def _stroke_begins(
    targets: Doubles, duration: Doubles, strokes: npt.NDArray[np.intp], person: Person, rng: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """When each stroke begins (B, S), after a short rest on the first key, and the rest (B,) on the last."""
    overlap = np.clip(person.overlap + rng.normal(0, 0.1, duration.shape), 0, 0.7)
    hesitation = rng.exponential(0.012, duration.shape)
    gaps = duration * (1 - overlap) + hesitation
    first = rng.exponential(0.012, len(targets)) - 0.12 * duration[:, 0]  # many fingers land already moving
    begin = np.concatenate((np.zeros((len(targets), 1)), np.cumsum(gaps[:, :-1], axis=1)), axis=1)
    return begin + first[:, None], rng.exponential(0.015, len(targets))


def _sample_times(end: Doubles, rng: np.random.Generator) -> tuple[Doubles, npt.NDArray[np.intp]]:
    """Sampling times (B, T) of a touch screen of about 60 Hz that drops some frames, and how many count (B,)."""
    slots = min(int(np.ceil(end.max() / 0.0165)) + 2, 480)
    steps = 0.0167 + rng.normal(0, 0.0008, (len(end), slots))
    steps *= np.where(rng.random(steps.shape) < 0.05, 2, 1)
    times = np.cumsum(steps, axis=1) - steps[:, :1]
    return times, np.maximum((times <= end[:, None]).sum(1), 4)


def _paths(
    targets: Doubles,
    strokes: npt.NDArray[np.intp],
    begin: Doubles,
    duration: Doubles,
    times: Doubles,
    person: Person,
    rng: np.random.Generator,
) -> Doubles:
    """Positions (B, T, 2): the sum of the strokes' displacements."""
    batch, count = begin.shape
    over = np.abs(rng.normal(person.overshoot, 0.12, (batch, count)))
    over[np.arange(batch), strokes - 1] = 0  # how far an end lies from its key is drawn with the target
    bow = person.bow + rng.normal(0, 0.06, (batch, count))
    position = np.repeat(targets[:, :1], times.shape[1], axis=1)
    here = targets[:, 0]
    sharpness = 6.0
    for i in range(count):
        way = targets[:, i + 1] - here
        distance = np.hypot(way[:, 0], way[:, 1]) + 1e-9
        alive = i < strokes
        reach = np.where(alive, 1 + np.minimum(over[:, i] / distance, 0.6), 0.0)
        since = np.maximum((times - begin[:, i : i + 1]) / duration[:, i : i + 1], 1e-6)
        done = 1 / (1 + (0.5 / since) ** sharpness)  # (B, T), log-logistic
        arc = np.sin(np.pi * done) * (bow[:, i] * alive)[:, None]
        across = np.stack((-way[:, 1], way[:, 0]), axis=1)
        position += done[:, :, None] * (way * reach[:, None])[:, None] + arc[:, :, None] * across[:, None]
        here = here + way * reach[:, None]
    return position


def _wobble(times: Doubles, person: Person, rng: np.random.Generator) -> Doubles:
    """Slow, smooth unsteadiness (B, T, 2) in key widths: three sines of 1 to 6 Hz."""
    shape = (len(times), 1, 2, 3)
    phase, rate = rng.uniform(0, 2 * np.pi, shape), rng.uniform(1, 6, shape)
    waves = np.sin(2 * np.pi * rate * times[:, :, None, None] + phase)
    smooth: Doubles = person.wobble * waves.sum(-1) / np.sqrt(1.5)
    return smooth


def stretched(person: Person, factor: float) -> Person:
    """`person` with all scatter scaled by `factor`."""
    return replace(
        person,
        start_noise=(person.start_noise[0] * factor, person.start_noise[1] * factor),
        end_noise=(person.end_noise[0] * factor, person.end_noise[1] * factor),
        inner_noise=person.inner_noise * factor,
    )
