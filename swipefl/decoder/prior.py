"""What a caller knows better than any list: the ln probabilities of some words, for one swipe or all of them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats
from swipefl.decoder.lexicon import Lexicon
from swipefl.decoder.lookup import lookup_of
from swipefl.decoder.word_index import Rows, WordIndex, Words, WordTable, words_of
from swipefl.decoder.word_list import WordList, list_of, table_of
from swipefl.gesture.language import is_turkic
from swipefl.gesture.spelling import lower

Flags = npt.NDArray[np.bool_]
NONE: Rows = np.zeros(0, np.intp)


@dataclass(frozen=True, eq=False)
class Prior:
    """Different written words (N,) and their ln probabilities (N,).

    In a search each of them stands in for the ln frequency of the word that is written so, else of those that differ in
    case alone, and for what is known of the words before it; a word of no list is one more. What a lexicon hides stays
    hidden.
    """

    words: tuple[str, ...]
    ln_probabilities: Floats

    def index(self, lexicon: Lexicon, letters: str) -> WordIndex:
        """What can be spelled with `letters` of a lexicon and of this; kept for the next time."""
        return _index(self, lexicon, letters)

    @cached_property
    def written(self) -> Words:
        """The words as arrays."""
        return words_of(self.words)


@lru_cache(1)
def _index(prior: Prior, lexicon: Lexicon, letters: str) -> WordIndex:
    """The lexicon's tables, without what the prior knows better, and small ones of that.

    Next to nothing of it takes longer for a larger lexicon.
    """
    tables = lexicon.tables(letters)
    gone, listed, shown = _as_written(prior, lexicon, tables)
    rest = np.flatnonzero(~listed).tolist()
    alike = _in_another_case(prior, lexicon, tables, gone, rest) if rest else {}
    for number in rest:
        shown[number] = number not in alike and not lexicon.hides(prior.words[number])
    kept = [table.hiding(np.concatenate(rows)) for table, rows in zip(tables, gone, strict=True)]
    own = [*_tables(lexicon, letters, WordList(prior.written, prior.ln_probabilities), np.flatnonzero(~shown))]
    if alike:
        own += _tables(lexicon, letters, list_of(_told(prior, alike)))
    return WordIndex(letters, tuple(table for table in (*kept, *own) if len(table.hidden) < len(table)))


def _as_written(prior: Prior, lexicon: Lexicon, tables: Sequence[WordTable]) -> tuple[list[list[Rows]], Flags, Flags]:
    """The rows of each table that are written as words of the prior, which of these there are, and which are shown."""
    listed, shown = np.zeros((2, len(prior.words)), bool)
    gone = []
    for part, table in zip(lexicon.parts, tables, strict=True):
        rows, of = lookup_of(part.listed.words, None).find(prior.written)
        listed[of] = True
        shown[of[~table.hides[rows]]] = True
        gone.append([rows])
    return gone, listed, shown


def _in_another_case(
    prior: Prior, lexicon: Lexicon, tables: Sequence[WordTable], gone: Sequence[list[Rows]], rest: Sequence[int]
) -> dict[int, dict[str, float]]:
    """The forms that each of the `rest` of a prior has in the lists, with their ln frequencies; they are `gone` too."""
    found: dict[int, dict[str, float]] = {}
    for part, table, rows in zip(lexicon.parts, tables, gone, strict=True):
        small = words_of([lower(prior.words[number], part.turkic) for number in rest])
        near, of = lookup_of(part.listed.words, part.turkic).find(small)
        told = zip(part.listed.words.text(near), part.ln_frequencies[near].tolist(), table.hides[near], of, strict=True)
        for form, ln_frequency, is_hidden, place in told:
            forms = found.setdefault(rest[place], {})
            if not is_hidden:
                forms[form] = float(np.logaddexp(forms.get(form, -math.inf), ln_frequency))
        rows.append(near)
    return found


def _told(prior: Prior, alike: Mapping[int, Mapping[str, float]]) -> dict[str, float]:
    """What forms in another case have, those of a word together its ln probability: that of the likeliest word.

    One that the prior has as it is written has that.
    """
    told, written = dict[str, float](), set(prior.words)
    for number in sorted(alike, key=prior.ln_probabilities.__getitem__):
        forms = alike[number]
        more = float(prior.ln_probabilities[number]) - float(np.logaddexp.reduce(list(forms.values()) or [0.0]))
        told |= {form: ln_frequency + more for form, ln_frequency in forms.items() if form not in written}
    return told


def _tables(lexicon: Lexicon, letters: str, listed: WordList, hidden: Rows = NONE) -> Iterable[WordTable]:
    """A table of words in the case of each of the languages; what stands before says no more of them."""
    first = is_turkic(lexicon.languages)
    for turkic in sorted({part.turkic for part in lexicon.parts}, reverse=first):
        table = replace(table_of(listed, letters, turkic), settled=True).hiding(hidden)
        words = [] if turkic == first else listed.words.text()
        yield table.hiding(np.flatnonzero([lower(word) == lower(word, turkic=True) for word in words]))
