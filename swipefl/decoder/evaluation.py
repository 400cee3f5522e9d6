"""The one judge: how often the word that was meant is among a decoder's first candidates, and how fast it is.

A word is right where it is spelled as the one that was meant: candidates of one spelling (its, it's) are one, at the
place of the first of them and as likely as all of them together.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Doubles
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.search import Candidate
from swipefl.errors import Remedy, TooLittleData, UsageError
from swipefl.gesture.gesture import Example, Gesture

Decode = Callable[[Gesture, int], tuple[Sequence[Candidate], str]]
WORST = 10  # keys, and words
BINS = 15
SEEN_AT_LEAST = 5  # times, for a key to be among the worst
NOWHERE = 1_000_000  # the rank of a word that is not among the candidates
LOOKED_AT = 20  # candidates among which a word is looked for: five spellings with nearly all the forms that words have
MOST_GROUPS = 1_000
UNFOUND = 1e-6  # its probability where it is not among them


@dataclass(frozen=True)
class Judgement:
    """What a model does on examples: top-1 (a fraction) and the mean ln probability of the word that was meant.

    `hits` says of each example whether its word came first, `lns` the ln probability of that word.
    """

    top1: float
    ln_probability: float
    hits: tuple[bool, ...] = field(default=(), compare=False)
    lns: tuple[float, ...] = field(default=(), compare=False)

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
        candidates = [c for c in decoder.decode(example.gesture, LOOKED_AT) if math.isfinite(c.probability)]
        chances = _chances(candidates)
        ranks.append(_rank(example.spelled, chances))
        logs.append(float(np.log(max(chances.get(example.spelled, 0.0), UNFOUND))))
    return Judgement(_share(ranks, 1), float(np.mean(logs)), tuple(rank == 0 for rank in ranks), tuple(logs))


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
    spellings' probabilities (Guo et al. 2017, ICML). `written` is the share of first candidates that are written as the
    label is, of the `written_examples` whose labels are more than a spelling (Don't, Straße); None where there are
    none, as in corpora of lower-case letters. The worst keys and words are the owner's alone to see. `by` has the
    evaluation of each group, by its name, where they were asked for.
    """

    examples: int
    in_lexicon: float
    top1: float
    top3: float
    top5: float
    greedy: float
    ece: float
    written: float | None
    written_examples: int
    ms_p50: float
    ms_p99: float
    worst_keys: tuple[Misses, ...] = ()
    worst_words: tuple[Misses, ...] = ()
    by: Mapping[str, "Evaluation"] = field(default_factory=dict)


def evaluate(decode: Decode, examples: Iterable[Example], known: Callable[[Example], bool]) -> Evaluation:
    """The scores of `decode`, which gives the best candidates, so many, and the greedy spelling for one gesture.

    `known` says whether an example's word is in the lexicon. Raises TooLittleData where there are no examples.
    """
    return tallied(seen(decode, example, known) for example in examples)


def evaluate_by(
    decode: Decode, examples: Iterable[tuple[Example, str]], known: Callable[[Example], bool]
) -> tuple[Evaluation, dict[str, Evaluation]]:
    """The scores over all examples, and over those of each group, by its name, in order.

    Raises TooLittleData where there are no examples, UsageError where there are more than MOST_GROUPS groups.
    """
    return tallied_by((seen(decode, example, known), group) for example, group in examples)


def tallied(all_seen: "Iterable[Seen]") -> Evaluation:
    """The scores of what was seen. Raises TooLittleData where nothing was."""
    tally = _Tally()
    for one in all_seen:
        tally.add(one)
    return tally.evaluation()


def tallied_by(all_seen: "Iterable[tuple[Seen, str]]") -> tuple[Evaluation, dict[str, Evaluation]]:
    """The same of all that was seen, and of each group, by its name. Raises UsageError as `evaluate_by` does."""
    everything, tallies = _Tally(), dict[str, _Tally]()
    for one, group in all_seen:
        if group not in tallies and len(tallies) == MOST_GROUPS:
            what = "there are more than {most:,} groups"
            raise UsageError("many-groups", what, Remedy.CHOOSE_FIELD, most=MOST_GROUPS)
        for tally in (everything, tallies.setdefault(group, _Tally())):
            tally.add(one)
    return everything.evaluation(), {name: tallies[name].evaluation() for name in sorted(tallies)}


