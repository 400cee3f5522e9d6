"""The personal lexicon, changed by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from swipefl.gesture.language import Languages, is_turkic, primary
from swipefl.store.personal_words import PersonalWord, caseless
from swipefl.store.store import Store

Change = Literal["add", "remove", "hide", "unhide"]


@dataclass(frozen=True)
class WordsReport:
    """How many personal words there are now, and how many words are hidden."""

    words: int
    hidden: int


def change_word(store: Store, word: str, languages: Languages, change: Change) -> WordsReport:
    """Makes a word swipeable or takes it out, hides it or no longer; none of that is undone by swiping it.

    In each of the languages, whether there is a lexicon of them or not. Raises UsageError for a word that can never be
    spelled, StoreError.
    """
    return change_words(store, {change: (word,)}, languages)


def change_words(store: Store, changes: Mapping[Change, Sequence[str]], languages: Languages) -> WordsReport:
    """Several changes, all of them or none. Raises UsageError, StoreError."""
    words = store.words
    run = {"add": words.add, "remove": words.remove, "hide": words.hide, "unhide": words.unhide}
    with store.transaction():
        for change, given in changes.items():
            for word in given:
                for language in languages:
                    run[change](word, language)
    return WordsReport(len(words.all()), len(words.hidden()))


def known_words(store: Store) -> list[PersonalWord]:
    """Personal and hidden words, each once, by language and word; a hidden one says so. Raises StoreError."""
    hidden = store.words.hidden()
    covered = {key for word in hidden for key in _keys(word)}
    personal = [word for word in store.words.all() if not _keys(word) <= covered]
    return sorted((*personal, *hidden), key=lambda word: (word.languages, word.word))


def _keys(word: PersonalWord) -> set[tuple[str, str]]:
    """A word and its languages, of whatever region, each in the case of that language."""
    return {(caseless(word.word, is_turkic((language,))), primary(language)) for language in word.languages}
