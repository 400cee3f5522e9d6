"""Score weights that fit: the words that were meant are likeliest, and probabilities mean what they say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from swipefl.arrays import Doubles
from swipefl.decoder.checkpoint import SPREADS, ScoreWeights
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.search import Scored
from swipefl.errors import TooLittleData
from swipefl.gesture.gesture import Example

STEP_EXAMPLES = 4  # a contribution; forty clients' together say enough for eleven numbers, and cost half a second
STEP_CAUTION = 10.0  # in units of a choice's curvature: what keeps four choices from saying much
STEP_REACH = 0.2  # the longest step in units of SPREADS; an honest one is usually shorter
NEWTON_STEPS = 12
RIDGE = 1e-3  # an example, on changes in standard deviations of the part: little, it keeps the solution finite


@dataclass(frozen=True, eq=False)
class Choice:
    """Parts (N, P) of the scores of N words, and which of them was meant; None where none of them was."""

    parts: Doubles
    meant: int | None


def choice(scored: Scored, spelled: str) -> Choice:
    """The choice that a gesture of the word spelled so was."""
    meant = scored.words.index(spelled) if spelled in scored.words else None
    return Choice(scored.parts, meant)


def tuned(choices: Sequence[Choice], start: ScoreWeights) -> ScoreWeights:
    """The weights under which the words that were meant are likeliest: a conditional logit (McFadden 1974).

    Newton's method from `start`. The whole is then scaled, which changes no ranking, until the first words are as
    often right as their probabilities say; only there count gestures whose word is not among the candidates. On a
    handful of gestures they could run anywhere: they stay within the range that a checkpoint's may have.
    Raises TooLittleData where no choice holds the word that was meant.
    """
    useful = [chosen for chosen in choices if chosen.meant is not None]
    if not useful:
        raise TooLittleData(
            "nothing-to-tune-on",
            "no word that was meant is among the candidates; score weights cannot be tuned on that",
        )
    fitted = _likeliest(useful, start.of_parts)
    return ScoreWeights.from_parts(fitted * _honest_scale(choices, fitted)).held


def score_step(decoder: Decoder, examples: Iterable[Example], start: ScoreWeights) -> ScoreWeights:
    """`start` after one cautious Newton step towards the likeliest weights on `examples`: a client's part of tuning.

    Its aim is that of `tuned`. The mean of many clients' steps is about one step of all their choices together, so that
    a federation tunes score weights as it trains, and no choice leaves a device.
    """
    slope, bend = np.zeros(len(SPREADS)), STEP_CAUTION * np.eye(len(SPREADS))
    for example in examples:
        chosen = choice(decoder.score(example.gesture), example.spelled)
        if chosen.meant is None:
            continue
        parts = chosen.parts / SPREADS
        scores = parts @ (start.of_parts * SPREADS)
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        expected = chances @ parts
        slope += parts[chosen.meant] - expected
        bend += (parts * chances[:, None]).T @ parts - np.outer(expected, expected)
    step = np.linalg.solve(bend, slope)
    step *= min(1.0, STEP_REACH / max(float(np.linalg.norm(step)), 1e-12))
    return ScoreWeights.from_parts(start.of_parts + step / SPREADS)


def _likeliest(choices: Sequence[Choice], start: Doubles) -> Doubles:
    starts = np.cumsum([0, *(len(chosen.parts) for chosen in choices)])
    parts = np.concatenate([chosen.parts for chosen in choices])
    spread = np.maximum(parts.std(0), 1e-9)
    parts = parts / spread
    meant = starts[:-1] + np.array([chosen.meant for chosen in choices])
    gesture = np.repeat(np.arange(len(choices)), np.diff(starts))
    origin, ridge = start * spread, RIDGE * len(choices)

    def likelihood(weights: Doubles) -> tuple[float, Doubles]:
        scores = parts @ weights
        best = np.maximum.reduceat(scores, starts[:-1])
        relative = np.exp(scores - best[gesture])
        totals = np.add.reduceat(relative, starts[:-1])
        held = 0.5 * ridge * ((weights - origin) ** 2).sum()
        return float((scores[meant] - best - np.log(totals)).sum() - held), relative / totals[gesture]

    weights = origin
    value, chances = likelihood(weights)
    for _ in range(NEWTON_STEPS):
        expected = np.add.reduceat(chances[:, None] * parts, starts[:-1])
        slope = (parts[meant] - expected).sum(0) - ridge * (weights - origin)
        bend = (parts * chances[:, None]).T @ parts - expected.T @ expected + ridge * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        for _ in range(20):  # the whole step, or so much of it that it is likelier there
            further, there = likelihood(weights + step)
            if further >= value:
                weights, value, chances = weights + step, further, there
                break
            step = step / 2
    fitted: Doubles = weights / spread
    return fitted


def _honest_scale(choices: Sequence[Choice], weights: Doubles) -> float:
    """What to multiply scores with so that the mean probability of first words is the share that is right."""
    scores = [chosen.parts @ weights for chosen in choices if len(chosen.parts)]
    meant = [chosen.meant for chosen in choices if len(chosen.parts)]
    right = np.mean([best.argmax() == word for best, word in zip(scores, meant, strict=True)])
    low, high = 0.1, 3.0
    for _ in range(30):
        scale = (low + high) / 2
        sure = np.mean([1 / np.exp(scale * (of - of.max())).sum() for of in scores])
        low, high = (low, scale) if sure > right else (scale, high)
    return low
