"""Finds the words that a posterior over letters may mean: exact CTC scores of a few hundred promising candidates.

A word's score is a weighted sum (`ScoreWeights`) of its exact CTC likelihood, its frequency, its length and the
deviations of its template from the path. Candidates are picked in two steps from what the posterior says about single
letters (`_Evidence`): which come first and last, which are there at all, and which can follow which. The best of them
are held against the path. Only a word that is not picked can be missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Doubles, Floats
from swipefl.decoder.checkpoint import ScoreWeights
from swipefl.decoder.template import DEVIATIONS, Path, deviations
from swipefl.decoder.word_index import Codes, Rows, WordIndex, WordTable, as_codes, spelled

Lengths = npt.NDArray[np.intp]

CANDIDATES = 500  # words that get an exact CTC score
COMPARED = 100  # words whose template is held against the path
GLANCED_AT = 8_000  # words of a table whose letters are looked at
NOT_SHOWN = 1e-5  # a letter that no frame gives this probability is in no candidate
USUAL_DOUBT = 2.0  # sqrt(-ln p_ctc) of words that come into question; there a nat is worth temperature + doubt / 4
LEAST_TRUST = 0.05  # whatever the weights: the likeliest words are worth a look
ABSENCE = 0.5  # weight of the evidence against words that lack a letter which the posterior shows
FLOOR = 1e-30  # least probability of a letter in a frame, so that eight frames stay in the range of a double
RESCALED_EVERY = 8  # frames


@dataclass(frozen=True)
class Candidate:
    """A word as it is written and as it is spelled, with its score and its probability among all that were scored."""

    word: str
    spelled: str
    score: float
    probability: float


@dataclass(frozen=True, eq=False)
class Scored:
    """N words, what each one's score is made of, and the score itself.

    `parts` (N, 4 + D): ln p_ctc, ln frequency, length, sqrt(-ln p_ctc) and the deviations; a score is their sum with
    the weights.
    """

    words: list[str]
    parts: Doubles
    scores: Doubles


def search(
    log_probs: Floats, index: WordIndex, weights: ScoreWeights, top: int, path: Path | None = None
) -> list[Candidate]:
    """The best `top` words, best first, for log-probabilities (T, 1 + L) with blank in column 0.

    There are fewer, or none, where the keyboard's letters or the number of frames allow no more. Without a path no
    template is held against it.
    """
    return _ranked(score(log_probs, index, weights, path), top)


def score(log_probs: Floats, index: WordIndex, weights: ScoreWeights, path: Path | None = None) -> Scored:
    """The words worth a look, at most COMPARED, each with its score."""
    if not index.tables:
        return Scored([], np.zeros((0, 4 + len(DEVIATIONS))), np.zeros(0))
    probs = np.maximum(np.exp(log_probs.astype(np.float64)), FLOOR)
    picked = _picked(probs, index, weights)
    lengths = np.concatenate([table.lengths[rows] for table, rows in picked]).astype(np.intp)
    ln_frequencies = np.concatenate([table.ln_frequencies[rows] for table, rows in picked])
    flat = np.concatenate([_flat(table.codes[:, rows], table.lengths[rows]) for table, rows in picked])
    ln_likelihoods = _ctc(probs, flat, lengths)
    doubts = np.sqrt(np.maximum(-ln_likelihoods, 0))  # people slip: an unlikely letter is no proof against a word
    seen = np.stack((ln_likelihoods, ln_frequencies, lengths, doubts), axis=1)  # (N, 4)
    alignable = np.flatnonzero(ln_likelihoods > -np.inf)
    (best,) = _best([(seen[alignable] @ weights.of_word).astype(np.float32)], COMPARED)
    kept = alignable[best]
    codes = _padded(flat, lengths, kept)
    words = spelled(as_codes(codes, len(index.letters)), index.letters)
    apart = deviations(path, codes, lengths[kept]) if path else np.zeros((len(kept), len(DEVIATIONS)))
    parts = np.concatenate((seen[kept], apart), axis=1)
    return Scored(words, parts, parts @ weights.of_parts)


def _picked(probs: Doubles, index: WordIndex, weights: ScoreWeights) -> list[tuple[WordTable, Rows]]:
    """CANDIDATES rows of all the tables together, by table."""
    evidence = _evidence(probs, index)
    glances = [_glance(table, evidence, weights) for table in index.tables]
    chosen = _best([scores for _, scores in glances], CANDIDATES)
    return [(table, rows[keep]) for table, (rows, _), keep in zip(index.tables, glances, chosen, strict=True)]


def greedy(log_probs: Floats, letters: str) -> str:
    """What the posterior spells without a lexicon: each frame's best, repeats merged, blanks dropped."""
    best = log_probs.argmax(1)
    new = np.append(True, best[1:] != best[:-1])
    return "".join(letters[code - 1] for code in best[new & (best > 0)])


