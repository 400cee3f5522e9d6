"""Generated swipes: people with habits of their own, fitted to measured figures of how people swipe.

A swipe is a sum of overlapping strokes from aim to aim, each with a bell-shaped, skewed speed (the sigma-lognormal
model of hand movement: Plamondon 1995, Biol. Cybern. 72; here with a log-logistic in place of the lognormal, which
needs no error function). People do not only scatter: they slip to a neighbouring key, leave letters out, sweep
through letters that lie on their way, go looking for a key, rest, and swing out. Each of these is rare, and each
person does it at a rate of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Doubles
from swipefl.gesture.gesture import Points
from swipefl.gesture.keyboard import Keyboard, Layout

Counts = npt.NDArray[np.intp]

PIXELS_A_KEY = 36  # touch screens report whole pixels
ON_THE_WAY = 0.45  # key widths from the straight line between its neighbours, at most, to sweep through a letter


@dataclass(frozen=True)
class Person:
    """What stays the same across one person's swipes.

    Offsets are (x, y) in key widths and rows, and so is the noise of starts and ends (standard deviations); `drift`
    is that of a whole swipe, `inner_noise` that of a letter in between, in key widths. `end_overshoot` is how far the
    finger goes beyond the last key, in key widths; `lift` when it lifts, in durations of the last stroke. `slip`,
    `skip`, `detour` and `rest` are chances a letter, `smooth` the chance to sweep through a letter on the way.
    """

    start_offset: tuple[float, float]
    end_offset: tuple[float, float]
    start_noise: tuple[float, float]
    end_noise: tuple[float, float]
    inner_noise: float
    drift: float
    log_speed: float
    overlap: float
    sharpness: float
    overshoot: float
    end_overshoot: float
    lift: float
    bow: float
    wobble: float
    slant: float
    slip: float
    skip: float
    detour: float
    rest: float
    smooth: float


def draw_person(rng: np.random.Generator) -> Person:
    """A person drawn from the spread between people."""
    start_x = float(0.21 * np.exp(rng.normal(0, 0.36)))
    end_x = float(0.34 * np.exp(rng.normal(0, 0.34)))
    start_bias = rng.normal((0.014, 0.063), (0.107, 0.065))
    end_bias = 0.6 * start_bias + rng.normal((0.018, 0.057), (0.117, 0.07))
    carelessness = rng.normal()

    def careless(median: float, spread: float) -> float:  # who is careless is so in every way
        return float(median * np.exp(spread * (0.5 * carelessness + 0.866 * rng.normal())))

    return Person(
        start_offset=(float(start_bias[0]), float(start_bias[1])),
        end_offset=(float(end_bias[0]), float(end_bias[1])),
        start_noise=(start_x, 0.57 * start_x),
        end_noise=(0.74 * end_x, 0.37 * end_x),
        inner_noise=careless(0.135, 0.42),
        drift=careless(0.05, 0.4),
        log_speed=float(rng.normal(0, 0.3)),
        overlap=float(np.clip(rng.normal(0.23, 0.14), 0.0, 0.6)),
        sharpness=float(np.clip(5.5 * np.exp(rng.normal(0, 0.25)), 3.2, 11)),
        overshoot=float(np.clip(rng.normal(0.32, 0.12), 0.0, 0.7)),
        end_overshoot=float(rng.normal(0.2, 0.12)),
        lift=float(rng.normal(0.95, 0.12)),
        bow=float(rng.normal(0.0, 0.06)),
        wobble=float(0.055 * np.exp(rng.normal(0, 0.4))),
        slant=float(rng.normal(0, 0.02)),
        slip=min(careless(0.03, 0.5), 0.2),
        skip=min(careless(0.006, 0.8), 0.08),
        detour=min(careless(0.012, 0.8), 0.06),
        rest=min(float(0.11 * np.exp(rng.normal(0, 1.2))), 0.7),
        smooth=float(np.clip(rng.normal(0.3, 0.25), 0.0, 1.0)),
    )


def swipe(words: Sequence[str], keyboard: Keyboard, person: Person, rng: np.random.Generator) -> list[Points]:
    """One swipe of `person` for each of `words`: points (N, 3) in the keyboard's own units and seconds.

    Raises ValueError for a word that cannot be spelled on it.
    """
    layout, spelling = keyboard.layout(keyboard.width, keyboard.height), keyboard.spelling()
    spelled = [keys for word in words if (keys := spelling.of(word))]
    if len(spelled) < len(words):
        raise ValueError("a word cannot be spelled on this keyboard")
    return [_to_units(points, layout) for points in swipe_in_key_widths(spelled, layout, person, rng)]


def _to_units(points: Points, layout: Layout) -> Points:
    drawn = points.copy()
    drawn[:, :2] = np.round(drawn[:, :2] / layout.scale)
    drawn[:, 2] = np.round(drawn[:, 2], 3)
    return drawn


def swipe_in_key_widths(words: Sequence[str], layout: Layout, person: Person, rng: np.random.Generator) -> list[Points]:
    """One swipe for each of `words`, as they are spelled: points (N, 3) in key widths and seconds."""
    aims = _aims(words, layout, person, rng)
    pace = rng.normal(-0.1, 0.27, len(words)) - person.log_speed  # ln of how much longer than usual a swipe takes
    duration = _stroke_durations(aims, pace, person, rng)
    begin, end = _stroke_times(aims, duration, pace, person, rng)
    times, counts = _sample_times(end, rng)
    paths = _paths(aims, begin, duration, times, end, person, rng) + _wobble(times, pace, person, rng)
    paths = np.round(paths * PIXELS_A_KEY) / PIXELS_A_KEY
    times = np.maximum.accumulate(times + rng.normal(0, 0.0017, times.shape), axis=1)
    times -= times[:, :1]
    stacked = np.concatenate((paths, times[:, :, None]), axis=2).astype(np.float32)
    return [points[:count] for points, count in zip(stacked, counts, strict=True)]


@dataclass(frozen=True, eq=False)
class _Aims:
    """Where a finger goes in B swipes: points (B, S + 1, 2) in key widths, strokes (B,) that count, at least one.

    `doubles` (B, S + 1): whether a letter is typed twice there.
    """

    points: Doubles
    strokes: Counts
    doubles: npt.NDArray[np.bool_]

    @property
    def distances(self) -> Doubles:
        """The strokes' straight lengths (B, S)."""
        lengths: Doubles = np.hypot(*np.moveaxis(np.diff(self.points, axis=1), 2, 0))
        return lengths

    @property
    def real(self) -> npt.NDArray[np.bool_]:
        """Which strokes count (B, S)."""
        return np.arange(self.points.shape[1] - 1) < self.strokes[:, None]


