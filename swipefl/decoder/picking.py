"""Picks the few hundred words that are worth an exact score, from what the posterior says about single letters.

In three glances, each at fewer: at how words begin and end, and how frequent they are, of which the word list has an
order; at which letters they lack, which it keeps; at which of their letters can follow which. Only a word that is not
picked can be missed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from swipefl.arrays import Doubles, Floats
from swipefl.decoder.checkpoint import ScoreWeights
from swipefl.decoder.ctc import FLOOR
from swipefl.decoder.word_index import SAMPLED, SET, Ends, Rows, WordIndex, WordTable

CANDIDATES = 500  # words that get an exact CTC score
GLANCED_AT = 8_000  # words whose letters are looked at, as a set
READ = 3_000  # words whose letters are looked at in their order
USUAL_DOUBT = 2.0  # sqrt(-ln p_ctc) of words that come into question; there a nat is worth temperature + doubt / 4
LEAST_TRUST = 0.05  # whatever the weights: the likeliest words are worth a look
LEAST_ALPHA = 1e-3  # whatever the weights: of words that begin and end alike the most frequent are worth a look
ABSENCE = 0.5  # weight of the evidence against words that lack a letter which the posterior shows
OCTETS: Floats = (np.arange(256) >> np.arange(8)[:, None] & 1).astype(np.float32)  # the bits (8, 256) of each
Found = list[tuple[WordTable, Rows]]
NO_SCORES: Floats = np.zeros(0, np.float32)


def picked(probs: Doubles, index: WordIndex, weights: ScoreWeights) -> Found:
    """CANDIDATES rows of all the tables together, by table, for probabilities (T, 1 + L)."""
    evidence = _evidence(probs, index, weights)
    bound = _bound(index.tables, evidence)
    found = [(table, _first_glance(table, evidence, bound)) for table in index.tables]
    found = _best_of(found, _second_glance, evidence, READ)
    return _best_of(found, _third_glance, evidence, CANDIDATES)


def best(scores: Sequence[Floats], count: int) -> list[Rows]:
    """Where in each array the `count` highest scores of all the arrays together lie; -inf is none."""
    together = np.concatenate([*scores, NO_SCORES])
    highest = np.flatnonzero(together > -np.inf)
    highest = highest if len(highest) <= count else np.argpartition(together, -count)[-count:]
    starts = np.cumsum([0, *map(len, scores)])
    return [highest[(highest >= a) & (highest < b)] - a for a, b in pairwise(starts)]


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What the posterior says about single letters; natural logarithms, by code (1 + L), 0 for no letter.

    `trust`, `alpha` and `beta` weigh that, ln frequencies and lengths, `first_alpha` these at the first glance.
    """

    letters: int
    ends: Floats  # ((1 + L)^2,): the probability that the spelling starts with the one letter and ends with the other
    absent: Floats  # (O, 256): for octets of sets, the sum over their letters of ln probability that no frame emits it
    follows: Floats  # ((1 + L)^2,): the best a, then b in a later frame
    trust: np.float32
    alpha: np.float32
    first_alpha: np.float32
    beta: np.float32


def _best_of(
    found: Found, glance: Callable[[WordTable, Rows, _Evidence], Floats], evidence: _Evidence, count: int
) -> Found:
    """The `count` rows that a glance guesses highest."""
    chosen = best([glance(table, rows, evidence) for table, rows in found], count)
    return [(table, rows[keep]) for (table, rows), keep in zip(found, chosen, strict=True)]


def _evidence(probs: Doubles, index: WordIndex, weights: ScoreWeights) -> _Evidence:
    before = np.maximum.accumulate(probs, axis=0)[:-1]
    follows = np.log((before[:, :, None] * probs[1:, None, :]).max(0, initial=FLOOR * FLOOR))
    follows[0], follows[:, 0] = 0, 0
    first, last = np.log(_chance_to_start(probs)), np.log(_chance_to_start(probs[::-1]))
    return _Evidence(
        len(index.letters),
        (first[:, None] + last).astype(np.float32).ravel(),
        _by_octet(np.log1p(-np.minimum(probs, 1 - 1e-12)).sum(0)),
        follows.astype(np.float32).ravel(),
        np.float32(max(weights.temperature + weights.doubt / (2 * USUAL_DOUBT), LEAST_TRUST)),
        np.float32(weights.alpha),
        np.float32(max(weights.alpha, LEAST_ALPHA)),
        np.float32(weights.beta),
    )


