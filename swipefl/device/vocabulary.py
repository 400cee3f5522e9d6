"""Which words there are in each language: listed ones, the person's own, and which of them are not offered."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from swipefl.decoder.alike import spelled_alike
from swipefl.decoder.bilingual import context_of
from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.context import Context
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import Lexicon, load_lexicon, merged, no_words, offensive_words, shipped
from swipefl.decoder.word_list import WordList, unpacked
from swipefl.device.phrases import OwnPhrases
from swipefl.errors import Remedy, StoreError, UsageError
from swipefl.gesture.language import Languages, is_turkic, primary, tags_of
from swipefl.gesture.spelling import folded, straight, uncapitalised
from swipefl.store.personal_words import PersonalWord, caseless

if TYPE_CHECKING:  # a prediction without a store needs no SQLite
    from swipefl.store.phrases import Uttered

LN_PERSONAL = math.log(1e-5)  # a word that a person uses twice is as likely as a common word: about rank 10,000
KEPT = 3  # lexicons of as many languages or sets of them: whoever sends gestures chooses their number


def english() -> Languages:
    """The languages of a person of whom nothing is known."""
    return ("en",)


def nobody(words: Iterable[str]) -> set[str]:
    """Which of these words somebody typed who typed none."""
    return set()


@dataclass(frozen=True)
class Own:
    """What a person has of words: personal and hidden ones, and lexicons by language, each read when it is wanted.

    `languages` are those of gestures for which nothing says any; `typed` says which words the person typed themselves,
    `behind` what they wrote behind a word. `versions` are equal while the lexicons are.
    """

    words: Sequence[PersonalWord] = ()
    hidden: Sequence[PersonalWord] = ()
    lexicons: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
    languages: Callable[[], Languages] = english
    typed: Callable[[Iterable[str]], set[str]] = nobody
    behind: "Callable[[str], Sequence[Uttered]] | None" = None
    versions: tuple[object, ...] = ()


class Vocabulary:
    """The lexicons of languages, each made when it is first asked for.

    `size` keeps the most frequent words alone; `offensive` words that the person never typed are offered if that is
    wanted.
    """

    def __init__(self, own: Own = Own(), size: int | None = None, offensive: bool = False) -> None:
        self._own = own
        self._size = size
        self._offensive = offensive
        self._of_one = lru_cache(KEPT)(self._listed)
        self._of_several = lru_cache(KEPT)(self._with_own)
        self._shown = lru_cache(KEPT)(self._hiding)
        self._typed: dict[frozenset[str], set[str]] = {}

    def __reduce__(self) -> "tuple[type[Vocabulary], tuple[object, ...]]":
        """In another process the lexicons are made anew: they are larger than what they are made of."""
        return Vocabulary, (self._own, self._size, self._offensive)

    def person(self) -> Languages:
        """The languages of gestures for which nothing says any."""
        return self._own.languages()

    def lexicon(self, languages: Languages) -> Lexicon:
        """All words of these languages, of the person's where they are none: what models are judged with."""
        return self._of_several(self._spoken(languages))

    def offered(self, languages: Languages) -> Lexicon:
        """The words of these languages that the search may meet."""
        return self._shown(self._spoken(languages))

    def context(self, languages: Languages) -> Context | None:
        """What is known of words in order in these languages: what the package has, and the person's own."""
        known = self._shared_context(languages)
        return OwnPhrases(self._own.behind, known) if self._own.behind else known

    def judging(self, checkpoint: Checkpoint) -> Decoder:
        """What models are judged with: all words, and all that is known of words in order."""
        return Decoder(checkpoint, self.lexicon, context_of=self.context)

    def contributing(self, checkpoint: Checkpoint) -> Decoder:
        """What a contribution is made with: of words in order only what is in everybody's package, for it leaves."""
        return Decoder(checkpoint, self.lexicon, context_of=self._shared_context)

    def _shared_context(self, languages: Languages) -> Context | None:
        return context_of(self.lexicon(languages))

    def renewed(self, own: Own) -> "Vocabulary":
        """The vocabulary of a person who has come to have this; this one where that makes no difference.

        What of it stays the same is not made again.
        """
        was = self._own
        new = Vocabulary(own, self._size, self._offensive)
        if own.versions != was.versions:
            return new
        new._of_one = self._of_one
        if _said(own.words) != _said(was.words):
            return new
        new._of_several = self._of_several
        asked = list(self._typed.items())
        is_same = (own.behind, _said(own.hidden)) == (was.behind, _said(was.hidden))
        is_same = is_same and all(own.typed(words) == found for words, found in asked)
        return self if is_same else new

    def check(self, languages: Languages) -> None:
        """Raises UsageError for a language without a lexicon, and says which have one."""
        for language in languages:
            if self._tag(language) is None:
                known = ", ".join(sorted({*shipped(), *self._own.lexicons}))
                what = "there is no lexicon for language {language!r}"
                raise UsageError("no-lexicon", what, Remedy.CHOOSE_LANGUAGE, language=language, known=known)

    def _spoken(self, languages: Languages) -> Languages:
        """The languages to look in, each once: of those with one lexicon the first."""
        by_lexicon: dict[str, str] = {}
        for language in languages or self.person():
            by_lexicon.setdefault(self._tag(language) or language, language)
        return tuple(by_lexicon.values())

    def _tag(self, language: str) -> str | None:
        """The tag of a language's lexicon: its own, else that of the language without its region."""
        known = {*shipped(), *self._own.lexicons}
        return next((tag for tag in tags_of(language) if tag in known), None)

    def _listed(self, language: str) -> Lexicon:
        tag = self._tag(language)
        if tag is None:  # a keyboard of a language without a lexicon still has the words that its owner swipes
            return no_words(language)
        own = self._own.lexicons.get(tag)
        lexicon = Lexicon((tag,), (_unpacked(own(), tag),)) if own else load_lexicon(tag)
        return lexicon if self._size is None else lexicon.truncated(self._size)

    def _with_own(self, languages: Languages) -> Lexicon:
        lexicon = merged([self._of_one(language) for language in languages])
        personal = [word for word in self._own.words if _is_of(word, languages)]
        if personal:
            lexicon = lexicon.with_words(dict.fromkeys(_adding(personal, lexicon), LN_PERSONAL))
        return lexicon

    def _hiding(self, languages: Languages) -> Lexicon:
        lexicon = self._of_several(languages)
        unwanted = [self._unwanted(language) for language in languages]
        if any(unwanted):
            lists = [self._of_one(language) for language in languages]
            lexicon = lexicon.hiding(_of_their_language(unwanted, lists))
        return lexicon

    def _unwanted(self, language: str) -> set[str]:
        """What is not offered in a language: what the person hid, and offensive words that they never typed."""
        turkic = is_turkic((language,))
        words = set() if self._offensive else set(_offensive(language))
        if words:
            self._typed[frozenset(words)] = typed = self._own.typed(words)
            words -= typed
        hidden = [word for word in self._own.hidden if _is_of(word, (language,))]
        folds = {word.word for word in hidden if word.folded and "'" not in word.word}
        if folds:
            (listed,) = self._of_one(language).listed
            found = spelled_alike(listed.words, folds).values()
            words |= {caseless(form, turkic) for forms in found for form in forms}
            words |= {caseless(word.word, turkic) for word in self._own.words if folded(word.word) in folds}
        words.update(word.word for word in hidden)
        return words.union(word.word for word in self._own.words if caseless(word.word, turkic) in words)


