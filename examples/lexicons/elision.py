"""Words that lost a vowel before the next (l'homme, c'est, un'altra), composed of their parts.

wordfreq counted l and homme apart. How often l was counted is how often l' was written; among the words that may
follow it that is shared by how frequent they are and by how likely they are to follow (GRAMMAR). What l'homme gets,
homme loses: each token of a text is one word of the list.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping

from simplemma.strategies.dictionaries import DefaultDictionaryFactory

VOWELS = "aeiouyhœæ"
MOST = 0.95  # of a word's uses at most so many follow an elided one
SHARE = 0.15  # of a list's words at most
ROUNDS = 3  # of sharing, as words reach MOST

FEMININE = 0.12  # of the times that Italian un was counted, those of un'
FEMININES = ("a", "à", "ione", "ice", "udine")  # endings

# How much of an elided word's count is that (the rest are metres, letters, -t-il).
WEIGHTS = {
    "fr": {"l": 0.97, "d": 0.97, "j": 0.97, "c": 0.95, "qu": 0.97, "n": 0.9, "s": 0.8, "m": 0.7, "t": 0.3},
    "it": {"l": 0.97, "d": 0.7, "c": 0.9, "s": 0.5, "m": 0.4, "t": 0.4, "v": 0.4, "n": 0.0, "un": FEMININE},
    "ca": {"l": 0.97, "d": 0.97, "s": 0.9, "m": 0.8, "t": 0.8, "n": 0.8},
}
# How likely a word of a class follows, against the likeliest; then words that differ from their class.
NOUN, PLURAL, VERB, FIRST_PERSON, INFINITIVE = "noun", "plural", "verb", "first person", "infinitive"
GRAMMAR = {
    "fr": {
        NOUN: {"l": 1, "d": 0.5, "qu": 0.01},
        PLURAL: {"d": 0.6, "qu": 0.01},
        VERB: {"n": 0.3, "s": 0.4, "l": 0.1, "m": 0.3, "t": 0.2, "qu": 0.01},
        FIRST_PERSON: {"j": 0.4, "n": 0.2, "l": 0.1, "s": 0.2, "m": 0.2, "t": 0.1},
        INFINITIVE: {"d": 0.4, "l": 0.15, "s": 0.5, "m": 0.2, "t": 0.2},
    },
    "it": {
        NOUN: {"l": 1, "d": 0.1},
        PLURAL: {"d": 0.02},
        VERB: {"l": 0.05, "s": 0.2, "m": 0.2, "t": 0.2, "v": 0.1},
        FIRST_PERSON: {},
        INFINITIVE: {"d": 0.02},
    },
    "ca": {
        NOUN: {"l": 1, "d": 0.5},
        PLURAL: {"d": 0.6},
        VERB: {"s": 0.5, "l": 0.1, "n": 0.2, "m": 0.3, "t": 0.2},
        FIRST_PERSON: {"m": 0.3, "s": 0.4, "t": 0.2, "l": 0.1},
        INFINITIVE: {"d": 0.4},
    },
}
WORDS = {
    "fr": """
        c: est 1, était .6, étaient .3, en .03, eût .3
        d: un .15, une .15, autres .8, autre .2, accord 3, abord 3, ailleurs 3, être .3, avoir .3, où .2, ici .15,
           eux .3, elle .03, elles .03, y .1, en .05, habitude 3, après .4, entre .15, office 1, or .3
        j: ai 1, aurai 1, avais .7, aurais .6, étais .5, aime .6, adore .9, espère .9, arrive .3, attends .6, y .15,
           en .03, entends .5, imagine .5, habite .5, ignore .5, oublie .4, écris .5, avoue .8, appelle .2, irai .9
        l: on .06, un .12, une .08, autre .9, a .1, ai .15, avait .12, ont .06, est .01, y .02, as .1, avez .08, en .01
        m: a .08, ont .05, en .05, y .05, avait .08, as .15, avez .08, est .01, était .02, appelle 1
        n: est .1, a .15, ai .15, y .5, en .1, était .1, ont .1, avait .15, avez .2, avons .15, as .2, étaient .1,
           importe 4, aurait .1, avais .15, es .15, êtes .1, étais .1, aime .1, aurai .1
        qu: il 1, ils 1, elle .9, elles .9, on .8, un .1, une .1, à .02, en .06, au .03, aux .03, est .03, avec .05,
            après .1, avant .05, aucun .15, autre .03, y .3, ont .01, importe .5, eux .1, ici .1, est .02, aux .02
        s: il .12, ils .12, est .03, en .1, y .1, était .03, étaient .04, agit 3, appelle .8
        t: en .05, a .05, y .05, es .3, as .25, ai .08, aime .4, avais .1, appelles 1
    """,
    "it": """
        c: è 1, era .6, erano .6, entra .4, eravamo .2
        d: accordo 3, altra .15, altro .15, oro .5, italia .12, epoca .2, estate .3, inverno .3, arte .3, acqua .1,
           amore .1, età .2, urgenza .5, affari .2, ora .05, anno .02, aria .1, occhio .3, attesa .1, azione .1
        l: altro .8, altra .8, ha .03, ho .06, hai .08, hanno .04, aveva .04, avevo .1, uno .03, unica .9, unico .9,
           ultima .8, ultimo .8, è 0, ho .05, avrei .05, abbiamo .04, una .01, ora .2
        m: ha .08, hai .04, hanno .02, è .002
        n: è .05
        un: altra 1, ora .3, unica .1
        s: è .02, era .02, intende .5, incontra .3
        t: ho .02, ha .01
        v: è .002, ho .005
    """,
    "ca": """
        d: un .25, una .25, altres .8, acord 3, on .2, aquest .3, aquesta .3, ells .3, haver .3, ésser .2
        l: altre .9, altra .9, any .9, ha .05, han .03, he .05
        m: ha .08, han .03, agrada 1.5, he .1
        n: hi .02, ha .02, han .02
        s: ha .15, han .15, havia .15, hi .1, és .01, haurà .2, està .02
        t: agrada .5, ha .03, he .05
    """,
}
# Words of no class: only what WORDS says is before them.
CLOSED = {
    "fr": """
        a ah ai aie ainsi aie alors an ans après as assez attendu au aucun aucune aussi autant autour autre autres
        autrement aux auxquelles auxquels avaient avais avait avant avec avez avoir avons ayant ayez ayons donc eh elle
        elles en encore enfin entre envers es est et eu eux euh excepté hein hier hors hélas ici il ils on ont or où ou
        oui outre uh un une unis y à également étaient étais était étant êtes être également eûmes eut afin ailleurs
        auprès auquel avance environ ensuite janvier avril août octobre aura aurai auraient aurais aurait auras aurez
        aurons auront ait aient aurions auriez
    """,
    "it": """
        a ad ah ai al alla alle allo agli abbia abbiamo abbiano adesso allora altro altra altri altre anche ancora
        appena assai avanti avere aveva avevano avevi avevo avremo e ed ebbe eccetera ecco eh era erano essere è egli
        esso essa essi esse hai ha hanno ho i il in invece io o od oh ogni oltre ora oppure un una uno uh
    """,
    "ca": """
        a ah al als amb aquell aquella aquells aquelles aquest aquesta aquests aquestes això així allò altre altra
        altres any aquí ara abans e el ella elles ells em ens etc en encara entre eren era es et és ésser estar està i
        ha han havia he hi ho havien hem heu hauria haver hagi o on oh un una uns unes us u
    """,
}
# Nouns that look like infinitives.
NOUNS = """
    acier amer atelier avenir arbre autre ancre escalier encre enfer entrée espoir empire entier étrier évier
    gibier hier hiver héritier huissier hôtelier officier ombre ordre ouvrier oreiller œuvre élixir épicier
    équilibre ogre action article artiste exemple entrepôt
