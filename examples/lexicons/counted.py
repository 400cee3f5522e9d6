"""How the words of English, German and Spanish are written: their forms were counted in texts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from examples.lexicons.capitals import LEAST, Shares, best_capital, kept, plain_words, settled
from examples.lexicons.sources import Known, Name, cldr, counted, frequencies, known

# A capital that no dictionary has must make up this much of what was counted, a plain form the rest at least. Spanish
# texts are full of institutions (Universidad de Chile), German nouns all have a capital.
OFTEN = {"en": 0.75, "es": 0.95, "de": 0.75}
# and the plain form of what dictionaries know as a name this much
PLAIN_LEAST = {"en": 0.15, "es": LEAST, "de": LEAST}
IN_CLDR = 0.25  # of what is a name in the CLDR (english, china) this much
CARELESS = {"en": 0.1, "es": 0.03, "de": 0.1}  # of a name's uses, those that people write without its capital
# A word that dictionaries have stands in names, too (North Korea, Universidad de Chile). Only where nearly all of its
# uses have a capital is that the first form; German, whose nouns all have one, needs no such bound.
FIRST = {"en": 0.7, "es": 0.95, "de": 0.0}
SECOND = 0.4  # the largest share of a capital below that bound
OLD_SZ = 0.25  # ß with a smaller share beside ss (daß, muß) is the spelling of before 1996
SUFFIX = 5  # letters that an unknown German compound's last part must have
STARTERS = 1500  # the most frequent words, of which one learns how often a sentence starts


@dataclass(frozen=True)
class Counted:
    """What is known of a language whose written forms were counted."""

    language: str
    dictionary: Mapping[str, Known]
    names: Mapping[str, Name]
    plain: frozenset[str]

    def shares(self, word: str) -> Shares:
        """A word's written forms: from counts, else from the dictionary; of German compounds from their last part."""
        if form := settled(self.language, word):
            return form
        said, name, texts = self.dictionary.get(word, Known()), self.names.get(word), counted(self.language)
        if word not in texts:
            return self._uncounted(word, said, name)
        scores: dict[str, float] = {}
        for lower, forms in _by_lower(texts[word]).items():
            scores.update(self._scores(lower, forms, said, name))
        if word in self.plain:
            scores = {form: score for form, score in scores.items() if form == form.lower()} or {word: 1.0}
        return kept(_without_old_sz(scores))

    def _uncounted(self, word: str, said: Known, name: Name | None) -> Shares:
        if name and name.capital:
            return {name.written: 1.0}
        if said.plain or said.names:
            return {min(said.plain or said.names, key=lambda form: (sum(map(str.isupper, form)), form)): 1.0}
        return _of_last_part(word) if self.language == "de" else {word: 1.0}

    def _scores(self, lower: str, forms: Shares, said: Known, name: Name | None) -> Iterator[tuple[str, float]]:
        """The lower-case form and the best form with a capital, with what remains of their counts."""
        plain, form = forms.get(lower, 0.0), best_capital(lower, forms)
        raw = forms.get(form, 0.0)
        is_name, is_plain = bool(said.names) or bool(name and name.capital), bool(said.plain)
        capital = max(raw - _start_odds(self.language) * plain, 0.0)
        if name and name.written == form:
            is_plain = is_plain and plain > IN_CLDR * (raw + plain)
            capital = max(capital, 1.2 * LEAST * (raw + plain))
        rest = max(plain - CARELESS[self.language] * raw, 0.0)
        if is_name and is_plain:
            share = capital / (capital + rest) if capital else 0.0
            if FIRST[self.language] and share < FIRST[self.language]:
                capital = min(capital, rest * SECOND / (1 - SECOND))
            rest = rest if rest > PLAIN_LEAST[self.language] * (capital + rest) else 0.0
        elif is_name:
            rest = plain if plain > 2 * raw else 0.0
        elif is_plain:
            capital = capital if capital > OFTEN[self.language] * (capital + rest) and plain else 0.0
            rest = plain or raw
        elif plain and raw:
            share = capital / (capital + rest) if capital + rest else 0.0
            capital, rest = (
                0.0 if share < OFTEN[self.language] else capital,
                0.0 if share > OFTEN[self.language] else plain,
            )
        yield lower, rest
        if form:
            yield form, capital


def of_language(language: str, words: Mapping[str, float]) -> Counted:
    """What is known of a language that was counted."""
    return Counted(language, known(language, words), cldr(language), plain_words(language))


def _by_lower(forms: Shares) -> Mapping[str, dict[str, float]]:
    groups: dict[str, dict[str, float]] = {}
    for form, count in forms.items():
        groups.setdefault(form.lower(), {})[form] = count
    return groups


def _without_old_sz(scores: Shares) -> Shares:
    """The forms without those with ß that are rare beside the same word with ss; the rare ss is Swiss and stays."""
    total, with_ss = sum(scores.values()), any("ß" not in form for form in scores if scores[form])
    return {form: n for form, n in scores.items() if "ß" not in form or n > OLD_SZ * total or not with_ss}


@cache
def _start_odds(language: str) -> float:
    """How often a word has a capital for each time that it has none, only because it starts a sentence: the median of
    the most frequent words that mostly have none."""
    texts, odds = counted(language), []
    for word, _ in sorted(frequencies(language).items(), key=lambda item: -item[1])[:STARTERS]:
        forms = texts.get(word, {})
        if forms.get(word, 0.0) > forms.get(word.capitalize(), 0.0) > 0:
            odds.append(forms[word.capitalize()] / forms[word])
    return sorted(odds)[len(odds) // 2]


def _of_last_part(word: str) -> Shares:
    """A German word that nobody counted, written like the longest word in which it ends."""
    for start in range(1, len(word) - SUFFIX + 1):
        if forms := counted("de").get(word[start:]):
            best = max(forms, key=lambda form: (forms[form], form))
            joined = word[:start] + best.lower()
            return {joined[0].upper() + joined[1:] if best != best.lower() else joined: 1.0}
    return {word: 1.0}
