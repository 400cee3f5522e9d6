"""Lexicons: the word lists of one language or several, and the person's own words on top."""

import math
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from importlib import resources

import numpy as np

from swipefl.arrays import Floats
from swipefl.decoder.word_index import WordIndex, WordTable
from swipefl.decoder.word_list import HEADER, WordList, list_of, size_of, unpacked
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.language import Languages, is_turkic, tags_of
from swipefl.gesture.spelling import lower

KEPT = 2  # lexicons on keyboards, arranged for the search: one in use, and one that is to take its place
OFFENSIVE = "offensive-"  # so begin the names of the files of offensive words


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What a gesture of these languages may mean: a word list of each, and personal words with their ln frequencies.

    All words are as they are written. Languages count alike, and a word of several has the sum of its frequencies; one
    that is listed and personal too has the higher of the two. `hidden` words, in whatever case, are known like the
    others, and in no index: the search never meets them, and the next best words move up.
    """

    languages: Languages
    listed: tuple[WordList, ...]
    personal: Mapping[str, float] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    @property
    def words(self) -> tuple[str, ...]:
        """The words of each language, most frequent first, then those that are not listed."""
        return tuple(word for part in self.parts for word in part.listed.words.text())

    @property
    def ln_frequencies(self) -> Floats:
        """The natural logarithm of each word's frequency (N,)."""
        return np.concatenate([part.ln_frequencies for part in self.parts])

    def __len__(self) -> int:
        return sum(len(part.listed) for part in self.parts)

    def __contains__(self, word: object) -> bool:
        """Whether a word that is written so is listed or personal."""
        return isinstance(word, str) and any(part.listed.find([word]) for part in self.parts)

    def languages_of(self, words: Sequence[str]) -> list[str]:
        """The language that writes each word most often, the first where none does."""
        often = np.full((len(self.listed), len(words)), -np.inf)
        for at, listed in zip(often, self.listed, strict=True):
            for row, place in listed.find(words):
                at[place] = listed.ln_frequencies[row]
        return [self.languages[number] for number in often.argmax(0).tolist()]

    def truncated(self, count: int) -> "Lexicon":
        """Only the `count` most frequent listed words of each language; personal words stay."""
        return replace(self, listed=tuple(listed.truncated(count) for listed in self.listed))

    def with_words(self, words: Mapping[str, float]) -> "Lexicon":
        """This lexicon and `words` with their ln frequencies; cheap, the listed words' arrays are shared."""
        return replace(self, personal={**self.personal, **words})

    def hiding(self, words: Iterable[str]) -> "Lexicon":
        """This lexicon, where the search meets none of the `words`."""
        return replace(self, hidden=self.hidden.union(words))

    def index(self, letters: str) -> WordIndex:
        """What can be spelled with `letters` and is not hidden, for the search; kept for the next time."""
        return _index(self, letters)

    def tables(self, letters: str) -> list[WordTable]:
        """The words of each of the `parts` on one keyboard; kept for the next time."""
        return _tables(self, letters)

    def hides(self, word: str) -> bool:
        """Whether a word of no list is hidden, in whatever case."""
        return any(lower(word, turkic) in forms for turkic, forms in self._hidden_forms.items())

    @cached_property
    def parts(self) -> "tuple[Part, ...]":
        """The list of each language and those of words that none has, with what personal words say."""
        less = math.log(max(1, sum(len(listed) > 0 for listed in self.listed)))
        pairs = zip(self.languages, self.listed, strict=True)
        parts = [_part(listed, is_turkic((language,)), less) for language, listed in pairs]
        return (*parts, *self._unlisted(_told(parts, self.personal)))

    @cached_property
    def _hidden_forms(self) -> dict[bool, frozenset[str]]:
        kinds = {part.turkic for part in self.parts} if self.hidden else ()
        return {turkic: frozenset(lower(word, turkic) for word in self.hidden) for turkic in kinds}

    def _unlisted(self, words: Mapping[str, float]) -> "list[Part]":
        """Words of no list, in the case of each of the languages: of which one a word with I is, nobody says."""
        parts, first = [], is_turkic(self.languages)
        for turkic in sorted({is_turkic((language,)) for language in self.languages}, reverse=first):
            those = (
                words if turkic == first else {w: ln for w, ln in words.items() if lower(w) != lower(w, turkic=True)}
            )
            parts += [_part(list_of(those), turkic)] if those else []
        return parts


@lru_cache(KEPT)
def _index(lexicon: Lexicon, letters: str) -> WordIndex:
    return WordIndex(letters, tuple(table for table in lexicon.tables(letters) if len(table.hidden) < len(table)))


@lru_cache(KEPT)
def _tables(lexicon: Lexicon, letters: str) -> list[WordTable]:
    hidden = sorted(lexicon.hidden)
    return [part.table(letters, hidden) for part in lexicon.parts]


