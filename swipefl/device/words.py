"""The personal lexicon, changed by hand."""

from dataclasses import dataclass

from swipefl.decoder.lexicon import check_language
from swipefl.store.store import Store


@dataclass(frozen=True)
class WordsReport:
    """How many personal words there are now."""

    words: int


def change_word(store: Store, word: str, language: str, added: bool) -> WordsReport:
    """Makes a word swipeable, or takes it out for good: it does not come back by itself.

    Raises UsageError for one that has no letters, or a language without a lexicon; StoreError.
    """
    check_language(language)
    with store.transaction():
        (store.words.add if added else store.words.remove)(word, language)
    return WordsReport(len(store.words.all()))