"""
NOUN_ENDINGS = ("aire", "oire", "stre", "bre", "ure", "ère", "cre", "gre", "vre", "phre", "ptre")
# Before these, as before words with h aspiré, nothing is elided; of h aspiré the beginnings.
NEVER = {
    "fr": "onze onzième oui ouistiti ouh uhlan ululer yacht yaourt yen yeti yoga yougoslavie yankee hui",
    "it": "",
    "ca": "",
}
ASPIRATED = """
    hache hachi hachoir hackers hacker haddock hagard haï hain hair haiti halète hall hallebarde halo halt hamac
    hamburger hameau hampe hamster hanche hand hangar hanneton hanse hante hantise happe harangue haras harass
    harcel harcèl hard harem hareng hargn haricot harnach harnais harpe harpon hasard hâte hatif hâtif hauban
    hauss haut havr hayon heaume hennir hérauts hère hériss hernie héron héros herse hêtre heurt hibou hic hideu
    hiérarch hip hippie hiss hit hobby hoche hochet hockey holding hold hollande hollandais homard hongr honni
    honte honteu hoquet horde hors hotte houblon houe houill houle housse houx hublot huche huée huguenot huit
    hul hululer humer hun hunter huppe hurl hurlu husky hussard hutte hilbert hitler hobbit hollywood hong
    hoover houston hugo hulk harry harvard haye havane havre hambourg hanovre halloween heidegger
