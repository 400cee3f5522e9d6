"""Finds the words that a posterior over letters may mean: exact CTC scores of a few hundred promising candidates.

A word's score is a weighted sum (`ScoreWeights`) of its exact CTC likelihood, its frequency, its length, the
deviations of its template from the path and what the words before say of it. Candidates are picked in two steps from
what the posterior says about single letters (`_Evidence`): which come first and last, which are there at all, and which
can follow which. The best of them are held against the path and the words before. Only a word that is not picked can be
missed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Doubles, Floats
from swipefl.decoder.checkpoint import ScoreWeights
from swipefl.decoder.context import Told
from swipefl.decoder.template import DEVIATIONS, Path, deviations
from swipefl.decoder.word_index import Masks, Rows, WordIndex, WordTable

Lengths = npt.NDArray[np.intp]

CANDIDATES = 500  # words that get an exact CTC score
COMPARED = 100  # words whose template is held against the path
GLANCED_AT = 8_000  # words whose letters are looked at
USUAL_DOUBT = 2.0  # sqrt(-ln p_ctc) of words that come into question; there a nat is worth temperature + doubt / 4
LEAST_TRUST = 0.05  # whatever the weights: the likeliest words are worth a look
ABSENCE = 0.5  # weight of the evidence against words that lack a letter which the posterior shows
FLOOR = 1e-30  # least probability of a letter in a frame, so that eight frames stay in the range of a double
RESCALED_EVERY = 8  # frames
SAMPLED = 16  # of many scores every so manieth
NO_SCORES: Floats = np.zeros(0, np.float32)


@dataclass(frozen=True)
class Candidate:
    """A word as it is written and as it is spelled, with its score and its probability among all that were scored.

    `parts` are what the score is the sum of.
    """

    word: str
    spelled: str
    score: float
    probability: float
    parts: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, eq=False)
class Scored:
    """N words, what each one's score is made of, and the score itself.

    `parts` (N, 4 + D + 2): ln p_ctc, ln frequency, length, sqrt(-ln p_ctc), the deviations, and what the words before
    say, in the first of two columns or, of the first word of a sentence, in the second; a score is their sum with the
    weights.
    """

    words: list[str]
    parts: Doubles
    scores: Doubles


def search(
    log_probs: Floats,
    index: WordIndex,
    weights: ScoreWeights,
    top: int,
    path: Path | None = None,
    told: Told | None = None,
) -> list[Candidate]:
    """The best `top` words, best first, for log-probabilities (T, 1 + L) with blank in column 0.

    There are fewer, or none, where the keyboard's letters or the number of frames allow no more. Without a path no
    template is held against it; `told` is what the words before say. What a spelling is worth is shared among the words
    that are spelled so, by frequency and by what was told.
    """
    return _ranked(*_compared(log_probs, index, weights, path, told), weights, top)


def score(
    log_probs: Floats, index: WordIndex, weights: ScoreWeights, path: Path | None = None, told: Told | None = None
) -> Scored:
    """The spellings worth a look, at most COMPARED, each with its score."""
    return _compared(log_probs, index, weights, path, told)[0]


@dataclass(frozen=True, eq=False)
class _Spellings:
    """S spellings in one run of codes, a 0 before each, and the P words of tables that are spelled so.

    `ln_frequencies` (S,): of all its words together. `of` (P,): which spelling is each word's, `ln_shares` (P,): the
    logarithm of its part of what the spelling is worth.
    """

    words: list[str]
    flat: Rows
    lengths: Lengths
    ln_frequencies: Doubles
    picked: list[tuple[WordTable, Rows]]
    of: Rows
    ln_shares: Doubles


@dataclass(frozen=True, eq=False)
class _Forms:
    """The W words that N spellings are written as: `of` (W,) says which, `ln_shares` (W,) with what part of it."""

    words: list[str]
    of: Rows
    ln_shares: Doubles


def _compared(
    log_probs: Floats, index: WordIndex, weights: ScoreWeights, path: Path | None, told: Told | None
) -> tuple[Scored, _Forms]:
    probs = np.maximum(np.exp(log_probs.astype(np.float64)), FLOOR)
    found = _spellings(_picked(probs, index, weights), index.letters)
    ln_likelihoods = _ctc(probs, found.flat, found.lengths)
    doubts = np.sqrt(np.maximum(-ln_likelihoods, 0))  # people slip: an unlikely letter is no proof against a word
    seen = np.stack((ln_likelihoods, found.ln_frequencies, found.lengths, doubts), axis=1)  # (S, 4)
    alignable = np.flatnonzero(ln_likelihoods > -np.inf)
    (best,) = _best([(seen[alignable] @ weights.of_word).astype(np.float32)], COMPARED)
    kept = alignable[best]
    codes, lengths = _padded(found.flat, found.lengths, kept), found.lengths[kept]
    apart = deviations(path, codes, lengths) if path else np.zeros((len(kept), len(DEVIATIONS)))
    said, forms = _told(_forms(found, kept), found.ln_frequencies[kept], told)
    parts = np.concatenate((seen[kept], apart, said), axis=1)
    return Scored([found.words[row] for row in kept.tolist()], parts, parts @ weights.of_parts), forms


def _told(forms: _Forms, ln_frequencies: Doubles, told: Told | None) -> tuple[Doubles, _Forms]:
    """What the words before say of each of N spellings, in the column (N, 2) that counts, and how that is shared."""
    said = np.zeros((len(ln_frequencies), 2))
    if told is None or not len(said):
        return said, forms
    each = forms.ln_shares + told.gain(forms.words, ln_frequencies[forms.of] + forms.ln_shares)
    together = np.full(len(said), -np.inf)
    np.logaddexp.at(together, forms.of, each)
    said[:, int(told.first)] = together
    return said, replace(forms, ln_shares=each - together[forms.of])


def _spellings(picked: list[tuple[WordTable, Rows]], letters: str) -> _Spellings:
    """The picked words by spelling."""
    flat = np.concatenate([np.zeros(0, np.intp), *(table.spelled.run(rows) for table, rows in picked)])
    lengths = np.concatenate([np.zeros(0, np.intp), *(table.spelled.lengths[rows] for table, rows in picked)])
    points = np.array([0, *map(ord, letters)], np.uint32)
    words = points[flat].tobytes().decode("utf-32-le").split("\0")[1:]
    number = {word: place for place, word in enumerate(dict.fromkeys(words))}
    of = np.array([number[word] for word in words], np.intp)
    ln_frequencies = np.concatenate([np.zeros(0), *(table.ln_frequencies[rows] for table, rows in picked)])
    together = np.full(len(number), -np.inf)
    np.logaddexp.at(together, of, ln_frequencies)
    first = np.append(True, of[1:] > np.maximum.accumulate(of)[:-1])[: len(of)]
    once = flat[np.repeat(first, lengths + 1)]
    return _Spellings(list(number), once, lengths[first], together, picked, of, ln_frequencies - together[of])


def _picked(probs: Doubles, index: WordIndex, weights: ScoreWeights) -> list[tuple[WordTable, Rows]]:
    """CANDIDATES rows of all the tables together, by table."""
    evidence = _evidence(probs, index, weights)
    rows = _best([_first_glance(table, evidence) for table in index.tables], GLANCED_AT)
    glances = [_second_glance(table, of, evidence) for table, of in zip(index.tables, rows, strict=True)]
    chosen = _best([scores for _, scores in glances], CANDIDATES)
    return [(table, of[keep]) for table, (of, _), keep in zip(index.tables, glances, chosen, strict=True)]


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
    """What the posterior says about single letters; natural logarithms, by code (1 + L), 0 for no letter.

    `trust`, `alpha` and `beta` weigh that, ln frequencies and lengths.
    """

    bits: Masks
    ends: Floats  # ((1 + L)^2,): the probability that the spelling starts with the one letter and ends with the other
    absent: Floats  # probability that no frame emits the letter
    follows: Floats  # ((1 + L)^2,): the best a, then b in a later frame
    trust: np.float32
    alpha: np.float32
    beta: np.float32


def _evidence(probs: Doubles, index: WordIndex, weights: ScoreWeights) -> _Evidence:
    before = np.maximum.accumulate(probs, axis=0)[:-1]
    follows = np.log((before[:, :, None] * probs[1:, None, :]).max(0, initial=FLOOR * FLOOR))
    follows[0], follows[:, 0] = 0, 0
    first, last = np.log(_chance_to_start(probs)), np.log(_chance_to_start(probs[::-1]))
    return _Evidence(
        index.bits,
        (first[:, None] + last).astype(np.float32).ravel(),
        np.log1p(-np.minimum(probs, 1 - 1e-12)).sum(0).astype(np.float32),
        follows.astype(np.float32).ravel(),
        np.float32(max(weights.temperature + weights.doubt / (2 * USUAL_DOUBT), LEAST_TRUST)),
        np.float32(weights.alpha),
        np.float32(weights.beta),
    )


def _chance_to_start(probs: Doubles) -> Doubles:
    """The probability (1 + L,) that each letter is the first after nothing but blanks."""
    blank_until = np.cumprod(np.append(1.0, probs[:-1, 0]))
    chances: Doubles = blank_until @ probs
    return np.maximum(chances, FLOOR)


def _first_glance(table: WordTable, evidence: _Evidence) -> Floats:
    """A guess of the score (N,) of each row of the table from its ends alone; -inf where it cannot be meant.

    There is no reward for length yet: it pays for letters that were not looked at.
    """
    guess = (evidence.trust * evidence.ends).take(table.ends)
    guess += evidence.alpha * table.ln_frequencies
    guess[table.hidden] = -np.inf
    return guess


def _second_glance(table: WordTable, rows: Rows, evidence: _Evidence) -> tuple[Rows, Floats]:
    """Rows that may be meant, and a guess of each one's score from all its letters."""
    if not len(rows):
        return rows, NO_SCORES
    run = table.spelled.run(rows).astype(np.intp)
    begins = np.flatnonzero(run == 0)
    pairs = evidence.follows[run * len(evidence.bits) + np.append(run[1:], 0)]  # what meets a 0 is worth nothing
    masks = np.bitwise_or.reduceat(evidence.bits[run], begins)
    # each letter counts half in the pair before it and half in the one after
    seen = 0.5 * (evidence.ends[table.ends[rows]] + np.add.reduceat(pairs, begins)) + ABSENCE * _lacking(
        masks, evidence
    )
    prior = evidence.alpha * table.ln_frequencies[rows] + evidence.beta * table.spelled.lengths[rows]
    return rows, evidence.trust * seen + prior


