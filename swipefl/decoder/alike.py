"""Words of a list that could be spelled like others, whatever keyboards there are."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from swipefl.decoder.word_index import Words
from swipefl.gesture.spelling import folded

FACTOR = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: its bits are well mixed


def spelled_alike(words: Words, wanted: Iterable[str]) -> dict[str, list[str]]:
    """The written words that could be spelled like each of the `wanted`; of which most are in none.

    What a word is taken apart into does not depend on its order, nor does the sum that it is looked for by.
    """
    alike = defaultdict(list)
    for word in wanted:
        alike[folded(word)].append(word)
    found: dict[str, list[str]] = {}
    if not len(words) or not alike:
        return found
    of_code = np.array([0, *map(_sum, words.alphabet)], np.uint32)
    sums = np.add.reduceat(of_code[words.flat], words.starts, dtype=np.uint32)
    near = np.flatnonzero(np.isin(sums, np.array([_sum(word) for word in alike], np.uint32)))
    for written in words.text(near):
        for word in alike.get(folded(written), ()):
            found.setdefault(word, []).append(written)
    return found


def _sum(text: str) -> int:
    return sum((ord(letter) ** 3 * FACTOR) >> 7 for letter in folded(text)) % 2**32
