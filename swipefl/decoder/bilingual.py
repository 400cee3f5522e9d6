"""Several languages at once: which of them the words before are of says which a word is likely of.

A search has p(w) = sum over n languages of f(w) / n. Here it becomes the sum of p(language | before) p(w | before),
the latter as each language's model of words in order has it, and f(w) where there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from swipefl.arrays import Doubles
from swipefl.decoder.context import Context
from swipefl.decoder.lexicon import Lexicon
from swipefl.decoder.lookup import lookup_of
from swipefl.decoder.ngrams import shipped_context
from swipefl.decoder.word_index import words_of
from swipefl.decoder.word_list import WordList
from swipefl.gesture.before import UNKNOWN, Before
from swipefl.gesture.language import is_turkic
from swipefl.gesture.spelling import lower, straight

FOREIGN = 0.02  # how often the next word is of any of the languages, whichever the words before are of
RAREST = 1e-7  # what a word counts that a language does not have: its lists have foreign words too


def context_of(lexicon: Lexicon) -> Context | None:
    """What the package knows of words in order in a lexicon's languages; of several also which is spoken."""
    known = [(listed, tag) for listed, tag in zip(lexicon.listed, lexicon.languages, strict=True) if len(listed)]
    contexts = [shipped_context((tag,)) for _, tag in known]
    if len(known) < 2:
        return contexts[0] if contexts else None
    return Bilingual([(listed, is_turkic((tag,))) for listed, tag in known], contexts)


@dataclass(frozen=True, eq=False)
class Bilingual:
    """A Context of L languages: lists, each with whether its case is Turkish, and what is known of words in order."""

    lists: Sequence[tuple[WordList, bool]]
    contexts: Sequence[Context | None]

    def gain(self, before: Before, words: Sequence[str], ln_frequencies: Doubles) -> Doubles:
        """`ln p(w | before) - ln p(w)` (N,); a word that no language lists may be of any."""
        told = before.around or [word for word in before.words if word != UNKNOWN]
        found = np.stack([frequencies_of(*known, [*told, *words]) for known in self.lists])  # (L, B + N)
        spoken, each = _spoken(found[:, : len(told)]), found[:, len(told) :]
        together = each.sum(0)
        shares = np.where(together > 0, each, 1.0) / np.where(together > 0, together, len(found))
        chances = np.stack([_chances(context, before, words, ln_frequencies) for context in self.contexts])
        gains: Doubles = np.log(len(found) * (spoken @ (shares * chances)))
        return gains


def _chances(context: Context | None, before: Before, words: Sequence[str], ln_frequencies: Doubles) -> Doubles:
    """How much likelier each word (N,) is in one language for what stood before."""
    return np.ones(len(words)) if context is None else np.exp(context.gain(before, words, ln_frequencies))


def _spoken(found: Doubles) -> Doubles:
    """p(language | before) (L,), from the frequency (L, B) of each word before."""
    lns = np.log(found + RAREST).sum(1)
    chances = np.exp(lns - lns.max())
    spoken: Doubles = (1 - FOREIGN) * chances / chances.sum() + FOREIGN / len(found)
    return spoken


def frequencies_of(listed: WordList, turkic: bool, words: Sequence[str]) -> Doubles:
    """The frequency (N,) that a list has of words, whatever their case; 0 of those that are not listed."""
    rows, of = lookup_of(listed.words, turkic).find(words_of([straight(lower(word, turkic)) for word in words]))
    found = np.zeros(len(words))
    np.add.at(found, of, np.exp(listed.ln_frequencies[rows]))
    return found