def ctc_log_likelihoods(log_probs: Floats, words: Sequence[Sequence[int]]) -> Doubles:
    """ln p_ctc (N,) of words given as columns (1 + L) of log_probs (T, 1 + L); -inf for what cannot be aligned.

    Letters count with a probability of FLOOR at least.
    """
    probs = np.maximum(np.exp(log_probs.astype(np.float64)), FLOOR)
    flat = np.array([code for word in words for code in (0, *word)], np.intp)
    return _ctc(probs, flat, np.array([len(word) for word in words], np.intp))


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What the posterior says about single letters; natural logarithms, by code (1 + L), 0 for no letter."""

    shown: np.uint64  # mask of the letters that are anywhere
    bits: npt.NDArray[np.uint64]
    first: Floats  # probability that the spelling starts with the letter
    last: Floats
    absent: Floats  # probability that no frame emits the letter
    follows: Floats  # (1 + L, 1 + L): the best a, then b in a later frame


def _evidence(probs: Doubles, index: WordIndex) -> _Evidence:
    shown = index.bits[probs.max(0) > NOT_SHOWN]
    before = np.maximum.accumulate(probs, axis=0)[:-1]
    follows = np.log((before[:, :, None] * probs[1:, None, :]).max(0, initial=FLOOR * FLOOR))
    follows[0], follows[:, 0] = 0, 0
    return _Evidence(
        np.bitwise_or.reduce(shown, initial=np.uint64(0)),
        index.bits,
        np.log(_chance_to_start(probs)).astype(np.float32),
        np.log(_chance_to_start(probs[::-1])).astype(np.float32),
        np.log1p(-np.minimum(probs, 1 - 1e-12)).sum(0).astype(np.float32),
        follows.astype(np.float32),
    )


def _chance_to_start(probs: Doubles) -> Doubles:
    """The probability (1 + L,) that each letter is the first after nothing but blanks."""
    blank_until = np.cumprod(np.append(1.0, probs[:-1, 0]))
    chances: Doubles = blank_until @ probs
    return np.maximum(chances, FLOOR)


def _glance(table: WordTable, evidence: _Evidence, weights: ScoreWeights) -> tuple[Rows, Floats]:
    """Rows of the table that may be meant, at most GLANCED_AT, and a guess of each one's score."""
    rows = np.flatnonzero((table.masks & ~evidence.shown) == 0)
    first, last = evidence.first[table.codes[0, rows]], evidence.last[table.ends[rows]]
    ends, prior = first + last, np.float32(weights.alpha) * table.ln_frequencies[rows]
    trust = np.float32(max(weights.temperature + weights.doubt / (2 * USUAL_DOUBT), LEAST_TRUST))
    # no reward for length yet: it pays for letters that were not looked at
    (keep,) = _best([trust * ends + prior], GLANCED_AT)
    rows, ends, prior = rows[keep], ends[keep], prior[keep]
    lengths = table.lengths[rows]
    codes = table.codes[: lengths.max(initial=0), rows]
    # each letter counts half in the pair before it and half in the one after
    pairs = evidence.follows[codes[:-1], codes[1:]].sum(0)
    guess = 0.5 * (ends + pairs) + ABSENCE * _lacking(table.masks[rows], evidence)
    return rows, trust * guess + prior + np.float32(weights.beta) * lengths


