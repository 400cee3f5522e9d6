"""The lexicons that are known here: those of the package, and the person's own in their place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from swipefl.decoder.lexicon import shipped, shipped_size
from swipefl.decoder.word_list import packed
from swipefl.device.word_files import WordFile, read_word_file
from swipefl.errors import Remedy, UsageError
from swipefl.store.store import Store

FLAT = 1e-6  # of a list that says nothing of frequencies: below personal words


@dataclass(frozen=True)
class KnownLexicon:
    """A lexicon's language, what it is called (None: the package's), how many words it has."""

    language: str
    name: str | None
    words: int


@dataclass(frozen=True)
class LexiconReport:
    """A lexicon that was added; how many words were left out, by reason, and the numbers of the first bad lines.

    `is_guessed`: nothing said the file's encoding; it was read as Latin-1.
    """

    language: str
    name: str
    words: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    bad_lines: tuple[int, ...] = ()
    is_guessed: bool = False


def known_lexicons(store: Store) -> list[KnownLexicon]:
    """Every lexicon that is in use, by language. Raises StoreError."""
    own = [KnownLexicon(known.language, known.name, known.words) for known in store.lexicons.all()]
    taken = {known.language for known in own}
    package = [KnownLexicon(tag, None, shipped_size(tag)) for tag in shipped() if tag not in taken]
    return sorted((*own, *package), key=lambda known: known.language)


def add_lexicon(store: Store, file: Path, language: str, name: str | None = None) -> LexiconReport:
    """Makes a file's words the lexicon of a language, in place of the package's.

    Raises DataError for a file that cannot be read or has no words, StoreError.
    """
    return _added(store, read_word_file(file), language, name or file.name[:100])


def add_wordfreq(store: Store, source: str, language: str, name: str | None = None) -> LexiconReport:
    """Makes wordfreq's largest list of `source` the lexicon of a language. Raises UsageError where there is none."""
    try:
        from wordfreq import available_languages, get_frequency_dict
    except ImportError as error:
        raise UsageError("no-wordfreq", "wordfreq is not installed", Remedy.INSTALL_LANGUAGES) from error
    if source not in available_languages("best"):
        what = "wordfreq has no list of {language!r}: it has {known}"
        known = ", ".join(sorted(available_languages("best")))
        raise UsageError("not-in-wordfreq", what, language=source, known=known)
    words = WordFile()
    for word, frequency in get_frequency_dict(source, "best").items():
        words.take(word, frequency)
    return _added(store, words, language, name or "wordfreq")


def remove_lexicon(store: Store, language: str) -> None:
    """Drops a lexicon of the person's own; the package's comes back, if it has one. Raises UsageError, StoreError."""
    if not store.lexicons.remove(language):
        what = "there is no lexicon of your own for language {language!r}"
        raise UsageError("no-own-lexicon", what, Remedy.LIST_LEXICONS, language=language)


def _added(store: Store, words: WordFile, language: str, name: str) -> LexiconReport:
    shares = frequencies(words)
    with store.transaction():
        store.lexicons.add(language, name, len(shares), packed(shares))
    return LexiconReport(language, name, len(shares), dict(words.left_out), tuple(words.bad_lines), words.is_guessed)


def frequencies(words: WordFile) -> dict[str, float]:
    """Words with their frequencies, which lie between 0 and 1."""
    total = sum(words.weights.values())
    shares = {word: max(weight / total, 1e-300) for word, weight in words.weights.items()}
    flat = min(shares.values(), default=FLAT)
    return {**dict.fromkeys(sorted(words.unweighted), flat), **shares}
