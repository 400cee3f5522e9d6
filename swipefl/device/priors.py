"""What callers know better: words with their ln probabilities, from a file or a line of JSON."""

import math
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from swipefl.decoder.prior import Prior
from swipefl.errors import DataError, RejectedLine
from swipefl.gesture.formats import unreadable
from swipefl.gesture.spelling import can_be_spelled, folded, straight

LEAST_LN_PROBABILITY = -1e4
MOST_WORDS = 20_000  # of a line: half as long again as a gesture takes
MOST_CHARACTERS = 255  # of a word, as of one in a list


def read_prior(path: Path) -> tuple[Prior, int]:
    """The prior in a file of lines of a word, blanks and a number of 0 to -10,000.

    Of a word that comes again the likeliest counts. And how many words were left out, which no keyboard can spell.
    Raises DataError for a file or a line that cannot be read.
    """
    prior: dict[str, float] = {}
    left_out = 0
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise unreadable(str(path), error) from error
    except UnicodeDecodeError:
        what = "{path} is not UTF-8 text; a prior has lines such as `word -7.5`"
        raise DataError("no-prior", what, path=path) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            word, ln_probability = straight(unicodedata.normalize("NFC", line)).split()
            value = float(ln_probability)
        except ValueError:
            value, word = math.nan, ""
        if not LEAST_LN_PROBABILITY <= value <= 0 or not folded(word) or len(word) > MOST_CHARACTERS:
            what = "{path}, line {line}: expected a word and its ln probability, such as `word -7.5`"
            raise DataError("no-prior", what, path=path, line=number)
        if can_be_spelled(word):
            prior[word] = max(value, prior.get(word, -math.inf))
        else:
            left_out += 1
    return _prior(prior), left_out


def given_prior(value: Any) -> Prior | None:
    """The prior in a line's object of words and numbers of 0 to -10,000; None for null, and for an empty one.

    Words that no keyboard can spell say nothing. Raises RejectedLine, `no-prior`.
    """
    if value is None or value == {}:
        return None
    numbers = isinstance(value, dict) and set(map(type, value.values())) <= {int, float}
    if not numbers or not LEAST_LN_PROBABILITY <= min(value.values()) <= max(value.values()) <= 0:
        raise RejectedLine("no-prior", "`prior` is an object of words with ln probabilities, such as -7.5")
    if len(value) > MOST_WORDS:
        raise RejectedLine("no-prior", "`prior` may have {most} words", most=MOST_WORDS)
    # as one text: normalising and straightening words one by one takes longer than all that is done with them
    words = straight(unicodedata.normalize("NFC", "\n".join(value))).split("\n")
    if len(words) != len(value) or not 0 < min(map(len, words)) <= max(map(len, words)) <= MOST_CHARACTERS:
        raise RejectedLine("no-prior", "a word of `prior` has 1 to {most} characters", most=MOST_CHARACTERS)
    prior = dict(zip(words, value.values(), strict=True))
    if len(prior) < len(words):  # two that are written alike
        for word, ln_probability in zip(words, value.values(), strict=True):
            prior[word] = max(prior[word], ln_probability)
    return _prior(prior)


def _prior(words: Mapping[str, float]) -> Prior:
    return Prior(tuple(words), np.fromiter(words.values(), np.float32, len(words)))
