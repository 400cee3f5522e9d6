"""Gesture to words: which checkpoint, which words, and an answer for each gesture."""

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.search import Candidate
from swipefl.decoder.sight import Sight
from swipefl.device.languages import said_languages
from swipefl.device.parallel import spread
from swipefl.device.sources import name_of
from swipefl.device.vocabulary import Vocabulary
from swipefl.errors import DataError, RejectedLine, Remedy, UsageError
from swipefl.gesture.formats import Entry, Private, Reading, Rejected, read_gestures, read_lines, unreadable
from swipefl.gesture.formats.fields import facts_of, group_of
from swipefl.gesture.formats.lines import lines_of
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.language import Languages
from swipefl.gesture.spelling import can_be_spelled, folded, straight

if TYPE_CHECKING:  # the base checkpoint needs no store, and no command but one evaluates
    from swipefl.decoder.evaluation import Evaluation, Seen
    from swipefl.decoder.lexicon import Lexicon
    from swipefl.store.store import Store

MODELS = ("personal", "global", "base")

LEAST_LN_PROBABILITY = -1e4

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
    """One stored gesture by its handle, what the model saw of it, and the words that it thinks of."""

    handle: str
    example: Example
    sight: Sight
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Prediction:
    """One checkpoint with a vocabulary; `keyboard` is that of gestures that do not say, `find` knows others by name.

    `left_out` words of a prior can be spelled on no keyboard.
    Models are judged with all words, those too that are not offered: what a person does not want to see says nothing of
    how well a model reads them. With `capitals` the first word of a sentence has one.
    """

    checkpoint: Checkpoint
    vocabulary: Vocabulary
    find: Callable[[str], Keyboard]
    keyboard: Keyboard | None = None
    left_out: int = 0
    capitals: bool = True

    def decoder(self, language: str | None = None) -> Decoder:
        """A decoder that offers no unwanted word, of the languages of a flag if there was one. Raises UsageError."""
        return self._decoder(self.vocabulary.offered, language)

    def answers(self, source: Source, language: str | None = None, top: int = 5, jobs: int = 1) -> Iterator[Answer]:
        """One answer a gesture, in order, as it comes; of a file in as many processes as there are `jobs`.

        Raises UsageError, DataError where the source cannot be read, WorkerLost.
        """
        return spread(partial(_answered, top=top), self.decoder(language), self._asked(source), _jobs_for(source, jobs))

    def gesture(self, line: bytes) -> Gesture:
        """The gesture of a line, also of a private one. Raises RejectedLine, also where there is more than one."""
        entries = read_lines(lines_of(BytesIO(line)), "the gesture given", None, self.keyboard, self.find)
        found = [_bare(entry) for entry in entries]
        for entry in found:
            if isinstance(entry, Rejected):
                raise entry.fault
        gestures = [entry.gesture for entry in found if isinstance(entry, Reading)]
        if len(gestures) != 1:
            raise RejectedLine("no-gesture", "one gesture is wanted, and there are {count}", count=len(gestures))
        return gestures[0]

    def evaluation(self, examples: Iterable[Example], language: str | None = None, jobs: int = 1) -> "Evaluation":
        """How good it is on examples, looked at in so many processes.

        Raises UsageError, TooLittleData where there are none, WorkerLost.
        """
        from swipefl.decoder.evaluation import tallied

        decoder = self._decoder(self.vocabulary.lexicon, language)
        return tallied(spread(_seen, decoder, examples, jobs))

    def evaluation_by(
        self, examples: Iterable[tuple[Example, str]], language: str | None = None, jobs: int = 1
    ) -> "tuple[Evaluation, dict[str, Evaluation]]":
        """How good it is on all examples, and on those of each group.

        Raises UsageError, also where there are too many groups, TooLittleData where there are no examples, WorkerLost.
        """
        from swipefl.decoder.evaluation import tallied_by

        decoder = self._decoder(self.vocabulary.lexicon, language)
        return tallied_by(spread(_seen_of_group, decoder, examples, jobs))

    def examples(self, source: Source) -> Iterator[Example]:
        """The gestures with words of a source. Raises DataError where it cannot be read."""
        return (example for example, _ in self._labelled(source))

    def grouped(self, source: Source, field: str) -> Iterator[tuple[Example, str]]:
        """The gestures with words of a source, each with its group by a field of its line.

        Raises DataError, and UsageError for a field by which nothing can be grouped.
        """
        for example, said in self._labelled(source):
            yield example, group_of({**facts_of(example), **said}, field)

    def _asked(self, source: Source) -> Iterator[Reading | Answer]:
        """What is to be answered, private or not, without what its line says besides; what cannot be is already."""
        for entry in map(_bare, self._entries(source)):
            if isinstance(entry, Rejected):
                yield Answer(entry.line, None, fault=entry.fault)
            elif isinstance(entry, Reading):
                yield replace(entry, text=b"", fields={})

    def _labelled(self, source: Source) -> Iterator[tuple[Example, Mapping[str, Any]]]:
        for entry in self._entries(source):
            if isinstance(entry, Reading) and entry.word is not None:
                yield Example(entry.gesture, entry.word), entry.fields

    def shown(self, handle: str, example: Example, top: int = 5) -> Shown:
        """What the model saw of the gesture that is stored under this handle."""
        decoder = self.decoder()
        return Shown(handle, example, decoder.look(example.gesture), tuple(decoder.decode(example.gesture, top)))

    def _decoder(self, lexicon_of: "Callable[[Languages], Lexicon]", language: str | None) -> Decoder:
        languages = said_languages(language)
        self.vocabulary.check(languages)
        context_of = self.vocabulary.context
        return Decoder(self.checkpoint, lexicon_of, languages or None, context_of, capitals=self.capitals)

    def _entries(self, source: Source) -> Iterator[Entry]:
        with _opened(source) as stream:
            yield from read_gestures(stream, name_of(source), None, self.keyboard, self.find)