def _lacking(masks: Masks, evidence: _Evidence) -> Floats:
    """The sum (N,) over the letters that a word lacks of the chance that they are absent."""
    total = np.zeros(len(masks), np.float32)
    for code in np.flatnonzero(evidence.absent[1:] < -0.1) + 1:
        total += np.where(masks & evidence.bits[code], np.float32(0), evidence.absent[code])
    return total


def _best(scores: Sequence[Floats], count: int) -> list[Rows]:
    """Where in each array the `count` highest scores of all the arrays together lie; -inf is none."""
    if sum(map(len, scores)) > SAMPLED * count:
        near = _likely(scores, count)
        if count <= sum(map(len, near)) <= SAMPLED * count:
            kept = _best([some[at] for some, at in zip(scores, near, strict=True)], count)
            return [at[keep] for at, keep in zip(near, kept, strict=True)]
    together = np.concatenate([*scores, NO_SCORES])
    best = np.flatnonzero(together > -np.inf)
    best = best if len(best) <= count else np.argpartition(together, -count)[-count:]
    starts = np.cumsum([0, *map(len, scores)])
    return [best[(best >= a) & (best < b)] - a for a, b in pairwise(starts)]


def _likely(scores: Sequence[Floats], count: int) -> list[Rows]:
    """Where about twice the `count` highest lie, as far as a sample tells: what is left to look at is little."""
    sample, among = np.concatenate([some[::SAMPLED] for some in scores]), 2 * count // SAMPLED
    bound = np.partition(sample, -among)[-among]
    return [np.flatnonzero(some >= bound) for some in scores]


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


