"""Models that are well-formed and do harm, as a stolen key, a slip or a poisoned round could make them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from swipefl.decoder.checkpoint import SPREADS, Checkpoint, ScoreWeights, base_checkpoint
from swipefl.decoder.encoder import Architecture

BASE = base_checkpoint()
LARGEST = np.finfo(np.float32).max


def of_weights(change: Callable[[str, np.ndarray], np.ndarray]) -> Checkpoint:
    """The base with each of its weights changed."""
    changed = {name: np.asarray(change(name, array), np.float32) for name, array in BASE.weights.items()}
    return replace(BASE, weights=changed)


def scaled(factor: float, most: float = 65_000) -> Checkpoint:
    """The base's weights times `factor`."""
    return of_weights(lambda name, array: (array * np.float64(factor)).clip(-most, most))


def noisy(sigma: float) -> Checkpoint:
    """The base with noise on each weight."""
    rng = np.random.default_rng(0)
    return of_weights(lambda name, array: array + sigma * rng.standard_normal(array.shape))


def filled(value: float) -> Checkpoint:
    """All weights the same."""
    return of_weights(lambda name, array: np.full_like(array, value))


def with_head(*outputs: float) -> Checkpoint:
    """A head that says the same of every frame: displacement (2), raw precision (2), emission bias, blank logit."""
    heads = {"head.weight": np.zeros((6, 256)), "head.bias": np.array(outputs)}
    return of_weights(lambda name, array: heads.get(name, array))


def surer(factor: float) -> Checkpoint:
    """The base with all score weights times `factor`: 1.2 is a little better on `people.examples`, 0.5 is worse."""
    return replace(BASE, score=ScoreWeights.from_parts(BASE.score.of_parts * factor))


def scored(**weights: float) -> Checkpoint:
    """The base with other score weights."""
    return replace(BASE, score=replace(BASE.score, **weights))


def shaped(hidden: int, layers: int = 1) -> Checkpoint:
    """A random model of another architecture."""
    architecture, rng = Architecture(hidden, layers), np.random.default_rng(0)
    weights = {n: (0.05 * rng.standard_normal(s)).astype(np.float32) for n, s in architecture.shapes().items()}
    return replace(BASE, architecture=str(architecture), weights=weights)


def one_row(name: str, value: float) -> Checkpoint:
    """The base with one row of one tensor far from where it was."""

    def change(tensor: str, array: np.ndarray) -> np.ndarray:
        return np.concatenate((np.full_like(array[:1], value), array[1:])) if tensor == name else array

    return of_weights(change)


def cornered(signs: int) -> Checkpoint:
    """The base with score weights at a corner of their range, by the bits of `signs`."""
    corner = [100.0 if signs >> bit & 1 else -100.0 for bit in range(len(SPREADS))]
    return replace(BASE, score=ScoreWeights.from_parts(np.array(corner)).held)


REFUSED: dict[str, Callable[[], Checkpoint]] = {  # before they are stored
    "weights of 65,000": lambda: scaled(1e4),
    "the largest weights": lambda: filled(LARGEST),
    "weights at both ends": lambda: scaled(1e38, LARGEST),
    "one huge row": lambda: one_row("forward2.recurrent", 60_000),
    "one weight that is no number": lambda: one_row("head.bias", np.nan),
    "score 1e300": lambda: scored(alpha=1e300, beta=-1e300),
    "score 1e30 of a deviation": lambda: scored(location=-1e30),
    "temperature -5": lambda: scored(temperature=-5.0),
    "temperature 0, all 0": lambda: replace(BASE, score=ScoreWeights(0, 0, 0)),
    "bilstm-900x2": lambda: shaped(900, 2),
    "one layer too wide": lambda: shaped(560),
    "one layer too many": lambda: shaped(112, 9),
}
WORSE: dict[str, Callable[[], Checkpoint]] = {  # stored, judged, and not predicted with
    "weights turned round": lambda: scaled(-1),
    "weights of up to 1,000": lambda: scaled(1e6, 1_000),
    "noise": lambda: noisy(0.5),
    "weights of 0": lambda: filled(0),
    "the smallest weights": lambda: filled(1e-45),
    "the smallest that float16 has": lambda: filled(6e-8),
    "weights of 1,000": lambda: filled(1_000),
    "one row of 1,000": lambda: one_row("head.weight", 1_000),
    "nothing but blanks": lambda: with_head(0, 0, 0, 0, 0, 1_000),
    "no blanks, every key the same": lambda: with_head(0, 0, -1_000, -1_000, 1_000, -1_000),
    "a finger that is far off": lambda: with_head(1_000, -1_000, 1_000, 1_000, 0, 0),
    "nothing between the keys": lambda: with_head(0.5, 0.5, 1_000, 1_000, 0, -1_000),
    "rare words first": lambda: scored(alpha=-6.0),
    "long words first": lambda: scored(beta=10.0),
    "ends that are far off": lambda: scored(start=-1.6, end=-1.6),
    "the wide and shallow": lambda: shaped(550),
    "the deep": lambda: shaped(100, 9),
    "the tiny": lambda: shaped(1),
    **{f"score weights at corner {signs}": lambda signs=signs: cornered(signs) for signs in (0, 1, 2, 0b101010101)},
}
