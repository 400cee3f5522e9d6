"""The one judge: how often the word that was meant is among a decoder's first candidates, and how fast it is."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Doubles
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.search import Candidate
from swipefl.errors import Remedy, TooLittleData
from swipefl.gesture.gesture import Example, Gesture

Decode = Callable[[Gesture], tuple[Sequence[Candidate], str]]
WORST = 10  # keys, and words
BINS = 15
SEEN_AT_LEAST = 5  # times, for a key to be among the worst
NOWHERE = 1_000_000  # the rank of a word that is not among the candidates
JUDGED = 20  # candidates among which a judged word is looked for
UNFOUND = 1e-6  # its probability where it is not among them


@dataclass(frozen=True)
class Judgement:
    """What a model does on examples: top-1 (a fraction) and the mean ln probability of the word that was meant."""

    top1: float
    ln_probability: float

    def betters(self, other: "Judgement") -> bool:
        """Whether this is better, top-1 first; a tie in top-1 is decided by the probabilities. No number is worst."""
        return self._order > other._order

    @property
    def is_blind(self) -> bool:
        """Whether none of the words that were meant was found: then it says of no model that it is any good."""
        return not self.ln_probability > math.log(UNFOUND) + 1e-9

    @property
    def _order(self) -> tuple[float, float]:
        return (self.top1, -math.inf if math.isnan(self.ln_probability) else self.ln_probability)


def judge(decoder: Decoder, examples: Iterable[Example]) -> Judgement:
    """How well `decoder` does on examples: enough to choose between two models, where `evaluate` tells a person all.

    A device judges its personal model and each global one so, a coordinator each version on its holdout. A word whose
    probability is no number was not found. Raises TooLittleData for no examples.
    """
    ranks, logs = [], []
    for example in examples:
        candidates = [c for c in decoder.decode(example.gesture, JUDGED) if math.isfinite(c.probability)]
        ranks.append(rank := _rank(example.spelled, candidates))
        probability = candidates[rank].probability if rank < len(candidates) else 0.0
        logs.append(float(np.log(max(probability, UNFOUND))))
    return Judgement(_share(ranks, 1), float(np.mean(logs)))


@dataclass(frozen=True)
class Misses:
    """A key that the spelling missed, or a word that was not the first candidate, so many times of so many."""

    what: str
    missed: int
    seen: int


@dataclass(frozen=True)
class Evaluation:
    """Fractions of `examples`; a word outside the lexicon counts as wrong. Times are of one gesture, in ms.

    `greedy` counts spellings that are right without a lexicon; `ece` is the expected calibration error of the first
    words' probabilities (Guo et al. 2017, ICML). The worst keys and words are the owner's alone to see.
    """

    examples: int
    in_lexicon: float
    top1: float
    top3: float
    top5: float
    greedy: float
    ece: float
    ms_p50: float
    ms_p99: float
    worst_keys: tuple[Misses, ...] = ()
    worst_words: tuple[Misses, ...] = ()


def evaluate(decode: Decode, examples: Iterable[Example], known: Callable[[Example], bool]) -> Evaluation:
    """The scores of `decode`, which gives at least five candidates and the spelling for one gesture.

    `known` says whether an example's word is in the lexicon. Raises TooLittleData where there are no examples.
    """
    ranks: list[int] = []
    sure: list[float] = []
    seconds: list[float] = []
    in_lexicon = spelled = 0
    keys_seen, keys_missed, words_seen, words_missed = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for example in examples:
        begun = time.perf_counter()
        candidates, spelling = decode(example.gesture)
        seconds.append(time.perf_counter() - begun)
        word = example.spelled
        rank = _rank(word, candidates) if (listed := known(example)) else NOWHERE
        sure.append(candidates[0].probability if candidates else 0.0)
        ranks.append(rank)
        in_lexicon += listed
        spelled += spelling == word
        keys_seen.update(word)
        keys_missed.update(_missed(word, spelling))
        words_seen[word] += 1
        words_missed[word] += rank > 0
    top1, top3, top5 = (_share(ranks, top) for top in (1, 3, 5))
    count = len(ranks)
    p50, p99 = np.percentile(np.array(seconds) * 1e3, [50, 99]).tolist()
    worst_keys = _worst(keys_missed, keys_seen, lambda m: (m.seen >= SEEN_AT_LEAST, m.missed / m.seen))
    worst_words = _worst(words_missed, words_seen, lambda m: (m.missed, m.missed / m.seen))
    ece = calibration_error(np.array(sure), np.array(ranks) == 0)
    shares = (in_lexicon / count, top1, top3, top5, spelled / count, ece)
    return Evaluation(count, *shares, p50, p99, worst_keys, worst_words)


def pooled(parts: Sequence[Evaluation]) -> tuple[float, float]:
    """Top-1 and top-3 over the examples of all parts."""
    count = sum(part.examples for part in parts)
    top1, top3 = (sum(getattr(part, top) * part.examples for part in parts) / count for top in ("top1", "top3"))
    return top1, top3


def calibration_error(sure: Doubles, right: npt.NDArray[np.bool_]) -> float:
    """The mean distance between probability (N,) and share that was right (N,), over BINS bins of probability."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    apart = np.bincount(bins, sure, BINS) - np.bincount(bins, right, BINS)
    return float(np.abs(apart).sum() / len(sure))


def _rank(word: str, candidates: Sequence[Candidate]) -> int:
    """The place from 0 of the word that is spelled so; NOWHERE where it is not among them."""
    return next((i for i, candidate in enumerate(candidates) if candidate.spelled == word), NOWHERE)


def _share(ranks: Sequence[int], top: int) -> float:
    """Top-`top`: the share of words that are among the first so many candidates."""
    if not ranks:
        raise TooLittleData("no-examples", "there are no examples to evaluate on", Remedy.INGEST_MORE)
    return sum(rank < top for rank in ranks) / len(ranks)


def _missed(word: str, spelling: str) -> str:
    """The letters of `word` that the best alignment with `spelling` does not match."""
    if word == spelling:
        return ""
    blocks = SequenceMatcher(None, word, spelling, autojunk=False).get_matching_blocks()
    matched = {block.a + i for block in blocks for i in range(block.size)}
    return "".join(letter for i, letter in enumerate(word) if i not in matched)


def _worst(
    missed: Counter[str], seen: Counter[str], badness: Callable[[Misses], tuple[float, float]]
) -> tuple[Misses, ...]:
    misses = [Misses(what, count, seen[what]) for what, count in missed.items() if count]
    return tuple(sorted(misses, key=lambda m: (*(-part for part in badness(m)), m.what))[:WORST])