def _aims(words: Sequence[str], layout: Layout, person: Person, rng: np.random.Generator) -> _Aims:
    row = float(np.ptp(layout.centres[:, 1])) / 2 or 1.5
    routes = [_route(word, layout, row, person, rng) for word in words]
    batch, every = len(words), np.arange(len(words))
    strokes = np.array([max(len(points) - 1, 1) for points, _ in routes])
    aims = np.zeros((batch, int(strokes.max()) + 1, 2))
    doubles = np.zeros(aims.shape[:2], bool)
    for i, (points, double) in enumerate(routes):
        aims[i, : len(points)] = points
        aims[i, len(points) :] = points[-1]
        doubles[i, : len(double)] = double
    start, end = np.array(person.start_offset), np.array(person.end_offset)
    offset = np.broadcast_to(0.5 * (start + end), aims.shape) + person.drift * rng.normal(size=(batch, 1, 2)) * (1, 0.7)
    # Student's t: most ends land near, a few far off; divided by what it is wider than a normal
    offset[:, 0] = start + rng.standard_t(4, (batch, 2)) / 1.2 * person.start_noise
    offset[every, strokes] = end + rng.standard_t(5, (batch, 2)) / 1.15 * person.end_noise
    aims += offset * (1, row)
    # along their way people land a little behind the first key and lift beyond the last
    first, last = _headings(aims, strokes)
    aims[:, 0] -= first * rng.normal(0.07, 0.08, (batch, 1))
    aims[every, strokes] += last * rng.normal(person.end_overshoot, 0.25, (batch, 1))
    aims[..., 0] += person.slant * (aims[..., 1] - layout.centres[:, 1].mean())
    return _Aims(aims, strokes, doubles)


def _headings(aims: Doubles, strokes: Counts) -> tuple[Doubles, Doubles]:
    """The directions (B, 2) of each swipe's first and last stroke; 0 for one that goes nowhere."""
    every = np.arange(len(aims))
    ways = np.stack((aims[:, 1] - aims[:, 0], aims[every, strokes] - aims[every, strokes - 1]))
    lengths = np.hypot(ways[..., 0], ways[..., 1])[..., None]
    first, last = ways / np.maximum(lengths, 0.5)
    return first, last


