"""A language's words as they are written, with their frequencies: `written_frequencies`."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice

from examples.lexicons import counted, told
from examples.lexicons.capitals import Shares
from examples.lexicons.elision import WEIGHTS, composed
from examples.lexicons.hyphens import hyphenated
from examples.lexicons.sources import COUNTED, frequencies, known

SPARE = 1.3  # of the words asked for so many are looked at: some are no words, some share their letters
SPECIAL = frozenset("ßœæøłđðþıŋ")  # Latin letters that do not decompose into a to z
ALPHABETS = {
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюя",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
}
SCRIPTS = {"ar": "ARABIC LETTER", "el": "GREEK SMALL LETTER", "he": "HEBREW LETTER"}
INSIDE = ("ar", "he", "ru", "uk")  # where an apostrophe stands inside a word, like a letter
BEFORE = ("fr", "it", "ca", "es", "pt", "el")  # where what stands before it lost a vowel; elsewhere endings follow it
NAMES = ("o", "d")  # before an apostrophe and a name: O'Brien
# Lists that hold many words of a neighbour with the same letters: what is so many times as frequent there, and in no
# dictionary here, is left out.
NEIGHBOURS = {"uk": "ru"}
FOREIGN = 20
INNER = {"ca": "·", "he": '"'}  # what stands between letters besides (il·lusió, צה"ל)
WHOLE = ("un",)  # words that are also whole words
# wordfreq has these without their apostrophe.
APOCOPES = {
    "it": {"po": "po'"},
    "el": {short: f"{short}'" for short in ("σ", "γι", "απ", "μ", "τ", "θ", "αλλ", "υπ", "επ", "παρ", "κατ", "μετ")},
}


def written_frequencies(language: str, size: int | None = None) -> dict[str, float]:
    """The `size` most frequent written forms (all: None) with their frequencies, most frequent first."""
    words = _words(language, size)
    shares = _Shares(language, words)
    sums: defaultdict[str, float] = defaultdict(float)
    names = frozenset(word for word in words if word not in shares(word)) if language in WEIGHTS else frozenset()
    elided = composed(language, words, names)
    for (before, word), frequency in elided.items():
        words[word] -= frequency
        if before in WHOLE:
            words[before] -= frequency
    for parts, frequency in elided.items():
        _add(sums, {f"{parts[0]}'{form}": share for form, share in shares(parts[1]).items()}, frequency)
    for word, frequency in words.items():
        if word not in WEIGHTS.get(language, {}) or word in WHOLE:
            _add(sums, shares(word), frequency)
    for word, frequency in hyphenated(language).items():
        sums[word] = max(sums[word], frequency)
    kept = sorted(sums, key=lambda form: (-sums[form], form))[:size]
    return {form: sums[form] for form in kept}


def swiss(frequencies: Mapping[str, float]) -> dict[str, float]:
    """German words as they are written in Switzerland and Liechtenstein, where ss stands for ß."""
    sums: defaultdict[str, float] = defaultdict(float)
    for form, frequency in frequencies.items():
        sums[form.replace("ß", "ss")] += frequency
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


def _add(sums: dict[str, float], shares: Shares, frequency: float) -> None:
    for form, share in shares.items():
        sums[form] += share * frequency


def _words(language: str, size: int | None) -> dict[str, float]:
    """The source's words of the language's own letters, the most frequent ones."""
    found = sorted(frequencies(language).items(), key=lambda item: (-item[1], item[0]))
    own = ((_ended(language, word), frequency) for word, frequency in found if _is_own(language, word))
    words = dict(islice(own, int(size * SPARE) if size else None))
    if language in NEIGHBOURS:
        there, here = frequencies(NEIGHBOURS[language]), known(language, words)
        return {word: n for word, n in words.items() if word in here or there.get(word, 0.0) <= FOREIGN * n}
    return words


def _ended(language: str, word: str) -> str:
    """With the final sigma that case folding took away."""
    return word[:-1] + "ς" if language == "el" and word.endswith("σ") and len(word) > 1 else word


def _is_own(language: str, word: str) -> bool:
    inner = INNER.get(language, "")
    letters = word.replace("'", "").replace(inner, "") if inner else word.replace("'", "")
    if not letters.isalpha() or (language != "en" and "'" in word and _is_english(language, word)):
        return False
    if language in ALPHABETS:
        return set(ALPHABETS[language]).issuperset(letters)
    if language in SCRIPTS:
        return all(unicodedata.name(letter, "").startswith(SCRIPTS[language]) for letter in letters)
    return all(_is_latin(letter) for letter in letters)


def _is_latin(letter: str) -> bool:
    return "a" <= unicodedata.normalize("NFD", letter)[0] <= "z" or letter in SPECIAL


def _is_english(language: str, word: str) -> bool:
    """Whether a word with an apostrophe (don't, it's) comes from English texts among those of another language."""
    ending = word.rpartition("'")[2]
    more = 100 if language == "nl" and ending == "s" else 1
    return frequencies("en").get(word.replace("ı", "i"), 0.0) > more * frequencies(language)[word]


class _Shares:
    """The written forms of a word with their shares: those without an apostrophe by the language's sources."""

    def __init__(self, language: str, words: Mapping[str, float]) -> None:
        self._language, self._words = language, words
        plain = {word: n for word, n in words.items() if "'" not in word or language in INSIDE}
        self._plain = (counted if language in COUNTED else told).of_language(language, plain)

    def __call__(self, word: str) -> Shares:
        apocopes = APOCOPES.get(self._language, {})
        if word in apocopes:
            return {apocopes[word]: 1.0}
        if "'" not in word or self._language in INSIDE:
            return self._plain.shares(word) if word in self._words else {word: 1.0}
        return dict(self._around(*word.split("'", 1)))

    def _around(self, head: str, rest: str) -> Iterator[tuple[str, float]]:
        """With the capitals of what stands before the apostrophe, or of what follows it."""
        if self._language in BEFORE and not (self._language == "ca" and len(head) > 2):
            yield from ((f"{head}'{form}", share) for form, share in self(rest).items())
        elif rest == "t":  # don't, can't
            yield f"{head}'t", 1.0
        elif head in NAMES and (name := max(self(rest).items(), key=lambda item: item[1])[0]) != rest:
            yield f"{head.upper()}'{name}", 1.0
        else:
            yield from ((f"{form}'{rest}", share) for form, share in self(head).items())