def _lacking(masks: npt.NDArray[np.uint64], evidence: _Evidence) -> Floats:
    """The sum (N,) over the letters that a word lacks of the chance that they are absent."""
    total = np.zeros(len(masks), np.float32)
    for code in np.flatnonzero(evidence.absent[1:] < -0.1) + 1:
        total += np.where(masks & evidence.bits[code], np.float32(0), evidence.absent[code])
    return total


def _best(scores: Sequence[Floats], count: int) -> list[Rows]:
    """Where in each array the `count` highest scores of all the arrays together lie."""
    together = np.concatenate(scores)
    kept = np.arange(len(together)) if len(together) <= count else np.argpartition(together, -count)[-count:]
    starts = np.cumsum([0, *map(len, scores)])
    return [kept[(kept >= a) & (kept < b)] - a for a, b in pairwise(starts)]


def _flat(codes: Codes, lengths: npt.NDArray[np.uint8]) -> Rows:
    """The words of codes (M, N) one after the other, a 0 before each."""
    longest, count = codes.shape
    slots = np.zeros((count, longest + 1), np.intp)
    slots[:, 1:] = codes.T
    used: Rows = slots[np.arange(longest + 1) <= lengths[:, None]]
    return used


def _padded(flat: Rows, lengths: Lengths, kept: Rows) -> Rows:
    """The codes (M, K) of `kept` words of `_flat`, 0 after each one's end."""
    starts = np.cumsum(lengths + 1) - lengths
    offsets = np.arange(lengths[kept].max(initial=1))[:, None]
    inside = offsets < lengths[kept]
    return np.where(inside, flat[np.where(inside, starts[kept] + offsets, 0)], 0)


def _ctc(probs: Doubles, flat: Rows, lengths: Lengths) -> Doubles:
    """ln p_ctc (N,) of words in one flat array, a 0 before each, for probabilities (T, 1 + L).

    Slot j of a word holds the probability of having emitted j letters: `label` where the frame emits letter j itself,
    `blank` where blanks follow it. Both stay in the linear domain and are rescaled word by word.
    """
    starts = np.cumsum(lengths + 1) - lengths - 1
    emitted = probs.copy()
    emitted[:, 0] = 0  # slot 0 has no label
    emitted = emitted[:, flat]  # (T, S)
    differs = np.append(False, flat[1:] != flat[:-1]).astype(np.float64)  # equal neighbours need a blank between
    label, blank, entered = np.zeros(len(flat)), np.zeros(len(flat)), np.zeros(len(flat))
    blank[starts] = 1
    scales = np.zeros(len(lengths))
    for t, (emits, pause) in enumerate(zip(emitted, probs[:, 0], strict=True), start=1):
        np.multiply(label[:-1], differs[1:], out=entered[1:])
        entered[1:] += blank[:-1]
        blank += label
        blank *= pause
        label += entered
        label *= emits
        if t % RESCALED_EVERY == 0 and len(lengths):
            scale = np.maximum.reduceat(np.maximum(label, blank), starts)
            scale[scale == 0] = 1
            scales += np.log(scale)
            wide = np.repeat(1 / scale, lengths + 1)
            label *= wide
            blank *= wide
    ends = starts + lengths
    with np.errstate(divide="ignore"):
        logs: Doubles = np.log(label[ends] + blank[ends]) + scales
    return logs


def _ranked(scored: Scored, top: int) -> list[Candidate]:
    """The best `top` candidates."""
    order = np.argsort(-scored.scores, kind="stable")
    relative = np.exp(scored.scores[order] - scored.scores.max(initial=-np.inf))
    shares = (relative / relative.sum()).tolist() if len(relative) else []
    rows = zip(order[:top].tolist(), scored.scores[order].tolist(), shares, strict=False)
    return [Candidate(scored.words[row], scored.words[row], score, share) for row, score, share in rows]
