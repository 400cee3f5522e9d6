"""Small n-gram models, and what they say, looked up one word at a time."""

import math
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from examples.context.pruning import renewed
from examples.context.source import END, START, NGrams

WORDS = (START, END, "the", "don't", "on", "in", "zyuganov", "to")


@dataclass(frozen=True)
class Slow:
    """A model as dictionaries by words."""

    p1: dict[str, float]
    b1: dict[str, float]
    p2: dict[tuple[str, str], float]
    b2: dict[tuple[str, str], float]
    p3: dict[tuple[str, str, str], float]

    def ln(self, before: tuple[str, ...], word: str) -> float:
        """ln p(word | before), of at most two words."""
        if not before:
            return self.p1[word]
        if (*before, word) in (self.p2 if len(before) == 1 else self.p3):
            return self.p2[before[0], word] if len(before) == 1 else self.p3[before[0], before[1], word]
        weight = self.b1[before[0]] if len(before) == 1 else self.b2.get((before[0], before[1]), 0.0)
        return weight + self.ln(before[1:], word)

    def contexts(self) -> list[tuple[str, ...]]:
        """Every way in which the model can have begun."""
        words = list(self.p1)
        return [(), *((v,) for v in words), *((u, v) for u in words for v in words)]


def slow(model: NGrams) -> Slow:
    """The same model as dictionaries."""
    words, pairs = (
        model.words,
        [(model.words[u], model.words[v]) for u, v in zip(model.first, model.second, strict=True)],
    )
    triples = [(*pairs[row], words[w]) for row, w in zip(model.pair, model.third, strict=True)]
    return Slow(
        dict(zip(words, model.ln_p1.tolist(), strict=True)),
        dict(zip(words, model.ln_b1.tolist(), strict=True)),
        dict(zip(pairs, model.ln_p2.tolist(), strict=True)),
        dict(zip(pairs, model.ln_b2.tolist(), strict=True)),
        dict(zip(triples, model.ln_p3.tolist(), strict=True)),
    )


@st.composite
def models(draw: st.DrawFn) -> NGrams:
    """A model whose probabilities sum to one, and whose trigrams end with bigrams."""
    count = len(WORDS)
    ends = [*range(1, count)]  # nothing is followed by the start of a sentence
    pairs = sorted(draw(st.sets(st.tuples(st.integers(0, count - 1), st.sampled_from(ends)), max_size=20)))
    known = [(row, w) for row, (_, v) in enumerate(pairs) for w in ends if (v, w) in pairs]
    triples = sorted(draw(st.sets(st.sampled_from(known), max_size=10))) if known else []
    random = np.random.default_rng(draw(st.integers(0, 2**20)))
    p1 = random.dirichlet(np.ones(count - 1))
    p1 = np.append(0.0, np.maximum(p1, 1e-6) / np.maximum(p1, 1e-6).sum())
    first, second = np.array(pairs, np.int64).reshape(-1, 2).T
    pair, third = np.array(triples, np.int64).reshape(-1, 2).T
    ln_p1 = np.log(np.maximum(p1, 1e-40))
    return renewed(
        NGrams(
            list(WORDS),
            np.where(np.arange(count) == 0, ln_p1[1], ln_p1),
            ln_p1,
            np.zeros(count),
            first,
            second,
            _shares(random, first, count),
            np.zeros(len(first)),
            pair,
            third,
            _shares(random, pair, len(first)),
        )
    )


def _shares(random: np.random.Generator, context: np.ndarray, contexts: int) -> np.ndarray:
    """ln probabilities of which those of each context sum to 0.9 at most."""
    weights = random.uniform(0.05, 1, len(context))
    totals = np.bincount(context, weights, contexts)[context] + random.uniform(0.2, 1, contexts)[context]
    return np.log(weights / totals * 0.9)


def total(model: Slow, before: tuple[str, ...]) -> float:
    """The sum of the probabilities of all words."""
    return math.fsum(math.exp(model.ln(before, word)) for word in model.p1)
