"""How the words of other languages are written: what dictionaries, the CLDR and the counted languages say of names."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from examples.lexicons.capitals import TURKIC, Shares, best_capital, kept, plain_words, settled, title
from examples.lexicons.sources import COUNTED, Known, Name, cldr, counted, frequencies, known, russian_name

# A name abroad is written with a capital in these shares of its uses at least; people write careless English.
VOTES = {"en": 0.6, "es": 0.75, "de": 0.75}
AT_HOME = 10  # a name is at most so many times as frequent at home as abroad; what is more is the plain word
DOUBTED = 5  # the same where the language's own dictionary has no such name ...
DOUBTED_MOST = 0.45  # ... and then the plain word is first
RARE_ABROAD = 2e-6  # a name that is rarer abroad is a Turkish one (Mehmet); the dictionary writes all names small
INFLECTED = 0.04  # Turkish names have an apostrophe before their endings: in this share of a name's uses at least
PLACE_AT_HOME = 50  # and the name of a country or town
ABBREVIATIONS = ("ab", "abd", "akp", "fetö", "işid", "nato", "tbmm")
MOST = 0.9  # the largest share of a name where the word is also something else


@dataclass(frozen=True)
class Told:
    """What is known of a language whose written forms nobody counted."""

    language: str
    words: Mapping[str, float]
    dictionary: Mapping[str, Known]
    names: Mapping[str, Name]
    voted: Mapping[str, tuple[str, float]]
    plain: frozenset[str]
    inflected: Mapping[str, str]

    def shares(self, word: str) -> Shares:
        """A word's written forms: alone where one source is sure, else split by how frequent the name is elsewhere."""
        if known_form := settled(self.language, word):
            return known_form
        if word in self.plain:
            return {word: 1.0}
        if self.language == "ru" and (russian := russian_name(word)):
            share, short = russian
            return kept({word.upper() if short else title(word, "ru"): share, word: 1 - share})
        if word in self.inflected:
            return {self.inflected[word]: 1.0}
        said = self.dictionary.get(word, Known())
        if name := self._place(word, said):
            if not name[0].capital:
                return {word: 1.0}
            share = PLACE_AT_HOME * frequencies("en").get(name[0].english, 0.0) / self.words[word]
            return {name[1]: 1.0} if not said.plain else kept({name[1]: min(MOST, share), word: 1 - min(MOST, share)})
        if voted := self.voted.get(word.replace("ı", "i") if self.language in TURKIC else word):
            form = title(word, self.language) if voted[0] == voted[0].capitalize() else voted[0]
            ratio = voted[1] / self.words[word]
            share = min(MOST, AT_HOME * ratio) if form in said.names else min(DOUBTED_MOST, DOUBTED * ratio)
            if self.language in TURKIC and voted[1] < RARE_ABROAD:
                share = DOUBTED_MOST
            share = share if said.plain else 1.0
            return kept({form: share, word: 1 - share})
        return {word: 1.0} if said.plain or not said.names else {_shortest(said.names): 1.0}

    def _place(self, word: str, said: Known) -> tuple[Name, str] | None:
        """The CLDR's name that the word is, or is a form of, and how it is written."""
        if name := self.names.get(word):
            return name, name.written
        for form, base in said.names.items():
            if (name := self.names.get(base.casefold())) and not form.isupper():
                return name, form
        return None


def of_language(language: str, words: Mapping[str, float]) -> Told:
    """What is known of a language that nobody counted; votes only where it has the same letters."""
    latin = any("a" <= letter <= "z" for letter in max(words, key=words.__getitem__))
    return Told(
        language,
        words,
        known(language, words),
        cldr(language),
        votes() if latin else {},
        plain_words(language),
        _inflected(language, words) if language in TURKIC else {},
    )


def _inflected(language: str, words: Mapping[str, float]) -> Mapping[str, str]:
    """Turkish names: words that often have an apostrophe before their endings (Türkiye'de, TV'de)."""
    uses: Counter[str] = Counter()
    for word, frequency in frequencies(language).items():
        head, apostrophe, _ = word.partition("'")
        if apostrophe:
            uses[head] += frequency  # type: ignore[assignment]
    names = (word for word, count in uses.items() if count >= INFLECTED * words.get(word, 0.0) and len(word) > 1)
    return {word: word.upper() if _is_short(word) else title(word, language) for word in names}


def _is_short(word: str) -> bool:
    """Whether a Turkish name is an abbreviation: it cannot be spoken, or is one of a few that can."""
    vowels = sum(letter in "aeıioöuüâîû" for letter in word)
    return len(word) <= 4 and (vowels == 0 or word in ABBREVIATIONS)


def _shortest(forms: Mapping[str, str]) -> str:
    """The form with the fewest capitals; of two letters in capitals only none, those are mostly other words."""
    best = min(forms, key=lambda form: (sum(map(str.isupper, form)), form))
    return best.lower() if best.isupper() and len(best) == 2 else best


@cache
def votes() -> Mapping[str, tuple[str, float]]:
    """What is a name to English and at least one other counted language: its form and how frequent it is there."""
    found = {}
    for word, forms in counted("en").items():
        if _share(word, forms) >= VOTES["en"]:
            others = {other: counted(other)[word] for other in COUNTED[1:] if word in counted(other)}
            if others and all(_share(word, others[other]) >= VOTES[other] for other in others):
                known = sorted(frequencies(language).get(word, 0.0) for language in COUNTED)
                form = best_capital(word, forms)
                if form in (word.capitalize(), word.upper()) or forms[form] > sum(forms.values()) / 2:
                    found[word] = form, known[1]
    return found


def _share(word: str, forms: Shares) -> float:
    return 1 - forms.get(word, 0.0) / sum(forms.values())
