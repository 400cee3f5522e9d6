"""The one rule of letters: which keys of a keyboard a finger passes for a written word.

A letter that has a key stays that letter; one that has none is taken apart: canonically (é is e and an acute), by a
short table (ß is ss), a Hangul syllable into the jamo of the layout. A mark that has a key is a letter. What is no
letter (apostrophe, hyphen, blank) needs no key, nor does a mark of what is pronounced or stressed. Only then a word
cannot be spelled. The written form is kept beside: this says nothing of how a word is shown.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations

JOINERS = "\u200c\u200d"
MOST_MARKS = 8  # of one letter; there is no writing with more
KEPT = 4096  # characters, or words: whoever sends them chooses how many there are
MOST_KEPT = 256  # characters of such a word: no longer one is stored
# Letters that canonical decomposition leaves alone, and what people without such a key type.
APART = {
    "ß": "ss", "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ĳ": "ij", "ŋ": "n",
    "ħ": "h", "ŧ": "t", "ĸ": "q", "ſ": "s", "ə": "e", "ɓ": "b", "ɗ": "d", "ɖ": "d", "ƙ": "k", "ƴ": "y", "ɛ": "e",
    "ɔ": "o", "ɣ": "g", "ʋ": "v", "ɲ": "n",
    "ς": "σ",
    "ґ": "г", "ъ": "ь", "ү": "у", "ұ": "у", "ө": "о", "ә": "а", "қ": "к", "ң": "н", "ғ": "г", "һ": "х", "ҳ": "х",
    "ҷ": "ч",
    "ך": "כ", "ם": "מ", "ן": "נ", "ף": "פ", "ץ": "צ",
    "ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ٱ": "ا", "ـ": "",
    "ڤ": "ف", "پ": "ب", "چ": "ج", "گ": "ك",
    "ㄲ": "ㄱ", "ㄸ": "ㄷ", "ㅃ": "ㅂ", "ㅆ": "ㅅ", "ㅉ": "ㅈ", "ㅒ": "ㅐ", "ㅖ": "ㅔ", "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ",
    "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ", "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ",
    "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip
ALIKE = {"ي": "ی", "ك": "ک"}  # where a Persian keyboard has the one, and an Arabic text the other
APOSTROPHES = frozenset("'’ʼ`´ʹʻʽʾʿ‘‛′＇")
_STRAIGHT = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))
FIRST = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"  # of a Hangul syllable, in the order of Unicode (section 3.12)
VOWEL = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
ACCENTS = frozenset((1, 7, *range(10, 36), 107, 122))  # combining classes: overlays, nuktas, Semitic points, tones
INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"
)  # joiners and the like
LAST: tuple[str, ...] = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")


def lower(word: str, turkic: bool = False) -> str:
    """`word` composed (NFC) and in lower case, as its language has it: I is ı in Turkish, Σ at a word's end ς."""
    if word.isascii() and not turkic:
        return word.lower()
    text = unicodedata.normalize("NFC", word)
    if turkic:
        text = text.replace("I", "ı")
    return unicodedata.normalize("NFC", text.replace("İ", "i").lower()).replace("i\u0307", "i")


def uncapitalised(word: str, turkic: bool = False) -> str | None:
    """A word without the capital that begins it; None for one that has none, or capitals alone."""
    first = 2 if word.startswith("IJ") else 1  # the Dutch letter
    small = lower(word[:first], turkic) + word[first:]
    return small if small != word and not (word.isupper() and len(word) > 1) else None


class Spelling:
    """How words are spelled with `letters`, each of which has a key."""

    def __init__(self, letters: Iterable[str], turkic: bool = False) -> None:
        self._keys = frozenset(letters)
        self._turkic = turkic
        # a key of a letter with marks, however a word's are written: composed or not
        self._composed = {unicodedata.normalize("NFD", key): key for key in self._keys}
        self._known: dict[str, str | None] = {}

    def of(self, word: str) -> str | None:
        """The keys that a finger passes for `word`: none where it has no letter, None where one has no key."""
        if word.isascii() and word.islower() and self._keys.issuperset(word):
            return word
        parts = [self.letters_of(cluster) for cluster in _clusters(lower(word, self._turkic))]
        return _joined(parts)

    def letters_of(self, character: str) -> str | None:
        """The keys of one lower-case character with its marks: none where it needs none, None where it has none."""
        if len(character) > 1 + MOST_MARKS:
            return None
        if character not in self._known:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[character] = None  # what is taken apart into itself has no key
            self._known[character] = self._spelled(character)
        return self._known[character]

    def _spelled(self, character: str) -> str | None:
        if character in self._keys:
            return character
        base, *marks = _letter_and_marks(character)
        if len(marks) > MOST_MARKS:
            return None
        key, left = self._key_of(base, marks)
        return _joined([self._base(base) if key is None else key, *map(self._mark, left)])

    def _key_of(self, base: str, marks: list[str]) -> tuple[str | None, list[str]]:
        """The key of a letter with as many of its marks as one has, and the marks that are left."""
        for count in range(len(marks), 0, -1):
            for taken in combinations(range(len(marks)), count):
                composed = unicodedata.normalize("NFD", base + "".join(marks[i] for i in taken))
                if composed in self._composed:
                    return self._composed[composed], [mark for i, mark in enumerate(marks) if i not in taken]
        return None, marks

    def _base(self, letter: str) -> str | None:
        if letter in self._keys:
            return letter
        if needs_no_key(letter):
            return ""
        if unicodedata.category(letter).startswith("M"):
            return self._mark(letter)
        if (apart := _apart(letter)) is None:
            return None
        return _joined([self.letters_of(part) for part in apart])

    def _mark(self, mark: str) -> str | None:
        return mark if mark in self._keys else "" if _is_accent(mark) else None


