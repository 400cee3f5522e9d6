"""Finds the words that a posterior over letters may mean: exact CTC scores of a few hundred promising candidates.

A word's score is a weighted sum (`ScoreWeights`) of its exact CTC likelihood, its frequency, its length, the
deviations of its template from the path and what the words before say of it. Candidates are picked by their letters
(`picking`); the best of them are held against the path and the words before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from swipefl.arrays import Doubles, Floats
from swipefl.decoder.checkpoint import ScoreWeights
from swipefl.decoder.context import Told
from swipefl.decoder.ctc import condensed, ln_likelihoods, probabilities
from swipefl.decoder.picking import best, picked
from swipefl.decoder.template import DEVIATIONS, Path, deviations
from swipefl.decoder.word_index import Flags, Lengths, Rows, WordIndex, WordTable, hashes

COMPARED = 100  # words whose template is held against the path
Rewrite = Callable[[Sequence[str]], Sequence[str]]


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
    rewrite: Rewrite | None = None,
) -> list[Candidate]:
    """The best `top` words, best first, for log-probabilities (T, 1 + L) with blank in column 0.

    There are fewer, or none, where the keyboard's letters or the number of frames allow no more. Without a path no
    template is held against it; `told` is what the words before say. What a spelling is worth is shared among the words
    that are spelled so, by frequency and by what was told. `rewrite` says how words are written here; two that become
    equal are one, as likely as both.
    """
    scored, forms = _compared(log_probs, index, weights, path, told)
    return _ranked(scored, _rewritten(forms, rewrite) if rewrite else forms, weights, top)


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

    flat: Rows
    lengths: Lengths
    ln_frequencies: Doubles
    picked: list[tuple[WordTable, Rows]]
    of: Rows
    ln_shares: Doubles


@dataclass(frozen=True, eq=False)
class _Forms:
    """The W words that N spellings are written as: `of` (W,) says which, `ln_shares` (W,) with what part of it.

    `settled` (W,): of which words nothing that stands before says more.
    """

    words: list[str]
    of: Rows
    ln_shares: Doubles
    settled: Flags


def _compared(
    log_probs: Floats, index: WordIndex, weights: ScoreWeights, path: Path | None, told: Told | None
) -> tuple[Scored, _Forms]:
    probs = condensed(probabilities(log_probs))
    found = _spellings(picked(probs, index, weights))
    likelihoods = ln_likelihoods(probs, found.flat, found.lengths)
    doubts = np.sqrt(np.maximum(-likelihoods, 0))  # people slip: an unlikely letter is no proof against a word
    seen = np.stack((likelihoods, found.ln_frequencies, found.lengths, doubts), axis=1)  # (S, 4)
    alignable = np.flatnonzero(likelihoods > -np.inf)
    (first,) = best([(seen[alignable] @ weights.of_word).astype(np.float32)], COMPARED)
    kept = alignable[first]
    codes, lengths = _padded(found.flat, found.lengths, kept), found.lengths[kept]
    apart = deviations(path, codes, lengths) if path and len(kept) else np.zeros((len(kept), len(DEVIATIONS)))
    said, forms = _told(_forms(found, kept), found.ln_frequencies[kept], told)
    parts = np.concatenate((seen[kept], apart, said), axis=1)
    return Scored(_texts(codes, index.letters), parts, parts @ weights.of_parts), forms


def _told(forms: _Forms, ln_frequencies: Doubles, told: Told | None) -> tuple[Doubles, _Forms]:
    """What the words before say of each of N spellings, in the column (N, 2) that counts, and how that is shared."""
    said = np.zeros((len(ln_frequencies), 2))
    if told is None or not len(said):
        return said, forms
    gains = told.gain(forms.words, ln_frequencies[forms.of] + forms.ln_shares)
    each = forms.ln_shares + np.where(forms.settled, 0, gains)
    together = np.full(len(said), -np.inf)
    np.logaddexp.at(together, forms.of, each)
    said[:, int(told.first)] = together
    return said, replace(forms, ln_shares=each - together[forms.of])


def _spellings(picked: list[tuple[WordTable, Rows]]) -> _Spellings:
    """The picked words by spelling."""
    flat = np.concatenate([np.zeros(0, np.intp), *(table.spelled.run(rows) for table, rows in picked)])
    lengths = np.concatenate([np.zeros(0, np.intp), *(table.spelled.lengths[rows] for table, rows in picked)])
    _, firsts, alike = np.unique(hashes(flat, lengths), return_index=True, return_inverse=True)
    first = np.zeros(len(lengths), bool)
    first[firsts] = True
    of = (np.cumsum(first) - 1)[firsts[alike]]
    ln_frequencies = np.concatenate([np.zeros(0), *(table.ln_frequencies[rows] for table, rows in picked)])
    together = np.full(len(firsts), -np.inf)
    np.logaddexp.at(together, of, ln_frequencies)
    once = flat[np.repeat(first, lengths + 1)]
    return _Spellings(once, lengths[first], together, picked, of, ln_frequencies - together[of])


def _padded(flat: Rows, lengths: Lengths, kept: Rows) -> Rows:
    """The codes (M, K) of `kept` words of `_flat`, 0 after each one's end."""
    starts = np.cumsum(lengths + 1) - lengths
    offsets = np.arange(lengths[kept].max(initial=1))[:, None]
    inside = offsets < lengths[kept]
    return np.where(inside, flat[np.where(inside, starts[kept] + offsets, 0)], 0)


def _texts(codes: Rows, letters: str) -> list[str]:
    """The words (N,) of codes (M, N) as strings."""
    points = np.array([0, *map(ord, letters)], np.uint32)
    texts: list[str] = np.ascontiguousarray(points[codes.T]).view(f"<U{len(codes)}").ravel().tolist()
    return texts


def _forms(spellings: _Spellings, kept: Rows) -> _Forms:
    """The words that are spelled as the `kept` spellings (N,) are."""
    place = np.full(len(spellings.lengths), -1)
    place[kept] = np.arange(len(kept))
    words, of_words, shares, settled = list[str](), list[int](), list[float](), list[bool]()
    first = 0
    for table, rows in spellings.picked:
        of = place[spellings.of[first : first + len(rows)]]
        words += table.written.text(rows[of >= 0])
        of_words += of[of >= 0].tolist()
        shares += spellings.ln_shares[first : first + len(rows)][of >= 0].tolist()
        settled += [table.settled] * (len(words) - len(settled))
        first += len(rows)
    return _each_once(words, of_words, shares, settled)  # it may be in two languages


def _rewritten(forms: _Forms, rewrite: Rewrite) -> _Forms:
    """The words as they are written here."""
    return _each_once(rewrite(forms.words), forms.of.tolist(), forms.ln_shares.tolist(), forms.settled.tolist())


def _each_once(words: Iterable[str], of: Iterable[int], ln_shares: Iterable[float], settled: Iterable[bool]) -> _Forms:
    """Each word of a spelling once, with the shares of equal ones together."""
    shares: dict[tuple[int, str], float] = {}
    are_settled: dict[tuple[int, str], bool] = {}
    for word, spelling, share, is_settled in zip(words, of, ln_shares, settled, strict=True):
        known = shares.get((spelling, word))
        shares[spelling, word] = share if known is None else float(np.logaddexp(known, share))
        are_settled[spelling, word] = is_settled
    of_each = np.array([spelling for spelling, _ in shares], np.intp)
    flags = np.array(list(are_settled.values()), bool)
    return _Forms([word for _, word in shares], of_each, np.array(list(shares.values())), flags)


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