def _bare(entry: Entry) -> Entry:
    while isinstance(entry, Private):
        entry = entry.entry
    return entry


def candidates_of(gesture: Gesture, decoder: Decoder, top: int) -> tuple[Candidate, ...]:
    """The words of one gesture. Raises RejectedLine where its keyboard can spell none of its languages."""
    candidates = tuple(decoder.decode(gesture, top))
    if not candidates and not _words_on(decoder, gesture):
        what = "the keyboard can spell no word of its languages"
        raise RejectedLine("no-words-of-language", what, Remedy.SAY_LANGUAGE)
    return candidates


def _jobs_for(source: Source, jobs: int) -> int:
    """The number of processes. Raises UsageError for several at standard input, whose lines are answered one by one."""
    if jobs > 1 and not isinstance(source, Path):
        what = "standard input is answered line by line, by one process"
        raise UsageError("jobs-without-file", what, Remedy.GIVE_FILE)
    return jobs


def _answered(decoder: Decoder, asked: Reading | Answer, top: int) -> Answer:
    return asked if isinstance(asked, Answer) else _answer(asked, decoder, top)


def _seen(decoder: Decoder, example: Example) -> "Seen":
    from swipefl.decoder.evaluation import seen

    return seen(decoder.decode_and_spell, example, decoder.knows)


def _seen_of_group(decoder: Decoder, grouped: tuple[Example, str]) -> "tuple[Seen, str]":
    example, group = grouped
    return _seen(decoder, example), group


def _answer(entry: Reading, decoder: Decoder, top: int) -> Answer:
    """The words of one gesture; where its keyboard can spell none, why that is."""
    gesture = entry.gesture
    try:
        return Answer(entry.line, gesture.id, candidates_of(gesture, decoder, top))
    except RejectedLine as fault:
        return Answer(entry.line, gesture.id, fault=fault)


def _words_on(decoder: Decoder, gesture: Gesture) -> int:
    """How many words of its languages a gesture's keyboard can spell."""
    tables = decoder.lexicon(gesture).index(gesture.keyboard.letters).tables
    return sum(len(table) - len(table.hidden) for table in tables)


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


def read_prior(path: Path) -> tuple[dict[str, float], int]:
    """Written words with their ln probabilities, from lines of a word, blanks and a number of 0 to -10,000.

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
        if not LEAST_LN_PROBABILITY <= value <= 0 or not folded(word):
            what = "{path}, line {line}: expected a word and its ln probability, such as `word -7.5`"
            raise DataError("no-prior", what, path=path, line=number)
        if can_be_spelled(word):
            prior[word] = max(value, prior.get(word, -math.inf))
        else:
            left_out += 1
    return prior, left_out
