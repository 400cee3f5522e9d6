"""Gesture to words: which checkpoint, which words, and an answer for each gesture."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import LANGUAGES, Lexicon, load_lexicon, no_words
from swipefl.decoder.search import Candidate
from swipefl.errors import DataError, UsageError
from swipefl.gesture.formats import Entry, Reading, Rejected, unreadable
from swipefl.gesture.gesture import fold
from swipefl.store.models import newest_global, personal_or_newest
from swipefl.store.store import Store
from swipefl.store.words import PersonalWord

MODELS = ("personal", "global", "base")

LEAST_LN_PROBABILITY = -1e4
LN_PERSONAL = math.log(1e-5)  # a word that a person uses twice is as likely as a common word: about rank 10,000


@dataclass(frozen=True)
class Answer:
    """The candidates of one gesture, or why it could not be read; it began at `line`."""

    line: int
    gesture_id: str | None
    candidates: tuple[Candidate, ...] = ()
    error: str | None = None


def choose_checkpoint(store: Store | None, model: str) -> Checkpoint:
    """The checkpoint that `model` names; `personal` falls back to the newest global, and that to the base.

    A personal checkpoint of another architecture than the base has retired. Raises UsageError for an unknown name and
    CheckpointError for a damaged checkpoint.
    """
    if model not in MODELS:
        raise UsageError(f"unknown model {model!r}; there are {', '.join(MODELS)}")
    if store is None or model == "base":
        return base_checkpoint()
    return newest_global(store) if model == "global" else personal_or_newest(store)


def read_prior(path: Path) -> dict[str, float]:
    """Folded words with their ln probabilities, from lines of a word, blanks and a number of 0 to -10,000.

    Of words that fold to the same letters the likeliest counts. Raises DataError for a file or a line that cannot be
    read.
    """
    prior: dict[str, float] = {}
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise unreadable(str(path), error) from error
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text; a prior has lines such as `word -7.5`") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            word, ln_probability = line.split()
            value = float(ln_probability)
        except ValueError:
            value, word = math.nan, ""
        if not LEAST_LN_PROBABILITY <= value <= 0 or not fold(word).isalpha():
            raise DataError(f"{path}, line {number}: expected a word and its ln probability, such as `word -7.5`")
        prior[fold(word)] = max(value, prior.get(fold(word), -math.inf))
    return prior


def lexicons(
    words: Iterable[PersonalWord], size: int | None = None, prior: Mapping[str, float] | None = None
) -> Callable[[str], Lexicon]:
    """A function from language to its lexicon with the personal words in it; each is loaded when first asked for.

    `prior` has the ln probabilities of words about which the caller knows more.
    """
    personal = list(words)

    @cache
    def lexicon_of(language: str) -> Lexicon:
        # a keyboard of a language without a lexicon still has the words that its owner swipes
        lexicon = load_lexicon(language) if language in LANGUAGES else no_words(language)
        if size is not None:
            lexicon = lexicon.truncated(size)
        own = {word.word: LN_PERSONAL for word in personal if word.language == language}
        lexicon = lexicon.with_words(own) if own else lexicon
        return lexicon.with_prior(prior) if prior else lexicon

    return lexicon_of


def answers(entries: Iterable[Entry], decoder: Decoder, top: int) -> Iterator[Answer]:
    """One answer a gesture, in order, as it comes."""
    for entry in entries:
        if isinstance(entry, Rejected):
            yield Answer(entry.line, None, error=entry.message)
        elif isinstance(entry, Reading):
            yield Answer(entry.line, entry.gesture.id, tuple(decoder.decode(entry.gesture, top)))