def _by_octet(values: Doubles) -> Floats:
    """For each octet that a set may have, the sums (O, 256) of the values (1 + L) of its codes, but for code 0."""
    of_bits = np.bincount(np.arange(len(values)) % SET, values, SET)
    of_bits[0] -= values[0]
    sums: Floats = of_bits.reshape(-1, 8).astype(np.float32) @ OCTETS
    return sums[: 1 + (len(values) - 1) // 8]


def _chance_to_start(probs: Doubles) -> Doubles:
    """The probability (1 + L,) that each letter is the first after nothing but blanks."""
    blank_until = np.cumprod(np.append(1.0, probs[:-1, 0]))
    chances: Doubles = blank_until @ probs
    return np.maximum(chances, FLOOR)


def _guess(ends: Ends, ln_frequencies: Floats, evidence: _Evidence) -> Floats:
    """A guess of the score (N,) of words from their ends alone.

    There is no reward for length yet: it pays for letters that were not looked at.
    """
    guess: Floats = evidence.trust * evidence.ends[ends] + evidence.first_alpha * ln_frequencies
    return guess


def _bound(tables: Sequence[WordTable], evidence: _Evidence) -> np.float32:
    """About the GLANCED_AT-th highest guess of all rows, as far as a sample tells."""
    guesses = np.concatenate([NO_SCORES, *(_guess(*table.sample, evidence) for table in tables)])
    wanted = GLANCED_AT // SAMPLED
    return np.partition(guesses, -wanted)[-wanted] if len(guesses) > wanted else np.float32(-np.inf)


def _first_glance(table: WordTable, evidence: _Evidence, bound: np.float32) -> Rows:
    """The rows whose guess reaches the bound; those that begin and end alike are in order, and need no look each."""
    least = (bound - evidence.trust * evidence.ends[table.order.ends]) / evidence.first_alpha
    rows = table.order.above(least + table.less)
    told = table.told[~table.hides[table.told]]
    others = told[_guess(table.ends[told], table.ln_frequencies[told], evidence) >= bound]
    return np.concatenate((rows[~table.apart[rows]], others))


def _second_glance(table: WordTable, rows: Rows, evidence: _Evidence) -> Floats:
    """A guess of the score (N,) of rows from their ends and from which letters they lack.

    There is no reward for length yet: here too it would pay for letters that were not looked at.
    """
    seen = evidence.ends.take(table.ends.take(rows)) + _lacking(table, rows, evidence)
    guess: Floats = evidence.trust * seen + evidence.alpha * table.ln_frequencies.take(rows)
    return guess


def _third_glance(table: WordTable, rows: Rows, evidence: _Evidence) -> Floats:
    """A guess of the score (N,) of rows from all their letters in order."""
    if not len(rows):
        return NO_SCORES
    lengths = table.spelled.lengths[rows]
    run = table.spelled.run(rows).astype(np.intp)
    begins = np.cumsum(lengths, dtype=np.intp) + np.arange(len(rows)) - lengths
    pairs = np.add.reduceat(evidence.follows.take(run[:-1] * (1 + evidence.letters) + run[1:]), begins)
    # each letter counts half in the pair before it and half in the one after; what meets a 0 is worth nothing
    seen = 0.5 * (evidence.ends[table.ends[rows]] + pairs) + ABSENCE * _lacking(table, rows, evidence)
    prior = evidence.alpha * table.ln_frequencies[rows] + evidence.beta * lengths
    guess: Floats = evidence.trust * seen + prior
    return guess


def _lacking(table: WordTable, rows: Rows, evidence: _Evidence) -> Floats:
    """The sum (N,) over the letters that a word lacks of the logarithm of the chance that they are absent."""
    octets = table.spelled.sets(rows).astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)
    lacking = np.full(len(rows), evidence.absent[:, -1].sum())
    for octet, sums in zip(octets.T, evidence.absent, strict=False):
        lacking -= sums.take(octet)
    return lacking