def _route(
    word: str, layout: Layout, row: float, person: Person, rng: np.random.Generator
) -> tuple[Doubles, list[bool]]:
    """The points (R, 2) that one swipe of `word` aims at, in order, and at which of them a letter is typed twice."""
    keys: list[int] = []
    doubles: list[bool] = []
    for letter in word:
        key = int(rng.choice(np.flatnonzero(layout.key_letter == layout.index[letter])))
        if keys and keys[-1] == key:
            doubles[-1] = True
        else:
            keys.append(key)
            doubles.append(False)
    points = layout.centres[keys].astype(np.float64)
    count = len(keys)
    if count < 3:
        return points, doubles
    sweeps, skips, slips, detours = rng.random((4, count)) < np.array(
        [[person.smooth], [person.skip], [person.slip], [person.detour]]
    )
    left_out = skips | (sweeps & _on_the_way(points) & ~np.array(doubles))
    left_out[[0, -1]] = False
    noise = rng.standard_t(5, (count, 2)) / 1.2 * (person.inner_noise, 0.62 * row * person.inner_noise)
    noise[slips] += rng.normal(0, 0.7, (int(slips.sum()), 2)) * (1, 0.6 * row)
    points[1:-1] += noise[1:-1]
    route: list[Doubles] = []
    stays: list[bool] = []
    for i in np.flatnonzero(~left_out):
        if i and detours[i]:
            route.append(_detour(points[i], layout, rng))
            stays.append(False)
        route.append(points[i])
        stays.append(doubles[i])
    return np.array(route), stays


def _on_the_way(points: Doubles) -> npt.NDArray[np.bool_]:
    """Which points (R, 2) lie near the straight line between their neighbours, and between them (R,)."""
    away, on = points[1:-1] - points[:-2], points[2:] - points[:-2]
    share = (away * on).sum(1) / np.maximum((on**2).sum(1), 1e-6)
    distance = np.hypot(*(away - share[:, None] * on).T)
    near = (share > 0.05) & (share < 0.95) & (distance < ON_THE_WAY)
    return np.concatenate(([False], near, [False]))


def _detour(target: Doubles, layout: Layout, rng: np.random.Generator) -> Doubles:
    """Where a finger goes that is looking for the key at `target`: near it, or to any key."""
    near = rng.random() < 0.6
    centre = target if near else layout.centres[rng.integers(len(layout.centres))]
    scatter = (1.0, 0.8) if near else (0.0, 0.0)
    there: Doubles = centre + rng.normal(0, 1, 2) * scatter
    return there


def _stroke_durations(aims: _Aims, pace: Doubles, person: Person, rng: np.random.Generator) -> Doubles:
    """Seconds a stroke (B, S): together about 0.123 L^0.875 s for a path of L key widths."""
    distance, real = aims.distances, aims.real
    total = 0.123 * ((distance * real).sum(1) + 0.3) ** 0.875 * np.exp(pace)
    share = (0.25 + distance) ** 0.7 * np.exp(rng.normal(0, 0.3, distance.shape)) * real
    whole: Doubles = share / share.sum(1, keepdims=True) * total[:, None]
    return np.maximum(whole, 1e-3) / (1 - 0.6 * person.overlap)


