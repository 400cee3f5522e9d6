"""What the packages know of words: how often they are used, and how they are written.

wordfreq has frequencies of words without capitals (and ss for ß). spaCy's lookup tables count written forms as they
stood in texts, for English, German and Spanish. simplemma's dictionaries know which words are written with a capital,
in many languages. Babel has the names of countries, towns, languages, months and days from the CLDR.
"""

import gzip
import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import cast

import orjson
import wordfreq
from babel import Locale
from pymorphy3 import MorphAnalyzer
from simplemma.strategies.dictionaries import DefaultDictionaryFactory

from swipefl.gesture.language import is_turkic
from swipefl.gesture.spelling import lower

COUNTED = ("en", "es", "de")  # in spaCy's tables
DICTIONARIES = {"hr": "hbs"}  # simplemma's names of languages where they differ
LISTS = {"hr": "sh"}  # and wordfreq's
# Where the CLDR does not write days and months as inside a sentence (Turkish has capitals only in dates).
CALENDARS_UNLIKE = ("tr",)
LANGUAGES_UNLIKE = ("el",)  # and languages (Greek's have a capital at the head of a list only)
WORLD = "001"  # among the territories
RUSSIAN_NAMES = frozenset(("Name", "Surn", "Patr", "Geox", "Orgn", "Trad"))


@dataclass(slots=True)
class Known:
    """What a dictionary says of a word: its forms that are names, with their base forms, and those that are not."""

    names: dict[str, str] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Name:
    """A name in the CLDR as it is written inside a sentence, and what English calls it, case-folded."""

    written: str
    english: str

    @property
    def capital(self) -> bool:
        """Whether it is written with a capital."""
        return self.written != self.written.lower()


@cache
def frequencies(language: str) -> Mapping[str, float]:
    """wordfreq's words, lower case, with their frequencies: the large list where there is one."""
    name = LISTS.get(language, language)
    size = "large" if name in wordfreq.available_languages("large") else "small"
    return cast("Mapping[str, float]", wordfreq.get_frequency_dict(name, size))


@cache
def counted(language: str) -> Mapping[str, Mapping[str, float]]:
    """Written forms and their shares of a text, by the case-folded word."""
    package = metadata.distribution("spacy-lookups-data")
    path = Path(str(package.locate_file(f"spacy_lookups_data/data/{language}_lexeme_prob.json.gz")))
    forms: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for form, ln_share in orjson.loads(gzip.decompress(path.read_bytes())).items():
        if form.isalpha():
            forms[form.casefold()][form] = math.exp(ln_share)
    return forms


def known(language: str, words: Collection[str]) -> Mapping[str, Known]:
    """What simplemma's dictionary says of the words; those that it lacks are not there.

    Its lists hold many capitals of a sentence's start, so a form counts as a name where its base form has a capital,
    too, and as a plain word where it has none and is not the name of a country or town.
    """
    places = {name for name, known in cldr(language).items() if known.capital}
    bases = dict(DefaultDictionaryFactory().get_dictionary(DICTIONARIES.get(language, language)).items())
    found: defaultdict[str, Known] = defaultdict(Known)
    for form, base in bases.items():
        for written in (form, base):
            word = written.casefold()
            if word not in words:
                continue
            if written != written.lower():
                if base != base.lower():
                    found[word].names[written] = base
            elif base == base.lower() and not (base in places and bases.get(base, base) != base):
                found[word].plain.add(written)
    return found


@cache
def cldr(language: str) -> Mapping[str, Name]:
    """Names of countries, towns, languages, days and months, by their folding."""
    english = dict(_cldr(Locale("en")))
    names = ((key, name) for key, name in _cldr(Locale(language)) if name.isalpha() and len(name) > 1)
    turkic = is_turkic((language,))
    return {lower(name, turkic): Name(name, english.get(key, key.rpartition("/")[2]).casefold()) for key, name in names}


def _cldr(locale: Locale) -> Iterator[tuple[str, str]]:
    """Names by what they name; the later ones count."""
    if locale.language not in LANGUAGES_UNLIKE:
        yield from locale.languages.items()
    if locale.language not in CALENDARS_UNLIKE:
        for table in (locale.days["format"], locale.months["format"], locale.months["stand-alone"]):
            yield from ((f"date {number}", name) for number, name in table["wide"].items())
    for zone, names in locale.time_zones.items():
        if "city" in names:
            yield zone, names["city"]
    yield from ((code, name) for code, name in locale.territories.items() if code != WORLD)


@cache
def _russian() -> MorphAnalyzer:
    return MorphAnalyzer(lang="ru")


def russian_name(word: str) -> tuple[float, bool] | None:
    """In which share of its uses a Russian word is a name, and whether it is an abbreviation (all capitals) then.

    None where the dictionary lacks the word."""
    parses = [parse for parse in _russian().parse(word) if parse.is_known]
    if not parses:
        return None
    names = [parse for parse in parses if RUSSIAN_NAMES.intersection(str(parse.tag).replace(" ", ",").split(","))]
    share = sum(parse.score for parse in names) / sum(parse.score for parse in parses)
    guessed = len({round(parse.score, 6) for parse in parses}) == 1 and len(names) < len(parses)
    return 0.0 if guessed else share, bool(names) and "Abbr" in str(names[0].tag)
