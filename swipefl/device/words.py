"""The personal lexicon, changed by hand."""

from dataclasses import dataclass
from typing import Literal

from swipefl.decoder.lexicon import check_language
from swipefl.gesture.spelling import folded, lower
from swipefl.store.store import Store
from swipefl.store.words import PersonalWord

Change = Literal["add", "remove", "hide", "unhide"]


@dataclass(frozen=True)
class WordsReport:
    """How many personal words there are now, and how many words are hidden."""

    words: int
    hidden: int


def change_word(store: Store, word: str, language: str, change: Change) -> WordsReport:
    """Makes a word swipeable or takes it out, hides it or no longer; none of that is undone by swiping it.

    Raises UsageError for one that has no letters, or a language without a lexicon; StoreError.
    """
    check_language(language)
    words = store.words
    with store.transaction():
        {"add": words.add, "remove": words.remove, "hide": words.hide, "unhide": words.unhide}[change](word, language)
    return WordsReport(len(words.all()), len(words.hidden()))


def is_offered_so(word: str) -> bool:
    """Whether candidates are written like `word`: so far they have no apostrophes."""
    return lower(word) == folded(word)


def known_words(store: Store) -> list[PersonalWord]:
    """Personal and hidden words, each once, by language and word; a hidden one says so. Raises StoreError."""
    by_word = {(word.language, word.word): word for word in (*store.words.all(), *store.words.hidden())}
    return [by_word[key] for key in sorted(by_word)]