def _stroke_times(
    aims: _Aims, duration: Doubles, pace: Doubles, person: Person, rng: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """When each stroke begins (B, S), and when the finger lifts (B,)."""
    batch, shape = len(duration), duration.shape
    overlap = person.overlap + rng.normal(0, 0.1, (batch, 1)) + rng.normal(0, 0.12, shape)
    slow = np.exp(0.5 * pace)[:, None]
    waits = rng.exponential(0.012, shape)
    rests = rng.random(shape) < person.rest
    waits += rests * rng.exponential(0.17, shape) * np.exp(rng.normal(0, 0.8, shape)) * slow
    a_letter = (duration.sum(1) / np.maximum(aims.strokes, 1))[:, None]
    waits += aims.doubles[:, 1:] * a_letter * np.maximum(rng.normal(0.3, 0.3, shape), -0.1)
    gaps = duration * (1 - np.clip(overlap, 0, 0.75)) + waits
    # most fingers land already moving and lift while still slowing down; some rest first or last
    first = _rest(rng, 0.012, batch) - 0.12 * duration[:, 0]
    begin = np.concatenate((np.zeros((batch, 1)), np.cumsum(gaps[:, :-1], axis=1)), axis=1) + first[:, None]
    lift = np.clip(person.lift + rng.normal(0, 0.08, batch), 0.7, 1.1)
    final = (np.arange(batch), aims.strokes - 1)
    end = begin[final] + lift * duration[final]
    return begin, end + _rest(rng, 0.012, batch)


def _rest(rng: np.random.Generator, usual_s: float, count: int) -> Doubles:
    """Seconds (count,) of rest: usually short, one in eight longer."""
    return rng.exponential(usual_s, count) + (rng.random(count) < 0.12) * rng.exponential(0.12, count)


def _sample_times(end: Doubles, rng: np.random.Generator) -> tuple[Doubles, Counts]:
    """Sampling times (B, T) of a touch screen of about 60 Hz that drops some frames, and how many count (B,).

    A swipe of more than eight seconds is sampled more coarsely.
    """
    slots = min(int(np.ceil(end.max() / 0.0165)) + 2, 480)
    steps = 0.0167 + rng.normal(0, 0.0008, (len(end), slots))
    steps *= np.where(rng.random(steps.shape) < 0.05, 2, 1)
    steps *= np.maximum(end / (0.0167 * 470), 1)[:, None]
    times = np.cumsum(steps, axis=1) - steps[:, :1]
    return times, np.maximum((times <= end[:, None]).sum(1), 4)


def _paths(
    aims: _Aims,
    begin: Doubles,
    duration: Doubles,
    times: Doubles,
    end: Doubles,
    person: Person,
    rng: np.random.Generator,
) -> Doubles:
    """Positions (B, T, 2): the sum of the strokes' displacements."""
    batch, count = begin.shape
    over = np.abs(rng.normal(person.overshoot, 0.15, (batch, count))) * _rarely(2.2, rng, (batch, count))
    over[np.arange(batch), aims.strokes - 1] = 0  # how far an end lies from its key is drawn with the aim
    bow = (person.bow + rng.normal(0, 0.06, (batch, count))) * _rarely(3.5, rng, (batch, count)) * aims.real
    late = np.exp(rng.normal(0.2, 0.35, (batch, count)))
    turn = rng.normal(0, 0.02, (batch, count)) * aims.real
    sharpness = person.sharpness * np.exp(rng.normal(0, 0.15, (batch, 1)))
    # whoever lifts before the last stroke is done has aimed farther, and lifts where the aim was drawn
    until_lift = np.clip((end[:, None] - begin) / duration, 0.7, 9)
    final = np.arange(count) == aims.strokes[:, None] - 1
    done_at_lift = np.where(final, 1 / (1 + (0.5 / until_lift) ** sharpness), 1)
    position = np.repeat(aims.points[:, :1], times.shape[1], axis=1)
    here = aims.points[:, 0]
    for i in range(count):
        way = aims.points[:, i + 1] - here
        distance = np.hypot(way[:, 0], way[:, 1]) + 1e-9
        reach = (1 + np.minimum(over[:, i] / distance, 0.6)) * aims.real[:, i]
        reach /= done_at_lift[:, i]
        since = np.maximum((times - begin[:, i : i + 1]) / duration[:, i : i + 1], 1e-6)
        done = 1 / (1 + (0.5 / since) ** sharpness)  # (B, T), log-logistic
        arc = bow[:, i : i + 1] * np.sin(np.pi * done ** late[:, i : i + 1])  # widest rather after its middle
        arc += turn[:, i : i + 1] * np.sin(2 * np.pi * done)
        across = np.stack((-way[:, 1], way[:, 0]), axis=1)
        position += done[:, :, None] * (way * reach[:, None])[:, None] + arc[:, :, None] * across[:, None]
        here = here + way * reach[:, None]
    return position


def _rarely(factor: float, rng: np.random.Generator, shape: tuple[int, int]) -> Doubles:
    """`factor` one time in twelve, else 1."""
    return np.where(rng.random(shape) < 0.08, factor, 1.0)


def _wobble(times: Doubles, pace: Doubles, person: Person, rng: np.random.Generator) -> Doubles:
    """Slow, smooth unsteadiness (B, T, 2) in key widths: three sines of 0.7 to 5 Hz; a slow finger wobbles less."""
    shape = (len(times), 1, 2, 3)
    phase, rate = rng.uniform(0, 2 * np.pi, shape), rng.uniform(0.7, 5, shape)
    waves = np.sin(2 * np.pi * rate * times[:, :, None, None] + phase).sum(-1) / np.sqrt(1.5)
    smooth: Doubles = person.wobble * np.exp(-0.5 * pace)[:, None, None] * waves
    return smooth
