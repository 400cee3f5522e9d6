"""An n-gram model as the package keeps it: gains in coarse steps, words as hashes."""

import numpy as np

from examples.context.pruning import ln_lower
from examples.context.source import START, NGrams, rows_of
from swipefl.arrays import Doubles
from swipefl.decoder.ngrams import MOST_WORDS, STEP, NGramModel, Steps, hash_of

# Contractions are found without their apostrophe too, unless that is another word: "dont" and "im", and not "its".
ENDINGS = ("n't", "'m", "'re", "'ve", "'ll", "'d")
CONTRACTIONS = ("it's", "that's", "what's", "let's", "he's", "she's", "who's", "there's", "here's", "where's", "how's")


def model_of(model: NGrams) -> NGramModel:
    """The model as the package keeps it. Words that no n-gram has are left out; they gain what unknown ones do.

    Raises ValueError for too many words, and where a trigram's last two words are no bigram.
    """
    used = np.zeros(len(model.words), bool)
    used[0] = used[model.first] = used[model.second] = True
    number = np.cumsum(used) - 1
    first, second = number[model.first], number[model.second]
    words = [word for word, is_used in zip(model.words, used.tolist(), strict=True) if is_used]
    if len(words) > MOST_WORDS or words[0] != START:
        raise ValueError(f"more than {MOST_WORDS} words, or none that starts a sentence")
    begins = np.searchsorted(first, np.arange(len(words) + 1))
    inner = rows_of(first * len(words) + second, second[model.pair] * len(words) + number[model.third])
    if (inner < 0).any():
        raise ValueError("a trigram whose last two words are no bigram")
    contexts, context_begins = np.unique(model.pair, return_index=True)
    numbers = _numbers(words)
    return NGramModel(
        np.array(sorted(numbers), np.uint32),
        np.array([numbers[known] for known in sorted(numbers)], np.uint16),
        begins,
        second.astype(np.uint16),
        _steps(model.ln_p2 - model.ln_p1[model.second]),
        _steps(model.ln_b1[used]),
        contexts,
        np.append(context_begins, len(model.pair)),
        (inner - begins[second[model.pair]]).astype(np.uint16),
        _steps(model.ln_p3 - ln_lower(model)),
        _steps(model.ln_b2[contexts]),
    )


def _steps(values: Doubles) -> Steps:
    return np.clip(np.round(values / STEP), -127, 127).astype(np.int8)


def _numbers(words: list[str]) -> dict[int, int]:
    """The number of each word by its hash; of two that share one the more frequent has it."""
    numbers: dict[int, int] = {}
    for number, word in enumerate(words):
        if word != START:
            numbers.setdefault(hash_of(word), number)
    for number, word in enumerate(words):
        if word.endswith(ENDINGS) or word in CONTRACTIONS:
            numbers.setdefault(hash_of(word.replace("'", "")), number)
    return numbers
