"""How a lower-case word is written, and with which share of its uses: polish and Polish, straße, USA."""

from collections.abc import Mapping

from examples.lexicons.names import named

Shares = Mapping[str, float]  # written form -> its share of a word's uses; they sum to 1

LEAST = 0.05  # a form with a smaller share is no candidate of its own
TURKIC = ("tr", "az")

# Words without a name beside them where a source says otherwise: it counts a sentence's start, or knows some surname.
PLAIN = {
    "de": """
        aber abends ach acht achten ah anders anfangs anschliessend ansonsten aussehen ausserdem bei beste besuchen bin
        bitte da danach daneben danke dein deine dennoch dich die dies dieser doch du ehe eben einige einzelne eins elf
        er extra falls fest ficken folgende for fort frisch ganze gar genau gerade gib gleiche grade gut gute guten
        gutes hab hast hey hi hierbei hierzu hm ich im ja jung jährige jährigen klar klein kurze lasst laut los mach
        macht mal miteinander mitten morgens my na nachdem naja neben nein nimm niemand nun ob oh okay ohne on schau
        schauen scheiss schon schöne schönes seitdem sieben sobald solche somit sorry sowie stattdessen still super
        sämtliche teils tja to trotz un unter up van via voraus vielleicht wann warte warum weder weil wer wie wieso
        willkommen wo woher wow youtube zudem zuhause zwar
    """,
    "en": """
        add agreed ah although besides cant dear dont false granted haha hello hey hi hopefully however led lol maybe no
        oh ok perhaps please plus seriously seven sorry thank thanks true unfortunately wont wow yeah yes young zero
    """,
    "es": """
        además ah asimismo ay buenos canal comentarios artículo conmigo contigo del di dime don fecha haz hola inicio it
        lee leer ma oh ojalá pro publicado re responder resumen saludos señor señora sub super también ubicación vender
        véase ya
    """,
    "fr": "marge mises mets réunion",
    "nl": "no",
    "pl": "al bedzie byś cie danych el from hej it le max nadal new pis pol ps super",
    "pt": "reunião",
    "ru": "ад выше гол голова дали им куда ли мило мин нее нем пол ровно сто тел того тур ум чел якобы",
    "sv": "at helgen if kallar no pa solen",
}
# Words whose form the sources do not have: they take them apart, or have them in capitals only.
WRITTEN = {
    "de": "Dr",
    "en": "cannot Dr Facebook Google I Mr Mrs Ms Twitter",
    "es": "Facebook Google Twitter",
    "sv": "EU",
    "uk": "Київ Києві США СРСР",
}


def plain_words(language: str) -> frozenset[str]:
    """Words that are written without a capital whatever the sources say."""
    return frozenset(PLAIN.get(language, "").split())


def settled(language: str, word: str) -> Shares | None:
    """The form of a word that needs no source."""
    forms = {form.lower(): form for form in WRITTEN.get(language, "").split()}
    if word in forms or len(word) == 1:
        return {forms.get(word, word): 1.0}
    return named(language, word)


def title(word: str, language: str) -> str:
    """The word with a capital in front, i with its dot in Turkish."""
    if language == "nl" and word.startswith("ij"):
        return "IJ" + word[2:]
    first = {"i": "İ", "ı": "I"}.get(word[0], word[0].upper()) if language in TURKIC else word[0].upper()
    return first + word[1:]


def best_capital(lower: str, forms: Shares) -> str:
    """Of the forms with capitals the usual one."""
    capitals = {form: count for form, count in forms.items() if form != lower}
    return max(capitals, key=lambda form: (capitals[form], form), default="")


def kept(scores: Shares) -> Shares:
    """Shares out of scores, without the small ones."""
    total = sum(scores.values())
    large = {form: score for form, score in scores.items() if score >= LEAST * total and score > 0}
    total = sum(large.values())
    return {form: score / total for form, score in large.items()}