"""
HAITI = ("haïti",)  # written h, elided: d'Haïti


def composed(language: str, words: Mapping[str, float], names: Collection[str]) -> dict[tuple[str, str], float]:
    """Frequencies of (elided, word), at most a share of how many words there are; none for most languages."""
    if language not in GRAMMAR:
        return {}
    likely = _likely(language, words, names)
    totals = {elided: words.get(elided, 0.0) * weight for elided, weight in WEIGHTS[language].items()}
    left = {word: words[word] * MOST for word in likely}
    found: dict[tuple[str, str], float] = {}
    for _ in range(ROUNDS):
        sums = {
            elided: sum(by.get(elided, 0.0) * words[word] for word, by in likely.items() if left[word] > 0)
            for elided in totals
        }
        more = {
            (elided, word): totals[elided] * weight * words[word] / sums[elided]
            for word, by in likely.items()
            if left[word] > 0
            for elided, weight in by.items()
            if sums[elided]
        }
        for word, scale in _scales(more, left).items():
            for elided in likely[word]:
                part = more.get((elided, word), 0.0) * scale
                found[elided, word] = found.get((elided, word), 0.0) + part
                left[word] -= part
                totals[elided] -= part
    frequent = sorted((pair for pair in found if "'".join(pair) not in words), key=lambda pair: (-found[pair], pair))
    return {pair: found[pair] for pair in frequent[: int(len(words) * SHARE)]}


def _scales(more: Mapping[tuple[str, str], float], left: Mapping[str, float]) -> dict[str, float]:
    """By what each word's parts must be made smaller, so that they are not more than is left of it."""
    sums: dict[str, float] = {}
    for (_, word), part in more.items():
        sums[word] = sums.get(word, 0.0) + part
    return {word: min(1.0, left[word] / total) for word, total in sums.items() if total > 0}


def _likely(language: str, words: Mapping[str, float], names: Collection[str]) -> dict[str, dict[str, float]]:
    """For each word that starts with a vowel how likely elided ones are before it."""
    bases = DefaultDictionaryFactory().get_dictionary(language)
    closed = frozenset(CLOSED[language].split())
    likely: dict[str, dict[str, float]] = {}
    for word in words:
        if _starts_with_vowel(language, word):
            base = bases.get(word)
            if word not in closed and (base or word in names):
                likely[word] = dict(GRAMMAR[language][_class(language, word, base or word)])
            elif word in closed:
                likely[word] = {}
    if language == "it":  # how often it stands after dell', all' and the like says what an article goes with
        for word, by in likely.items():
            after = sum(words.get(f"{article}'{word}", 0.0) for article in ("dell", "all", "nell", "dall", "sull"))
            if "l" in by and len(word) > 1:
                by["l"] = min(1.0, after / words[word])
            if "d" in by:
                by["d"] = min(by["d"], 0.1 * after / words[word])
            if by and word.endswith(FEMININES) and word not in names:
                by["un"] = min(1.0, after / words[word])
    for elided, word, weight in _exceptions(language):
        if word in words:
            likely.setdefault(word, {})[elided] = weight
    return likely


def _exceptions(language: str) -> Iterator[tuple[str, str, float]]:
    elided = ""
    for item in WORDS[language].replace(":", ":,").replace("\n", ",").split(","):
        name, colon, _ = item.strip().partition(":")
        if colon:
            elided = name
        elif name:
            word, weight = name.split()
            yield elided, word, float(weight)


def _starts_with_vowel(language: str, word: str) -> bool:
    first = unicodedata.normalize("NFD", word)[0]
    if first not in VOWELS or not word.replace("·", "").isalpha() or word in NEVER[language].split():
        return False
    if len(word) < 3 and not set(unicodedata.normalize("NFD", word)) & set("aeiou"):
        return False
    return first != "h" or language == "ca" or (language == "fr" and not _is_aspirated(word))


def _is_aspirated(word: str) -> bool:
    return not word.startswith(HAITI) and word.startswith(tuple(ASPIRATED.split()))


def _class(language: str, word: str, base: str) -> str:
    """What kind of word it is, told from its base form and its ending."""
    infinitives = {"fr": ("er", "ir", "re"), "it": ("are", "ere", "ire"), "ca": ("ar", "er", "ir", "re")}[language]
    if base.endswith(infinitives) and len(base) > 3 and base not in NOUNS.split() and not base.endswith(NOUN_ENDINGS):
        if base == word:
            return INFINITIVE
        if language != "fr" or not word.endswith(("é", "ée", "és", "ées", "ant", "i", "u", "ie", "ue")):
            first = language == "fr" and word.endswith(("e", "ai", "ais", "is", "us", "ds", "ts"))
            return FIRST_PERSON if first else VERB
    plural = {"fr": ("s", "x"), "it": ("i", "e"), "ca": ("s",)}[language]
    return PLURAL if word.endswith(plural) and base != word else NOUN