@dataclass
class Part:
    """One list of a lexicon, and the ln frequencies (N,) that its words have there."""

    listed: WordList
    turkic: bool
    ln_frequencies: Floats
    less: float

    def table(self, letters: str, hidden: Sequence[str]) -> WordTable:
        """Its words on one keyboard."""
        table = self.listed.table(letters, self.turkic)
        if self.ln_frequencies is not self.listed.ln_frequencies:
            table = table.telling(self.ln_frequencies, self.less)
        return table.hiding(np.array([number for number, _ in self.listed.find(hidden, self.turkic)], np.intp))


def _part(listed: WordList, turkic: bool, less: float = 0.0) -> Part:
    return Part(listed, turkic, listed.ln_frequencies - np.float32(less) if less else listed.ln_frequencies, less)


def _told(parts: Sequence[Part], given: Mapping[str, float]) -> dict[str, float]:
    """Gives words their ln frequency where it is higher than their own; returns those that no part has."""
    words, found = tuple(given), defaultdict(list)
    for part in parts:
        for number, place in part.listed.find(words):
            found[words[place]].append((part, number))
    if found:
        for part in parts:
            part.ln_frequencies = part.ln_frequencies.copy()
    for word, places in found.items():
        _tell(places, given[word])
    return {word: value for word, value in given.items() if word not in found}


def _tell(places: Sequence[tuple[Part, int]], ln_frequency: float) -> None:
    """Makes the frequencies that a word has in all places together what is given, where that is more."""
    own = [float(part.ln_frequencies[number]) for part, number in places]
    more = ln_frequency - float(np.logaddexp.reduce(own))
    if more > 0:
        for (part, number), ln in zip(places, own, strict=True):
            part.ln_frequencies[number] = ln + more


def merged(lexicons: Sequence[Lexicon]) -> Lexicon:
    """One lexicon of several: the words of all their languages, personal and hidden ones of each."""
    if len(lexicons) == 1:
        return lexicons[0]
    return Lexicon(
        tuple(language for lexicon in lexicons for language in lexicon.languages),
        tuple(listed for lexicon in lexicons for listed in lexicon.listed),
        {word: value for lexicon in lexicons for word, value in lexicon.personal.items()},
        frozenset[str]().union(*(lexicon.hidden for lexicon in lexicons)),
    )


@cache
def shipped() -> Languages:
    """The languages of which the package has a lexicon."""
    names = (file.name for file in resources.files("swipefl.decoder").joinpath("lexicons").iterdir())
    return tuple(sorted(name[:-4] for name in names if name.endswith(".bin") and not name.startswith(OFFENSIVE)))


def shipped_size(language: str) -> int:
    """How many words the package's lexicon of a language has; it is not read for that."""
    return size_of(zlib.decompressobj().decompress(_content(f"{language}.bin"), HEADER.size))


def shipped_tag(language: str) -> str | None:
    """The tag of the package's lexicon of a language: its own, else that of the language without its region."""
    return next((tag for tag in tags_of(language) if tag in shipped()), None)


def check_language(language: str) -> str:
    """The tag of the package's lexicon of a language. Raises UsageError where there is none."""
    if tag := shipped_tag(language):
        return tag
    raise UsageError(
        "no-lexicon",
        "there is no lexicon for language {language!r}",
        Remedy.CHOOSE_LANGUAGE,
        language=language,
        known=" or ".join(shipped()),
    )


def load_lexicon(languages: str | Languages) -> Lexicon:
    """The package's lexicon of a language, or one of several; English where none is said.

    Raises UsageError where one of them has none.
    """
    tags = (languages,) if isinstance(languages, str) else languages or ("en",)
    return _loaded(tuple(dict.fromkeys(map(check_language, tags))))


def lexicon_of_any(languages: Languages) -> Lexicon:
    """As `load_lexicon`, for what files say: a language without a lexicon has no words, and ends nothing.

    Where nothing says a language it is English: who keeps a file of other people's swipes speaks for none of them.
    """
    return _loaded(tuple(dict.fromkeys(shipped_tag(tag) or tag for tag in languages or ("en",))))


@lru_cache(maxsize=4)
def _loaded(tags: Languages) -> Lexicon:
    return merged([Lexicon((tag,), (_listed(tag),)) if tag in shipped() else no_words(tag) for tag in tags])


@lru_cache(maxsize=4)
def _listed(tag: str) -> WordList:
    return unpacked(zlib.decompress(_content(f"{tag}.bin")))


@cache
def offensive_words(language: str) -> frozenset[str]:
    """The offensive words of the package's lexicon of a language, if known; what makes a word one, its recipe says.

    Raises UsageError where there is no lexicon.
    """
    try:
        return frozenset(zlib.decompress(_content(f"{OFFENSIVE}{check_language(language)}.bin")).decode().split("\n"))
    except FileNotFoundError:
        return frozenset()


def _content(name: str) -> bytes:
    return resources.files("swipefl.decoder").joinpath("lexicons", name).read_bytes()


def no_words(language: str) -> Lexicon:
    """A lexicon without listed words, for a language that the package has none of."""
    return Lexicon((language,), (list_of({}),))
