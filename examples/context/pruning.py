"""Which n-grams a smaller model can do without: pruning by relative entropy (Stolcke 1998).

An n-gram goes where the model without it, its back-off weights computed anew, is hardly another distribution.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from examples.context.source import START, Ids, NGrams, rows_of
from swipefl.arrays import Doubles

Flags = npt.NDArray[np.bool_]
NEVER = -100.0  # ln of the probability of what is no word
LEAST = 1e-12  # what is left of a probability mass, where rounding left less


def pruned(model: NGrams, pair_threshold: float, triple_threshold: float) -> NGrams:
    """The model without the trigrams and then the bigrams that change it by no more than the thresholds, in nats.

    A bigram that trigrams begin or end with stays.
    """
    model = only(model, np.ones(len(model.first), bool), triple_loss(model) > triple_threshold)
    needed = np.zeros(len(model.first), bool)
    needed[model.pair] = True
    rows = lower_rows(model)
    needed[rows[rows >= 0]] = True
    return only(model, needed | (pair_loss(model) > pair_threshold), np.ones(len(model.pair), bool))


def restricted(model: NGrams, words: Flags) -> NGrams:
    """The model of texts that have no other `words` (W,): what they were given goes to the rest, context by context."""
    lost1 = np.exp(model.ln_p1)[~words].sum()
    gone2, gone3 = ~words[model.second], ~words[model.third]
    at2, at3 = model.first[gone2], model.pair[gone3]
    lower2, lower3 = np.exp(model.ln_p1[model.second]), np.exp(ln_lower(model))
    explicit, below = (_sums(at2, p[gone2], len(words)) for p in (np.exp(model.ln_p2), lower2))
    lost2 = explicit + np.exp(model.ln_b1) * (lost1 - below)
    explicit, below = (_sums(at3, p[gone3], len(model.first)) for p in (np.exp(model.ln_p3), lower3))
    lost3 = explicit + np.exp(model.ln_b2) * (lost2[model.second] - below)
    model = replace(
        model,
        ln_p1=np.where(words, model.ln_p1 - np.log1p(-lost1), NEVER),
        ln_p2=model.ln_p2 - np.log1p(-lost2[model.first]),
        ln_p3=model.ln_p3 - np.log1p(-lost3[model.pair]),
    )
    contexts = words | np.isin(model.words, [START])
    pairs = contexts[model.first] & words[model.second]
    return _renumbered(only(model, pairs, pairs[model.pair] & words[model.third]), contexts)


def renewed(model: NGrams) -> NGrams:
    """The model with back-off weights that make every context's probabilities sum to one."""
    lower = np.exp(model.ln_p1[model.second])
    seen, below = (_sums(model.first, p, len(model.words)) for p in (np.exp(model.ln_p2), lower))
    model = replace(model, ln_b1=_ln_back_off(seen, below))
    lower = np.exp(ln_lower(model))
    seen, below = (_sums(model.pair, p, len(model.first)) for p in (np.exp(model.ln_p3), lower))
    return replace(model, ln_b2=_ln_back_off(seen, below))


def lower_rows(model: NGrams) -> Ids:
    """The bigram (T,) that each trigram ends with; -1 where it is none."""
    count = len(model.words)
    return rows_of(model.first * count + model.second, model.second[model.pair] * count + model.third)


def ln_lower(model: NGrams) -> Doubles:
    """ln p(third | second) (T,) of each trigram: what is left of it when its first word is forgotten."""
    rows = lower_rows(model)
    backed_off = model.ln_b1[model.second[model.pair]] + model.ln_p1[model.third]
    return np.where(rows < 0, backed_off, np.append(model.ln_p2, 0.0)[rows])


def triple_loss(model: NGrams) -> Doubles:
    """The relative entropy (T,) in nats between the model and the one without each trigram."""
    ln_context = model.ln_before[model.first] + model.ln_p2
    return _loss(model.pair, ln_context, model.ln_b2, model.ln_p3, ln_lower(model))


def pair_loss(model: NGrams) -> Doubles:
    """The relative entropy (B,) in nats between the model and the one without each bigram."""
    return _loss(model.first, model.ln_before, model.ln_b1, model.ln_p2, model.ln_p1[model.second])


def _loss(context: Ids, ln_context: Doubles, ln_back_off: Doubles, ln_p: Doubles, ln_less: Doubles) -> Doubles:
    """What each n-gram's own loss is: of its own probability, and of the others that share the back-off weight."""
    p, less = np.exp(ln_p), np.exp(ln_less)
    seen, below = (_sums(context, each, len(ln_context))[context] for each in (p, less))
    ln_renewed = _ln_back_off(seen - p, below - less)
    change = ln_renewed - ln_back_off[context]
    apart = p * (ln_less + ln_renewed - ln_p) + change * np.maximum(1 - seen, 0)
    return -np.exp(ln_context[context]) * apart


def _sums(context: Ids, p: Doubles, contexts: int) -> Doubles:
    """The sum of `p` in each context."""
    return np.bincount(context, p, contexts).astype(np.float64)


def _ln_back_off(seen: Doubles, below: Doubles) -> Doubles:
    """ln of the mass that is not seen over the mass that the shorter context gives to what is not seen."""
    ln: Doubles = np.log(np.maximum(1 - seen, LEAST)) - np.log(np.maximum(1 - below, LEAST))
    return ln


def only(model: NGrams, pairs: Flags, triples: Flags) -> NGrams:
    """The model with only these n-grams; trigrams of a bigram that goes must have gone."""
    number = np.cumsum(pairs) - 1
    return renewed(
        replace(
            model,
            first=model.first[pairs],
            second=model.second[pairs],
            ln_p2=model.ln_p2[pairs],
            ln_b2=model.ln_b2[pairs],
            pair=number[model.pair[triples]],
            third=model.third[triples],
            ln_p3=model.ln_p3[triples],
        )
    )


def _renumbered(model: NGrams, kept: Flags) -> NGrams:
    """The model of the `kept` words (W,) alone, the start of a sentence first, then the most frequent."""
    often = np.where(np.isin(model.words, [START]), np.inf, np.where(kept, model.ln_before, -np.inf))
    order = np.argsort(-often, kind="stable")[: kept.sum()]
    number = np.zeros(len(kept), np.int64)
    number[order] = np.arange(len(order))
    first, second, third = number[model.first], number[model.second], number[model.third]
    pairs = np.lexsort((second, first))
    row = np.argsort(pairs)[model.pair]
    triples = np.lexsort((third, row))
    return NGrams(
        [model.words[at] for at in order.tolist()],
        model.ln_before[order],
        model.ln_p1[order],
        model.ln_b1[order],
        first[pairs],
        second[pairs],
        model.ln_p2[pairs],
        model.ln_b2[pairs],
        row[triples],
        third[triples],
        model.ln_p3[triples],
    )
