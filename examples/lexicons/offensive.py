"""Which English and Russian words are offensive, from badwords-py's lists.

An offensive word is one that most people would not want a keyboard to propose out of nothing: it is obscene or a slur,
and that is its usual meaning. What anybody may need is none: body and medicine, law and news, who people are, animals,
names, mild oaths. Those stand in ORDINARY: a word that is missed costs trust, and one that is proposed next to nothing.
Its lists of other languages hold too many words that anybody may need (German `nackt`, French `enfer`) to be taken
before somebody who speaks them has gone through them.
"""

from collections.abc import Collection, Iterable, Iterator
from importlib import metadata
from pathlib import Path

from swipefl.gesture.spelling import spelling_with

LETTERS = {"en": "abcdefghijklmnopqrstuvwxyz", "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюя"}
INFLECTED = (
    100_000  # of the most frequent words some are forms of a listed one; rarer ones mean something else too often
)
LEAST_STEM = 3  # letters; of shorter ones too many other words are made
LOSSES = {"en": "e y", "ru": "а и о я ь ый ой ть ться"}  # what a word may lose before an ending
ENDINGS = {
    "en": "s es ed d er ers ing in y ies",
    "ru": "а е и о у ы я ам ами ах ев ей ем их ое ой ом ого ую ые ый ым ых л ла ли ло т ю ют ет ешь ется ются лся",
}

# Words, and forms of words, that are usual in another meaning or harmless.
ORDINARY = {
    "en": """
        abortion anal anus arse arses ass asses balls bareback barenaked bastard bastards bbw bdsm bestial bestiality
        bimbos bloody bondage boob boobies boobs breasts bugger buggers bum busty butt cialis clitoris cock cocks coq
        cornhole crap crapper crapping crappy cum cumming cunnilingus dammit damn damned damnit dick dicks dik dink
        domination dominatrix douche douches dyke dykes ecchi ejaculate ejaculated ejaculates ejaculating ejaculation
        erotic escort eunuch fagin fanny fecal fellatio fingering flange gangbangers genitals goddam goddammit goddamn
        goddamned goddamnit grope guro hardcore hell homoerotic honky hooker hore horny humping incest intercourse
        jackass jackasses kinky kock labia lolita lovemaking lust lusting masochist masturbate masturbates masturbating
        masturbation mong nazi negro negroes negros nipple nipples nsfw nude nudity octopussy orgasm orgasms orgy paedo
        paedophile paedophiles panties panty pecker pedo pedophile pedophiles pedos pegging penis penises piss pissed
        pisses pissing playboy poof poon poop porn porno pornography pornos prick pricks pube pubes quim rape raped
        rapes rapey raping rapist rapists rectum retarding rimming sadism sadist santorum scat screwing scrotum scumbag
        scumbags semen sex sexo sexual sexuality sexually sexy shag shagging shota skeet smartass smut snatch
        snowballing sodomy spastic spiced spicer spicers spices spicing spicy spunk suck sucks swastika swinger testicle
        threesome tit tits topless tosser spac cok cipa nambla strappado bastinado autoerotic erotism neonazi stripclub
        suicidegirls babeland gspot coprophilia zoophilia nymphomania shibari phonesex turd twink twinkie undressing
        vagina viagra vibrator voyeur vulva wang xxx yaoi
    """,
    "ru": """
        аборт ад анальный анус блуд болван бомж бордель бугор буфера вагина вана взрыв виагра влагалище гей гнида голый
        грудь дамба дебил дерьмо дерьмовый дик дура дурак дуче енот задница идиот изнасилование какашка киска клитор
        клюв кок колоть кончить кровавый лох мандат мент моча мячи насильник нахал нацист негр негры нигер обнаженный
        оргазм оскорблять ослы офигеть очко парикмахер пенис петух петухи писает подонок порно порнография похоть
        презерватив придурки прикинуть приклад проклятие пьяный разозлить раком роговой садист секс скважина скотина
        сосал сосать соска сперма стерва стрип стриптиз тварь транс убить ублюдок уколов урвать урод фанни фекалии фига
        хрен хреново хреновый хула хулио ххх черт член яичко
    """,
}


def offensive_words(language: str, words: Collection[str]) -> list[str]:
    """Those of a lexicon's words that the source lists, and their forms, for it has mostly base forms; in order.

    Words are told apart as they are spelled: ё is е, and a capital or an apostrophe makes no other word of one.
    """
    spelling = spelling_with(LETTERS[language])
    spelled = {word: spelling.of(word) or "" for word in words}
    ordinary = set(ORDINARY[language].split())
    listed = {spelling.of(word) or "" for word in _published(language)} - ordinary - {""}
    frequent = set(list(dict.fromkeys(spelled.values()))[:INFLECTED])
    forms = _forms(listed & frequent, LOSSES[language].split(), ENDINGS[language].split())
    offensive = listed | frequent.intersection(forms) - ordinary
    return [word for word in words if spelled[word] in offensive]


def _published(language: str) -> list[str]:
    """The words as they are published; the package itself is native code, and not loaded."""
    path = metadata.distribution("badwords-py").locate_file(f"badwords/resource/words/{language}.txt")
    return Path(str(path)).read_text("utf-8").split("\n")


def _forms(words: Iterable[str], losses: Iterable[str], endings: Iterable[str]) -> Iterator[str]:
    """What may be inflected forms of the words."""
    for word in words:
        for stem in {word, *map(word.removesuffix, losses)}:
            if len(stem) >= LEAST_STEM:
                yield from (stem + ending for ending in endings)
