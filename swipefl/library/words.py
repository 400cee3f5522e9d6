"""`device.words`: the personal lexicon, and words that are never offered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from swipefl.library.checks import check_texts
from swipefl.library.part import Part

if TYPE_CHECKING:
    from swipefl.device.words import Change, WordsReport
    from swipefl.store.personal_words import PersonalWord
    from swipefl.store.phrases import Phrase


class Words(Part):
    """The words of `device.words`: those that a person added, swiped twice, or hid.

    `language` is a tag such as "de", or several as in "de,en"; without it, what the person writes in. The case of a
    word does not matter where it is removed, hidden or unhidden.
    """

    def list(self) -> "tuple[PersonalWord, ...]":
        """The personal words and the hidden ones, each once, by language and word. Raises StoreError."""
        from swipefl.device.words import known_words

        with self._opened() as home, home.store() as store:
            return tuple(known_words(store))

    def phrases(self) -> "tuple[Phrase, ...]":
        """The person's own words in order: every pair and triple that predictions know, most often written first.

        They are read from the newest 50,000 swipes to learn from that say what stood before. Raises StoreError.
        """
        with self._opened() as home, home.store() as store:
            return tuple(store.phrases.all())

    def add(self, word: str, language: str | None = None) -> "WordsReport":
        """Makes a word swipeable, also a hidden one; it is written as it is given.

        Raises UsageError for what no keyboard can spell, StoreError.
        """
        return self._change(word, language, "add")

    def remove(self, word: str, language: str | None = None) -> "WordsReport":
        """Takes a word out; it does not come back by itself. Raises UsageError, StoreError."""
        return self._change(word, language, "remove")

    def hide(self, word: str, language: str | None = None) -> "WordsReport":
        """Never offers a word again, however often it is swiped. Raises UsageError, StoreError."""
        return self._change(word, language, "hide")

    def unhide(self, word: str, language: str | None = None) -> "WordsReport":
        """Offers a hidden word again. Raises UsageError, StoreError."""
        return self._change(word, language, "unhide")

    def change(
        self,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        hide: Sequence[str] = (),
        unhide: Sequence[str] = (),
        language: str | None = None,
    ) -> "WordsReport":
        """Several of these at once, all of them or none. Raises UsageError, StoreError."""
        from swipefl.device.languages import said_languages
        from swipefl.device.words import change_words

        for word in (*add, *remove, *hide, *unhide):
            check_texts(word=word)
        changes: dict[Change, Sequence[str]] = {"add": add, "remove": remove, "hide": hide, "unhide": unhide}
        with self._changing() as home:
            languages = said_languages(language) or home.person()
            with home.store() as store:
                return change_words(store, changes, languages)

    def _change(self, word: str, language: str | None, change: "Change") -> "WordsReport":
        from swipefl.device.languages import said_languages
        from swipefl.device.words import change_word

        check_texts(word=word)
        with self._changing() as home:
            languages = said_languages(language) or home.person()
            with home.store() as store:
                return change_word(store, word, languages, change)
