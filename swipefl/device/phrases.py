"""The person's own words in order, joined to what the package knows of its languages."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from swipefl.arrays import Doubles
from swipefl.decoder.context import Context
from swipefl.gesture.before import Before, context_form
from swipefl.gesture.spelling import straight
from swipefl.store.phrases import Uttered

HALF_LIFE_DAYS = 30.0
DOUBT = 2.0  # how much less is trusted


@dataclass(frozen=True)
class OwnPhrases:
    """A Context out of what was written `behind` a word, and of what the package knows, if it knows anything."""

    behind: Callable[[str], Sequence[Uttered]]
    package: Context | None

    def gain(self, before: Before, words: Sequence[str], ln_frequencies: Doubles) -> Doubles:
        """`ln p(w | before) - ln p(w)` (N,). Of forms of one word that which was written there gains most.

        At a sentence's start, where all have a capital, they gain alike.
        """
        gains = self.package.gain(before, words, ln_frequencies) if self.package else np.zeros(len(words))
        uttered = self.behind(before.follows)
        if not uttered:
            return gains
        exact = context_form(before.text)
        chances = np.exp(ln_frequencies + gains)
        for some in (uttered, [one for one in uttered if one.before == exact] if before.words else ()):
            if some:
                chances = _mixed(chances, words, _counts(some, before.is_start))
        return np.log(chances) - ln_frequencies


def _mixed(chances: Doubles, words: Sequence[str], counts: Mapping[str, Mapping[str, float]]) -> Doubles:
    """Chances (N,) of words, interpolated with how often each was written, as Witten and Bell do (1991)."""
    doubt = DOUBT * sum(min(sum(forms.values()), 1.0) for forms in counts.values())
    total = sum(sum(forms.values()) for forms in counts.values())
    told = np.zeros(len(words))
    for form, places in _places(words, counts).items():
        written = np.array([counts[form].get(straight(words[place]), 0.0) for place in places])
        share = written + chances[places]
        told[places] = sum(counts[form].values()) * share / share.sum()
    return (told + doubt * chances) / (total + doubt)


def _counts(uttered: Sequence[Uttered], caseless: bool) -> Mapping[str, Mapping[str, float]]:
    """How often each word was written, by its form and then as it was written; what is old counts less."""
    counts: dict[str, dict[str, float]] = defaultdict(dict)
    for one in uttered:
        form = context_form(one.word)
        written = "" if caseless else straight(one.word)
        forms = counts[form]
        forms[written] = forms.get(written, 0.0) + 0.5 ** (one.age_days / HALF_LIFE_DAYS)
    return counts


def _places(words: Sequence[str], counts: Mapping[str, object]) -> Mapping[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(words):
        if (form := context_form(word)) in counts:
            places[form].append(place)
    return places
