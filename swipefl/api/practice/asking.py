"""Which words of a text somebody may be asked to swipe on a keyboard."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from swipefl.gesture.before import UNKNOWN, before_in
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.language import Languages
from swipefl.gesture.spelling import Spelling, tidy

MOST_WORDS = 12  # of a sentence that is shown at once
_ENDS = re.compile(r"(?<=[.!?…؟۔।。！？])[\"'”’»›)\]]*\s+|\n+")


@dataclass(frozen=True)
class Part:
    """What stands between two blanks of a text, and the word in it that can be swiped; None where there is none."""

    shown: str
    word: str | None


def asked(text: str, keyboard: Keyboard, languages: Languages = ()) -> list[list[Part]]:
    """The sentences of a text in parts; those with nothing to swipe are left out, long ones come in pieces."""
    spelling = keyboard.spelling(languages)
    pieces = ([_part(token, spelling) for token in piece] for piece in _pieces(text))
    return [parts for parts in pieces if any(part.word for part in parts)]


def _pieces(text: str) -> Iterator[list[str]]:
    for sentence in _ENDS.split(text):
        tokens = sentence.split()
        # as many in each piece as in the others, so that no single word is left
        count = max(1, -(-len(tokens) // MOST_WORDS))
        yield from (tokens[len(tokens) * i // count : len(tokens) * (i + 1) // count] for i in range(count))


def _part(token: str, spelling: Spelling) -> Part:
    """A word alone is asked, as it is written: no address, no number, nothing that looks like a secret."""
    word = tidy(token)
    is_one = bool(word) and before_in(word).words == (word,) and word != UNKNOWN
    # a finger that stays on one key taps, and a path over none is nothing
    return Part(token, word if is_one and len(set(spelling.of(word) or "")) > 1 else None)
