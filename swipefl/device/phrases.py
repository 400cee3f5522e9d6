"""The person's own words in order, joined to what the package knows of its languages.

Chosen on the generated month of one person (`tests/support/months.py`; 3,000 swipes, top-1 of the last week, where the
package alone has 80.9 and the standard error of a difference is about 1 point; another person's month judges, in
examples/phrases.md):
- Witten and Bell's interpolation (1991), by how many different words were seen there: 86.9. With half and a quarter of
  that weight on what is not the person's 87.1 and 87.6, with twice and four times 87.0 and 86.6.
- Kneser and Ney's absolute discounting (1995), of 0.3, 0.5, 0.7 and 0.9: 87.6, 87.3, 87.0, 86.6; what it takes off goes
  to the package's model here, in place of continuations. The two are one within their error: the first has no number to
  choose, and generated habits, which repeat themselves more than people do, speak for too much trust.
- Without triples 86.4. Half-lives of 3, 7, 14, 30 and 60 days: 86.7, 87.0, 87.0, 86.9, 86.9. A month says no more of
  them; 30 days let go of what a person no longer writes, and keep what they write once a week.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from swipefl.arrays import Doubles
from swipefl.decoder.context import Context
from swipefl.gesture.before import UNKNOWN, Before, context_form
from swipefl.gesture.spelling import straight

if TYPE_CHECKING:  # a prediction without a store needs no SQLite
    from swipefl.store.phrases import Uttered

HALF_LIFE_DAYS = 30.0
OLDEST_DAYS = 3650.0  # a clock that was wrong once makes what came before older than a float can tell from never
KEPT = 64  # contexts whose counts are kept at hand

Counts = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class OwnPhrases:
    """A Context out of what was written `behind` a word, and of what the package knows, if it knows anything."""

    behind: "Callable[[str], Sequence[Uttered]]"
    package: Context | None

    def gain(self, before: Before, words: Sequence[str], ln_frequencies: Doubles) -> Doubles:
        """`ln p(w | before) - ln p(w)` (N,). Of forms of one word that which was written there gains most.

        At a sentence's start, where all have a capital, they gain alike.
        """
        gains = self.package.gain(before, words, ln_frequencies) if self.package else np.zeros(len(words))
        uttered = tuple(self.behind(before.follows))
        if not uttered:
            return gains
        forms = [context_form(word) for word in words]
        chances = ln_frequencies + gains
        says_all = before.words and UNKNOWN not in before.words
        for behind in ("", context_form(before.text)) if says_all else ("",):
            if counts := _counts(uttered, behind, before.is_start):
                chances = _mixed(chances, words, forms, counts)
        return chances - ln_frequencies


def _mixed(chances: Doubles, words: Sequence[str], forms: Sequence[str], counts: Counts) -> Doubles:
    """Ln chances (N,) of words of these forms, interpolated with how often each was written.

    In logarithms throughout: a prior may say that a word is less likely than a float can.
    """
    total = sum(sum(written.values()) for written in counts.values())
    doubt = sum(min(sum(written.values()), 1.0) for written in counts.values())
    places: dict[str, list[int]] = defaultdict(list)
    for place, form in enumerate(forms):
        if form in counts:
            places[form].append(place)
    told = np.full(len(words), -np.inf)
    for form, alike in places.items():
        written = counts[form]
        own = (written.get(straight(words[place]), 0.0) for place in alike)
        share = np.logaddexp(chances[alike], [math.log(uses) if uses else -math.inf for uses in own])
        told[alike] = math.log(sum(written.values())) + share - np.logaddexp.reduce(share)
    mixed: Doubles = np.logaddexp(told, math.log(doubt) + chances) - math.log(total + doubt)
    return mixed


@lru_cache(KEPT)
def _counts(uttered: "tuple[Uttered, ...]", behind: str, caseless: bool) -> Counts:
    """How often each word was written, by its form and then as it was written; what is old counts less.

    Of those that stood `behind` these very words, if any are said.
    """
    counts: dict[str, dict[str, float]] = defaultdict(dict)
    for one in uttered:
        if not behind or one.before == behind:
            written = counts[context_form(one.word)]
            word = "" if caseless else straight(one.word)
            written[word] = written.get(word, 0.0) + 0.5 ** (min(one.age_days, OLDEST_DAYS) / HALF_LIFE_DAYS)
    return counts