@lru_cache(maxsize=64)
def spelling_with(letters: str, turkic: bool = False) -> Spelling:
    """The spelling of a keyboard's letters; what it has learned of characters is kept."""
    return Spelling(letters, turkic)


def _letter_and_marks(character: str) -> list[str]:
    """A letter and each mark of it; the jamo of a Hangul syllable are none."""
    if _is_syllable(character[0]):
        return list(character)
    return list(unicodedata.normalize("NFD", character))


def _is_syllable(character: str) -> bool:
    return "가" <= character <= "힣"


def needs_no_key(character: str) -> bool:
    """Whether people swipe a word as if this were not in it: an apostrophe, a hyphen, a blank."""
    is_around = unicodedata.category(character)[0] in "PZ" or character.isspace()
    return character in APOSTROPHES or is_around or character in INVISIBLE


def tidy(text: str) -> str:
    """A word as people write it, out of what a keyboard or a hand gave: composed, and without what is not of the word.

    That is blanks and punctuation around it (an apostrophe stays, unless it is one of a pair), and characters that
    nobody sees; joiners stay in scripts where they are written. Letters that only look so (ﬁ, 𝐡) are what they look.
    """
    text = "".join(map(_plain, unicodedata.normalize("NFC", text)))
    kept = "".join(c for i, c in enumerate(text) if c not in INVISIBLE or (c in JOINERS and _joins(text[i - 1 : i])))
    word = _without_around(" ".join(kept.split()))
    while len(word) > 2 and word[0] in APOSTROPHES and word[-1] in APOSTROPHES:
        word = _without_around(word[1:-1])
    return unicodedata.normalize("NFC", word)


def _without_around(word: str) -> str:
    return word.strip("".join(filter(_is_around, word)))


def _plain(character: str) -> str:
    only_looks = unicodedata.decomposition(character).startswith("<") and character.isalpha()
    return unicodedata.normalize("NFKC", character) if only_looks and not "ㄱ" <= character <= "ㆎ" else character


def _is_around(character: str) -> bool:
    return character not in APOSTROPHES and unicodedata.category(character)[0] in "PZ"


def _joins(before: str) -> bool:
    return bool(before) and unicodedata.category(before) in ("Lo", "Mn", "Mc")


def straight(word: str) -> str:
    """`word` with apostrophes all of one form."""
    return word if word.isascii() and word.isalpha() else word.translate(_STRAIGHT)


def can_be_spelled(word: str) -> bool:
    """Whether a keyboard may have every key of `word`: it has a letter, and beside letters and digits no other sign."""
    kinds = {unicodedata.category(character) for character in folded(word)}
    return any(kind[0] == "L" for kind in kinds) and all(kind[0] in "LM" or kind == "Nd" for kind in kinds)


def _apart(letter: str) -> str | None:
    """What a letter without marks is taken apart into, if it can be."""
    if _is_syllable(letter):
        return _jamo(letter)
    if letter in APART or letter in ALIKE:
        return APART.get(letter, ALIKE.get(letter))
    compatible = unicodedata.normalize("NFKD", letter).lower() if letter.isalpha() else letter
    return compatible if compatible != letter and len(compatible) <= MOST_MARKS else None


def _jamo(syllable: str) -> str:
    number = ord(syllable) - ord("가")
    return FIRST[number // 588] + VOWEL[number % 588 // 28] + LAST[number % 28]


def _is_accent(mark: str) -> bool:
    """Whether a mark may be left out by who has no key for it, as accents, points and tones are, and no vowel."""
    return unicodedata.combining(mark) in ACCENTS or unicodedata.combining(mark) >= 200 or mark in INVISIBLE


def _clusters(text: str) -> list[str]:
    """The characters of `text` that may need a key, each with the marks behind it."""
    if text.isascii():
        return list(text)
    clusters: list[str] = []
    for character in unicodedata.normalize("NFC", "".join(c for c in text if not needs_no_key(c))):
        if clusters and unicodedata.category(character).startswith("M"):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _joined(parts: Sequence[str | None]) -> str | None:
    return None if None in parts else "".join(part for part in parts if part)


def folded(word: str) -> str:
    """`word` taken apart as far as that goes, whatever keyboards there are: alike of words that may be spelled alike.

    It is for finding words, such as those to forget; no finger passes it.
    """
    return _folded(word) if len(word) <= MOST_KEPT else _folded.__wrapped__(word)


@lru_cache(maxsize=KEPT)
def _folded(word: str) -> str:
    return "".join(map(_as_far_as_it_goes, lower(word)))


def _as_far_as_it_goes(character: str) -> str:
    if needs_no_key(character) or _is_accent(character):
        return ""
    parts = _jamo(character) if _is_syllable(character) else unicodedata.normalize("NFKD", character).lower()
    parts = APART.get(character, parts)
    return character if parts == character else "".join(map(_as_far_as_it_goes, parts))