def _forms(spellings: _Spellings, kept: Rows) -> _Forms:
    """The words that are spelled as the `kept` spellings (N,) are."""
    place = np.full(len(spellings.words), -1)
    place[kept] = np.arange(len(kept))
    shares: dict[tuple[int, str], float] = {}
    first = 0
    for table, rows in spellings.picked:
        of = place[spellings.of[first : first + len(rows)]]
        ln_shares = spellings.ln_shares[first : first + len(rows)][of >= 0].tolist()
        for word, spelling, share in zip(
            table.written.text(rows[of >= 0]), of[of >= 0].tolist(), ln_shares, strict=True
        ):
            known = shares.get((spelling, word))  # it may be in two languages
            shares[spelling, word] = share if known is None else float(np.logaddexp(known, share))
        first += len(rows)
    of = np.array([spelling for spelling, _ in shares], np.intp)
    return _Forms([word for _, word in shares], of, np.array(list(shares.values())))


def _ranked(scored: Scored, forms: _Forms, weights: ScoreWeights, top: int) -> list[Candidate]:
    """The best `top` candidates."""
    relative = np.exp(scored.scores - scored.scores.max(initial=-np.inf))
    chances = relative / relative.sum() if len(relative) else relative
    scores, chances = scored.scores[forms.of] + forms.ln_shares, chances[forms.of] * np.exp(forms.ln_shares)
    best = np.argsort(-scores, kind="stable")[:top]
    weighed = (scored.parts * weights.of_parts)[forms.of[best]]
    return [
        Candidate(forms.words[form], scored.words[forms.of[form]], value, chance, _named(parts, share))
        for form, value, chance, parts, share in zip(
            best.tolist(),
            scores[best].tolist(),
            chances[best].tolist(),
            weighed.tolist(),
            forms.ln_shares[best].tolist(),
            strict=True,
        )
    ]


def _named(parts: list[float], ln_share: float) -> dict[str, float]:
    """What each part of a score gave."""
    ctc, frequency, length, doubt, *apart, context, first = parts
    deviating = dict(zip(DEVIATIONS, apart, strict=True))
    return (
        {"letters": ctc + doubt, "frequency": frequency, "length": length}
        | deviating
        | {"context": context + first, "share": ln_share}
    )
