"""`device.lexicons`: the word lists of the languages."""

from os import PathLike
from typing import TYPE_CHECKING

from swipefl.errors import Remedy, UsageError
from swipefl.library.checks import path_of
from swipefl.library.part import Part

if TYPE_CHECKING:
    from swipefl.device.lexicons import KnownLexicon, LexiconReport


class Lexicons(Part):
    """The word lists of `device.lexicons`: one a language, those that came with swipefl and the person's own."""

    def list(self) -> "tuple[KnownLexicon, ...]":
        """Every word list that is in use, by language. Raises StoreError."""
        from swipefl.device.lexicons import known_lexicons

        with self._opened() as home, home.store() as store:
            return tuple(known_lexicons(store))

    def add(
        self,
        file: str | PathLike[str] | None = None,
        language: str | None = None,
        name: str | None = None,
        from_wordfreq: str | None = None,
    ) -> "LexiconReport":
        """Uses a word list for a language, in place of swipefl's: a `file` of `language`, or wordfreq's list.

        A file has lines of a word and its count, or is an AOSP .combined list, or a hunspell .dic, whose words all
        count alike. `name` is what to call it, else its file's name. `from_wordfreq` is a language that the package
        wordfreq has a list of. The list is kept in the store, and no export has it.
        Raises UsageError where neither or both are given, DataError for a file without words, StoreError.
        """
        from swipefl.device.languages import said_language
        from swipefl.device.lexicons import add_lexicon, add_wordfreq

        if file is not None and from_wordfreq is None and language is not None:
            with self._changing() as home, home.store() as store:
                return add_lexicon(store, path_of(file), said_language(language), name)
        if from_wordfreq is not None and file is None:
            source = said_language(from_wordfreq)
            tag = source if language is None else said_language(language)
            with self._changing() as home, home.store() as store:
                return add_wordfreq(store, source, tag, name)
        raise UsageError("no-words-said", "it is to be said which words of what language", Remedy.SAY_WORDS)

    def remove(self, language: str) -> str:
        """Drops a word list of one's own, and says of which language; swipefl's comes back, if there is one.

        Raises UsageError where there is none, StoreError.
        """
        from swipefl.device.languages import said_language
        from swipefl.device.lexicons import remove_lexicon

        tag = said_language(language)
        with self._changing() as home, home.store() as store:
            remove_lexicon(store, tag)
        return tag