@dataclass(frozen=True)
class Seen:
    """What came of one example; `written` where its label is more than a spelling."""

    word: str
    rank: int
    sure: float
    written: bool | None
    listed: bool
    spelled: bool
    keys_missed: str
    seconds: float


def seen(decode: Decode, example: Example, known: Callable[[Example], bool]) -> Seen:
    """What comes of one example."""
    begun = time.perf_counter()
    candidates, spelling = decode(example.gesture, LOOKED_AT)
    seconds = time.perf_counter() - begun
    word, chances, listed = example.spelled, _chances(candidates), known(example)
    return Seen(
        word,
        _rank(word, chances) if listed else NOWHERE,
        next(iter(chances.values()), 0.0),
        None if example.word == word else bool(candidates) and candidates[0].word == example.word,
        listed,
        spelling == word,
        _missed(word, spelling),
        seconds,
    )


class _Tally:
    """What was seen of the examples so far."""

    def __init__(self) -> None:
        self._ranks: list[int] = []
        self._sure: list[float] = []
        self._seconds: list[float] = []
        self._written: list[bool] = []
        self._in_lexicon = self._spelled = 0
        self._keys_seen, self._keys_missed = Counter[str](), Counter[str]()
        self._words_seen, self._words_missed = Counter[str](), Counter[str]()

    def add(self, seen: Seen) -> None:
        """Counts one example."""
        self._ranks.append(seen.rank)
        self._sure.append(seen.sure)
        self._seconds.append(seen.seconds)
        if seen.written is not None:
            self._written.append(seen.written)
        self._in_lexicon += seen.listed
        self._spelled += seen.spelled
        self._keys_seen.update(seen.word)
        self._keys_missed.update(seen.keys_missed)
        self._words_seen[seen.word] += 1
        self._words_missed[seen.word] += seen.rank > 0

    def evaluation(self) -> Evaluation:
        """The scores. Raises TooLittleData where nothing was counted."""
        top1, top3, top5 = (_share(self._ranks, top) for top in (1, 3, 5))
        count = len(self._ranks)
        p50, p99 = np.percentile(np.array(self._seconds) * 1e3, [50, 99]).tolist()
        ece = calibration_error(np.array(self._sure), np.array(self._ranks) == 0)
        shares = (self._in_lexicon / count, top1, top3, top5, self._spelled / count, ece)
        written = (float(np.mean(self._written)) if self._written else None, len(self._written))
        return Evaluation(count, *shares, *written, p50, p99, self._worst_keys(), self._worst_words())

    def _worst_keys(self) -> tuple[Misses, ...]:
        return _worst(self._keys_missed, self._keys_seen, lambda m: (m.seen >= SEEN_AT_LEAST, m.missed / m.seen))

    def _worst_words(self) -> tuple[Misses, ...]:
        return _worst(self._words_missed, self._words_seen, lambda m: (m.missed, m.missed / m.seen))


@dataclass(frozen=True)
class Top:
    """Top-1 and top-3, which are what it unpacks to, of so many swipes; None where that was not kept."""

    top1: float
    top3: float
    swipes: int | None = None

    def __iter__(self) -> Iterator[float]:
        yield from (self.top1, self.top3)


def pooled(parts: Sequence[Evaluation]) -> Top:
    """Top-1 and top-3 over the examples of all parts, and how many these are."""
    count = sum(part.examples for part in parts)
    top1, top3 = (sum(getattr(part, top) * part.examples for part in parts) / count for top in ("top1", "top3"))
    return Top(top1, top3, count)


def calibration_error(sure: Doubles, right: npt.NDArray[np.bool_]) -> float:
    """The mean distance between probability (N,) and share that was right (N,), over BINS bins of probability."""
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    apart = np.bincount(bins, sure, BINS) - np.bincount(bins, right, BINS)
    return float(np.abs(apart).sum() / len(sure))


def _chances(candidates: Sequence[Candidate]) -> dict[str, float]:
    """The probability of each spelling, that of all its forms, in the order in which they come first."""
    chances: dict[str, float] = {}
    for candidate in candidates:
        chances[candidate.spelled] = chances.get(candidate.spelled, 0.0) + candidate.probability
    return chances


def _rank(spelled: str, chances: Mapping[str, float]) -> int:
    """The place from 0 of a spelling; NOWHERE where it is not among them."""
    return next((place for place, spelling in enumerate(chances) if spelling == spelled), NOWHERE)


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
