"""Several languages at once: which of them the words before are of says which a word is likely of.

A search has p(w) = sum over n languages of f(w) / n. Here it becomes the sum of p(language | before) p(w | before),
the latter as each language's model of words in order has it, and f(w) where there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Doubles, Floats
from swipefl.decoder.context import Context
from swipefl.decoder.lexicon import Lexicon
from swipefl.decoder.ngrams import shipped_context
from swipefl.decoder.word_list import WordList
from swipefl.gesture.before import UNKNOWN, Before, context_form

Hashes = npt.NDArray[np.uint32]

FOREIGN = 0.02  # how often the next word is of any of the languages, whichever the words before are of
RAREST = 1e-7  # what a word counts that a language does not have: its lists have foreign words too
LOOKED_UP = 100_000  # words of a list
KEPT = 3  # lists: whoever sends gestures chooses their number
FACTOR = np.uint64(0x9E3779B97F4A7C15)
POWERS = np.cumprod(np.full(257, FACTOR, np.uint64))


def context_of(lexicon: Lexicon) -> Context | None:
    """What the package knows of words in order in a lexicon's languages; of several also which is spoken."""
    known = [(listed, tag) for listed, tag in zip(lexicon.listed, lexicon.languages, strict=True) if len(listed)]
    contexts = [shipped_context((tag,)) for _, tag in known]
    if len(known) < 2:
        return contexts[0] if contexts else None
    return Bilingual([_frequencies(listed) for listed, _ in known], contexts)


@dataclass(frozen=True, eq=False)
class Frequencies:
    """The frequency (N,) of each word of a list, whatever its case, by hashes (N,) that ascend."""

    hashes: Hashes
    values: Floats

    def of(self, wanted: Hashes) -> Doubles:
        """The frequency (M,) of words, 0 of those that are not listed."""
        at = np.minimum(np.searchsorted(self.hashes, wanted), len(self.hashes) - 1)
        return np.where(self.hashes[at] == wanted, self.values[at], 0.0).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Bilingual:
    """A Context of L languages, each with its words' frequencies and with what is known of them in order."""

    frequencies: Sequence[Frequencies]
    contexts: Sequence[Context | None]

    def gain(self, before: Before, words: Sequence[str], ln_frequencies: Doubles) -> Doubles:
        """`ln p(w | before) - ln p(w)` (N,); a word that no language lists may be of any."""
        told = before.around or [word for word in before.words if word != UNKNOWN]
        hashes = hashes_of([*told, *words])
        found = np.stack([known.of(hashes) for known in self.frequencies])  # (L, B + N)
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


def hashes_of(words: Sequence[str]) -> Hashes:
    """32 bits of each word (N,), whatever its case."""
    text = "".join(f"\0{_plain(word)}" for word in words)
    return _hashed(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64))


def _plain(text: str) -> str:
    return context_form(text).replace("ς", "σ")


def _hashed(points: npt.NDArray[np.uint64]) -> Hashes:
    """The hashes (N,) of words as a run of code points (F,), a 0 before each."""
    starts = np.flatnonzero(points == 0)
    if not len(starts):
        return np.zeros(0, np.uint32)
    places = np.arange(len(points)) - np.repeat(starts, np.diff(starts, append=len(points)))
    return (np.add.reduceat(points * POWERS[places], starts) >> np.uint64(32)).astype(np.uint32)


@lru_cache(KEPT)
def _frequencies(listed: WordList) -> Frequencies:
    words = listed.words.head(LOOKED_UP)
    plain = np.array([0, *(ord(_plain(character)[:1]) for character in words.alphabet)], np.uint64)
    hashes = _hashed(plain[words.run(np.arange(len(words)))])
    order = np.argsort(hashes, kind="stable")
    hashes, values = hashes[order], np.exp(listed.ln_frequencies[: len(words)][order])
    firsts = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1]))
    return Frequencies(hashes[firsts], np.add.reduceat(values, firsts).astype(np.float32))