def _said(words: Sequence[PersonalWord]) -> list[tuple[object, ...]]:
    """What makes a difference of them: not how often they are used."""
    return [(word.word, word.languages, word.origin, word.folded, word.at_starts) for word in words]


def _unpacked(content: bytes, language: str) -> WordList:
    """A lexicon of the person's own. Raises StoreError."""
    try:
        return unpacked(content)
    except ValueError as error:
        what = "the lexicon of language {language!r} that you added cannot be read"
        raise StoreError("damaged-lexicon", what, Remedy.LIST_LEXICONS, language=language) from error


def _is_of(word: PersonalWord, languages: Languages) -> bool:
    """Whether it belongs to one of the languages, of whatever region."""
    return not {primary(tag) for tag in word.languages}.isdisjoint(map(primary, languages))


def _offensive(language: str) -> frozenset[str]:
    known = next((tag for tag in tags_of(language) if tag in shipped()), None)
    return offensive_words(known) if known else frozenset()


def _adding(personal: Sequence[PersonalWord], lexicon: Lexicon) -> list[str]:
    """The personal words that add something.

    Labels of an older swipefl, and of old corpora, are without accents and apostrophes: a word without, that nobody
    added as it is, says nothing where one with them is listed. Nor does another form of a listed apostrophe, nor the
    capital of a listed word that only ever began sentences.
    """
    plain = [word.word for word in personal if word.folded or (word.origin == "typed" and _is_plain(word.word))]
    curled = {word.word: straight(word.word) for word in personal if word.word != straight(word.word)}
    capital = {word.word: uncapitalised(word.word, is_turkic(word.languages)) for word in personal if word.at_starts}
    begun = {word: small for word, small in capital.items() if small is not None}
    asked = [*plain, *curled.values(), *begun.values()]
    listed = {asked[place] for known in lexicon.listed for _, place in known.find(asked)} if asked else set()
    unlisted = [word for word in plain if word not in listed]
    told = {word for known in lexicon.listed if unlisted for word in spelled_alike(known.words, unlisted)}
    told |= {word for word, straight in curled.items() if straight in listed}
    told |= {word for word, small in begun.items() if small in listed}
    return [word.word for word in personal if word.word not in told]


def _is_plain(word: str) -> bool:
    return word == folded(word)


def _of_their_language(unwanted: Sequence[set[str]], lexicons: Sequence[Lexicon]) -> set[str]:
    """The words that are hidden in the language that writes them most often: `die` of English is no German article."""
    words = sorted(set().union(*unwanted))
    if len(lexicons) == 1:
        return set(words)
    likeliest = {word: -math.inf for word in words}
    hidden = set(words)
    for gone, lexicon in zip(unwanted, lexicons, strict=True):
        (listed,) = lexicon.listed
        for row, place in listed.find(words, is_turkic(lexicon.languages)):
            word, ln_frequency = words[place], float(listed.ln_frequencies[row])
            if ln_frequency > likeliest[word]:
                likeliest[word] = ln_frequency
                (hidden.add if word in gone else hidden.discard)(word)
    return hidden
