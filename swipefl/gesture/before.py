"""What stood in front of a word: the last words of its sentence, out of an input method's text before the cursor."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise

from swipefl.gesture.spelling import APOSTROPHES, INVISIBLE, JOINERS, can_be_spelled, lower, straight, tidy

KEPT = 2  # words: as many as say something of the next one, and as few as that
LOOKED_AT = 160  # characters from the end, in which the last words lie; a keyboard may send a page
MOST_CHARACTERS = 64  # of a word
AROUND, TOLD_BY = 6, 64  # words, in so many characters, by which a language is told
UNKNOWN = "#"  # in place of a number, an address, a link or an emoji: no secret is kept, and nothing follows from it

_ENDS = "!?؟۔।॥։።፧‽⁇⁈⁉！？。｡׃។៕။།"
_CLOSING = r"[\"'”’»›)\]}」』*_]*+"
# A Greek question ends in a semicolon.
_END = re.compile(
    rf"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|(?<![0-9A-Za-z])[。！？｡]|[。！？｡](?![0-9A-Za-z])"
    rf"|(?:(?<![{_ENDS}])[{_ENDS}][{_ENDS}.…]*+|(?<=[\u0370-\u03ff\u1f00-\u1fff]);|(?<!\.)\.){_CLOSING}(?=\s|$)"
)
_BETWEEN = re.compile(r"[/\\|–—―•]+|--+")
_SIGNS = re.compile(r"(?:[^\w\s#@/\\~]+(?:\s+|$))+")  # bullets, quotes and emoji in front of a sentence
_NUMBERING = re.compile(r"(?:\d{1,3}[.)]|\(?(?:\d{1,3}|[^\W\d_])\))(?:\s+|$)")  # of a list
_ADDRESS = re.compile(
    r"@|\w:+[/\\\w]|^[~/\\].|(?:[/\\][^/\\]*){2}|\d.*[/\\]|[/\\].*\d|www\.|[^\W_]\.[^\W_]{2}|[^\W_]{3}\.[^\W_]|^[:;=].*\w"
)
# What stands between the letters of a word; what other signs part is a password as well as words.
_INSIDE = re.compile(rf"[{''.join(APOSTROPHES)}{JOINERS}\-‐‑֊־·‧.׳״՚-՟]|(?<=[א-ת])\"(?=[א-ת])")
_PLAIN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Written without blanks: what stands between two blanks is no word, but all of a sentence.
_UNPARTED = re.compile(
    r"[\u0e01-\u0eff\u0f40-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u31f0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_UNSEEN = {ord(c): None for c in INVISIBLE - set(JOINERS)} | dict.fromkeys(
    (*range(0x202A, 0x202F), *range(0x2061, 0x206A))
)
# Titles and the like, behind which a sentence goes on.
_SHORT = frozenset((
    *"zbdhpsgvcfгдспжр",
    "mr", "mrs", "ms", "mx", "dr", "prof", "st", "vs", "approx", "nr", "vgl", "bzw", "ca", "evtl", "ggf", "inkl",
    "mme", "mlle", "sr", "sra", "srta", "dott", "sig", "ул", "cf", "vol", "ing", "dipl", "str", "tel", "abs", "mio",
    "mrd", "sog", "zzgl", "dhr", "mevr", "bv", "pág", "núm", "np", "tzn", "godz", "tzv", "resp", "tys", "им", "стр",
    "тыс", "млн", "руб", "напр",
))  # fmt: skip


@dataclass(frozen=True)
class Before:
    """At most the last two words of the sentence so far, as they were written; none at its start.

    `#` stands for what is no word. `around` are words further back too, of whatever sentence: they tell the language to
    who decodes this very gesture, and are kept nowhere; what is read from a store has none.
    """

    words: tuple[str, ...] = ()
    around: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_start(self) -> bool:
        """Whether the word is the first of its sentence."""
        return not self.words

    @property
    def text(self) -> str:
        """What is kept of it: `before_in` reads the same from it."""
        return " ".join(self.words)

    @property
    def follows(self) -> str:
        """The last word as it is compared; none at the start."""
        return context_form(self.words[-1]) if self.words else ""


def before_in(text: str) -> Before:
    """What a text in front of the cursor ends with."""
    seen = text[-LOOKED_AT:]
    sentence = _since_last_end(seen if seen.isascii() else seen.translate(_UNSEEN), is_cut=len(text) > LOOKED_AT)
    last = list(islice(_words_from_the_end(sentence), KEPT))
    return Before(tuple(reversed(last)), tuple(_PLAIN.findall(seen[-TOLD_BY:])[-AROUND:]))


def context_form(word: str) -> str:
    """A word as those in running text are compared: in lower case, with straight apostrophes."""
    return straight(lower(word))


def _since_last_end(text: str, is_cut: bool) -> str:
    """The sentence that a text breaks off in, without what stands in front of its first word."""
    ends = reversed(list(_END.finditer(text)))
    last = next((end for end in ends if end[0][0] != "." or not _goes_on(text[: end.start()])), None)
    if last is None and is_cut:
        return " ".join((UNKNOWN, *text.split()[1:]))  # its beginning lies before what was looked at
    sentence = text[last.end() if last else 0 :].lstrip()
    for in_front in (_SIGNS, _NUMBERING, _SIGNS):
        sentence = in_front.sub("", sentence, 1) if in_front.match(sentence) else sentence
    return sentence


def _goes_on(text: str) -> bool:
    """Whether a full stop behind this ends no sentence: an initial, an abbreviation, a number in order."""
    last = (text[-MOST_CHARACTERS:].split() or [""])[-1].lstrip("([{\"'“„«")
    is_initial = len(last) == 1 and last.isupper() and last not in "IЯ"
    return is_initial or "." in last or (last.isdigit() and len(last) <= 2) or last.lower() in _SHORT


def _words_from_the_end(sentence: str) -> Iterator[str]:
    for token in reversed(sentence.split()):
        if _ADDRESS.search(token if token.isascii() else unicodedata.normalize("NFKC", token)):
            yield UNKNOWN
        else:
            yield from filter(None, map(_word, reversed(_BETWEEN.split(token))))


def _word(token: str) -> str:
    """A word, UNKNOWN for what is none, nothing for signs alone."""
    if all(c in APOSTROPHES or unicodedata.category(c)[0] in "PZC" for c in token):
        return UNKNOWN if token == UNKNOWN else ""
    word = tidy(token)
    is_one = len(word) <= MOST_CHARACTERS and not _UNPARTED.search(word) and not _is_secret(word)
    return word if is_one and can_be_spelled(word) and word == tidy(word) else UNKNOWN


def _is_secret(word: str) -> bool:
    """Whether there are signs in it or digits, as many hyphens as keys have, or capitals as in no name."""
    if not all(unicodedata.category(c)[0] in "LM" for c in _INSIDE.sub("", word)):
        return True
    capitals = sum(small.islower() and capital.isupper() for small, capital in pairwise(word))
    return capitals > 1 or word.count("-") > 2
