"""Gesture to words: which checkpoint, which words, and an answer for each gesture."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.lexicon import (
    Lexicon,
    check_language,
    load_lexicon,
    merged,
    no_words,
    offensive_words,
    shipped,
    shipped_tag,
)
from swipefl.decoder.search import Candidate
from swipefl.decoder.sight import Sight
from swipefl.errors import DataError, RejectedLine, Remedy, UsageError
from swipefl.gesture.formats import Entry, Private, Reading, Rejected, read_gestures, unreadable
from swipefl.gesture.formats.fields import facts_of, group_of
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.language import Languages
from swipefl.gesture.spelling import folded

if TYPE_CHECKING:  # the base checkpoint needs no store, and no command but one evaluates
    from swipefl.decoder.evaluation import Evaluation
    from swipefl.store.store import Store
    from swipefl.store.words import PersonalWord

MODELS = ("personal", "global", "base")

LEAST_LN_PROBABILITY = -1e4
LN_PERSONAL = math.log(1e-5)  # a word that a person uses twice is as likely as a common word: about rank 10,000

Source: TypeAlias = Path | BinaryIO
"""A file of gestures, or standard input."""


@dataclass(frozen=True)
class Answer:
    """The candidates of one gesture, or why it could not be read; it began at `line`."""

    line: int
    gesture_id: str | None
    candidates: tuple[Candidate, ...] = ()
    fault: RejectedLine | None = None


@dataclass(frozen=True)
class Shown:
    """One stored gesture, what the model saw of it, and the words that it thinks of."""

    example: Example
    sight: Sight
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Prediction:
    """One checkpoint with lexicons; `keyboard` is that of gestures that do not say, `find` knows the others by name.

    `unwanted` has the words of each language that are not offered. Models are judged with all words, these too: what a
    person does not want to see says nothing of how well a model reads them.
    """

    checkpoint: Checkpoint
    lexicon_of: Callable[[Languages], Lexicon]
    find: Callable[[str], Keyboard]
    keyboard: Keyboard | None = None
    unwanted: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def decoder(self, language: str | None = None) -> Decoder:
        """A decoder that offers no unwanted word. Raises UsageError for a language without a lexicon."""
        return self._decoder(cache(self._offered), language)

    def answers(self, source: Source, language: str | None = None, top: int = 5) -> Iterator[Answer]:
        """One answer a gesture, in order, as it comes. Raises UsageError, DataError where the source cannot be read."""
        decoder = self.decoder(language)
        for entry in self._entries(source):
            if isinstance(entry, Private):  # a password is typed too; nothing is kept of any answer
                entry = entry.entry
            if isinstance(entry, Rejected):
                yield Answer(entry.line, None, fault=entry.fault)
            elif isinstance(entry, Reading):
                yield Answer(entry.line, entry.gesture.id, tuple(decoder.decode(entry.gesture, top)))

    def evaluation(self, examples: Iterable[Example], language: str | None = None) -> "Evaluation":
        """How good it is on examples. Raises UsageError, TooLittleData where there are none."""
        return self.evaluation_by(((example, "") for example in examples), language)[0]

    def evaluation_by(
        self, examples: Iterable[tuple[Example, str]], language: str | None = None
    ) -> "tuple[Evaluation, dict[str, Evaluation]]":
        """How good it is on all examples, and on those of each group.

        Raises UsageError, also where there are too many groups, and TooLittleData where there are no examples.
        """
        from swipefl.decoder.evaluation import EVALUATED, evaluate_by

        decoder = self._decoder(self.lexicon_of, language)
        return evaluate_by(partial(decoder.decode_and_spell, top=EVALUATED), examples, decoder.knows)

    def examples(self, source: Source) -> Iterator[Example]:
        """The gestures with words of a source. Raises DataError where it cannot be read."""
        return (example for example, _ in self._labelled(source))

    def grouped(self, source: Source, field: str) -> Iterator[tuple[Example, str]]:
        """The gestures with words of a source, each with its group by a field of its line.

        Raises DataError, and UsageError for a field by which nothing can be grouped.
        """
        for example, said in self._labelled(source):
            yield example, group_of({**facts_of(example), **said}, field)

    def _labelled(self, source: Source) -> Iterator[tuple[Example, Mapping[str, Any]]]:
        for entry in self._entries(source):
            if isinstance(entry, Reading) and entry.word is not None:
                yield Example(entry.gesture, entry.word), entry.fields

    def shown(self, example: Example, top: int = 5) -> Shown:
        """What the model saw of one gesture."""
        decoder = self.decoder()
        return Shown(example, decoder.look(example.gesture), tuple(decoder.decode(example.gesture, top)))

    def _decoder(self, lexicon_of: Callable[[Languages], Lexicon], language: str | None) -> Decoder:
        if language is not None:
            check_language(language)
        return Decoder(self.checkpoint, lexicon_of, (language,) if language is not None else None)

    def _offered(self, languages: Languages) -> Lexicon:
        lexicon = self.lexicon_of(languages)
        return lexicon.hiding(word for language in lexicon.languages for word in self.unwanted.get(language, ()))

    def _entries(self, source: Source) -> Iterator[Entry]:
        name = str(source) if isinstance(source, Path) else "standard input"
        with _opened(source) as stream:
            yield from read_gestures(stream, name, None, self.keyboard, self.find)


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    if not isinstance(source, Path):
        yield source
        return
    try:
        with source.open("rb") as stream:
            yield stream
    except OSError as error:
        raise unreadable(str(source), error) from error


def choose_checkpoint(store: "Store | None", model: str) -> Checkpoint:
    """The checkpoint that `model` names; `personal` falls back to the newest global that was accepted, or to the base.

    `global` is the newest, also where it was refused: who asks for it by name wants to see what it does. A personal
    checkpoint of another architecture than what it falls back to has retired. Raises UsageError for an unknown name and
    CheckpointError for a damaged checkpoint.
    """
    if model not in MODELS:
        raise UsageError(
            "unknown-model", "unknown model {model!r}", Remedy.CHOOSE_MODEL, model=model, known=", ".join(MODELS)
        )
    if store is None or model == "base":
        return base_checkpoint()
    from swipefl.decoder.encoder import usable
    from swipefl.store.models import newest_global, personal_or_accepted

    return usable(newest_global(store)) if model == "global" else personal_or_accepted(store)


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
        what = "{path} is not UTF-8 text; a prior has lines such as `word -7.5`"
        raise DataError("no-prior", what, path=path) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            word, ln_probability = line.split()
            value = float(ln_probability)
        except ValueError:
            value, word = math.nan, ""
        if not LEAST_LN_PROBABILITY <= value <= 0 or not folded(word).isalpha():
            what = "{path}, line {line}: expected a word and its ln probability, such as `word -7.5`"
            raise DataError("no-prior", what, path=path, line=number)
        prior[folded(word)] = max(value, prior.get(folded(word), -math.inf))
    return prior


def lexicons(
    words: "Iterable[PersonalWord]", size: int | None = None, prior: Mapping[str, float] | None = None
) -> Callable[[Languages], Lexicon]:
    """A function from languages to their lexicon with the personal words in it; each is loaded when first asked for.

    `prior` has the ln probabilities of words about which the caller knows more.
    """
    personal = list(words)

    @cache
    def lexicon_of(languages: Languages) -> Lexicon:
        # a keyboard of a language without a lexicon still has the words that its owner swipes
        spoken = languages or ("en",)
        lexicon = merged([load_lexicon(tag) if shipped_tag(tag) else no_words(tag) for tag in spoken])
        if size is not None:
            lexicon = lexicon.truncated(size)
        own = {word.word: LN_PERSONAL for word in personal if word.language in spoken}
        lexicon = lexicon.with_words(own) if own else lexicon
        return lexicon.with_prior(prior) if prior else lexicon

    return lexicon_of


def unwanted(store: "Store | None", offensive: bool = False) -> dict[str, frozenset[str]]:
    """The words of each language that are not to be offered: those that the person hid, and, unless `offensive`,
    the offensive ones that they never typed themselves. Raises StoreError."""
    listed = {} if offensive else {language: offensive_words(language) for language in shipped()}
    if store is None:
        return listed
    typed, hidden = store.words.typed({word for words in listed.values() for word in words}), store.words.hidden()
    return {
        language: listed.get(language, frozenset[str]())
        .difference(typed)
        .union(word.word for word in hidden if word.language == language)
        for language in {*listed, *(word.language for word in hidden)}
    }
