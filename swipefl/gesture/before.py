"""What stood in front of a word: the last words of its sentence, out of an input method's text before the cursor."""

import re
import unicodedata
from dataclasses import dataclass

from swipefl.gesture.spelling import APOSTROPHES, INVISIBLE, can_be_spelled, lower, straight, tidy

KEPT = 2  # words: as many as say something of the next one, and as few as that
LOOKED_AT = 400  # characters from the end; a keyboard may send a page
MOST_CHARACTERS = 64  # of a word
UNKNOWN = "#"  # in place of a number, an address, a link or an emoji: no secret is kept, and no word follows from it
_ENDS = "!?؟۔।॥։።‽⁇⁈⁉！？。｡"
_CLOSING = r"[\"'”’»›)\]}」』*_]*"
_END = re.compile(rf"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|(?:[{_ENDS}]+|(?<!\.)\.){_CLOSING}(?=\s|$)|[。！？｡]")
_BETWEEN = re.compile(r"[\s/\\|–—―·•]+|--+")
# Titles and the like, behind which a sentence goes on.
_SHORT = {
    "mr", "mrs", "ms", "mx", "dr", "prof", "st", "vs", "approx", "nr", "vgl", "bzw", "ca", "evtl", "ggf", "inkl",
    "mme", "mlle", "sr", "sra", "srta", "dott", "sig", "ул",
}  # fmt: skip


@dataclass(frozen=True)
class Before:
    """At most the last two words of the sentence so far, as they were written; none at its start.

    `#` stands for what is no word.
    """

    words: tuple[str, ...] = ()

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
    sentence = _since_last_end(text[-LOOKED_AT:])
    tokens = _BETWEEN.split(sentence)
    if len(sentence) >= LOOKED_AT:
        tokens[0] = UNKNOWN  # its beginning lies before what was looked at
    words = [word for token in tokens if (word := _word(token))]
    return Before(tuple(words[-KEPT:]))


def context_form(word: str) -> str:
    """A word as those in running text are compared: in lower case, with straight apostrophes."""
    return straight(lower(word))


def _since_last_end(text: str) -> str:
    """The sentence that a text breaks off in."""
    start = 0
    for end in _END.finditer(text):
        if end[0][0] != "." or not _goes_on(text[start : end.start()]):
            start = end.end()
    return text[start:]


def _goes_on(sentence: str) -> bool:
    """Whether a full stop behind this ends no sentence: an initial, an abbreviation, a number in order."""
    last = _BETWEEN.split(sentence)[-1].strip("([{\"'“„«").lower()
    is_number = last.isdigit() and len(last) <= 2
    return (len(last) == 1 and last.isalpha() and last != "i") or "." in last or is_number or last in _SHORT


def _word(token: str) -> str:
    """A word, UNKNOWN for what is none, nothing for signs alone."""
    if all(c in APOSTROPHES or c in INVISIBLE or unicodedata.category(c)[0] in "PZC" for c in token):
        return UNKNOWN if token == UNKNOWN else ""
    word = tidy(token)
    is_plain = len(word) <= MOST_CHARACTERS and not any(unicodedata.category(c) == "Nd" for c in word)
    is_address = any(sign in token for sign in ("@", "://", "www."))
    return word if is_plain and not is_address and can_be_spelled(word) and word == tidy(word) else UNKNOWN
