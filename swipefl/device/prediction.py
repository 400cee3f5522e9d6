"""Gesture to words: which checkpoint, which words, and an answer for each gesture."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias, TypeVar

from swipefl.decoder.checkpoint import Checkpoint, base_checkpoint
from swipefl.decoder.decoder import Decoder
from swipefl.decoder.prior import Prior
from swipefl.decoder.search import Candidate
from swipefl.decoder.sight import Sight
from swipefl.device.languages import said_languages
from swipefl.device.priors import given_prior
from swipefl.device.sources import name_of
from swipefl.device.vocabulary import Vocabulary
from swipefl.doing import OnDoing, each, unheard
from swipefl.errors import RejectedLine, Remedy, UsageError
from swipefl.gesture.formats import (
    Deletion,
    Entry,
    OwnWord,
    Reading,
    Rejected,
    bare,
    read_gestures,
    read_lines,
    standing,
    unreadable,
)
from swipefl.gesture.formats.fields import facts_of, group_of
from swipefl.gesture.formats.lines import lines_of
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.keyboard import Keyboard
from swipefl.gesture.language import Languages

if TYPE_CHECKING:  # the base checkpoint needs no store, and no command but one evaluates
    from swipefl.decoder.evaluation import Evaluation, Seen
    from swipefl.decoder.lexicon import Lexicon
    from swipefl.store.store import Store

MODELS = ("personal", "global", "base")
EVALUATING = "looking at swipes"

Source: TypeAlias = Path | BinaryIO
"""A file of gestures, or standard input."""

About: TypeAlias = Literal["swipe", "deletion", "word", "keyboard"]


@dataclass(frozen=True)
class Answer:
    """The candidates of one gesture, or why there are none; it began at `line`, and its id was sent as it is here.

    `about` is a swipe, or what else its line is: then there is nothing to predict.
    """

    line: int
    gesture_id: Any
    candidates: tuple[Candidate, ...] = ()
    fault: RejectedLine | None = None
    about: About = "swipe"


@dataclass(frozen=True)
class Asked:
    """A gesture whose words are wanted: where it began, its id as it was sent, and what its line says as a prior."""

    line: int
    gesture_id: Any
    gesture: Gesture
    prior: Any = None


Item = TypeVar("Item", Asked | Answer, Example, tuple[Example, str])
Done = TypeVar("Done")


@dataclass(frozen=True)
class Shown:
    """One stored gesture by its handle, what the model saw of it, and the words that it thinks of."""

    handle: str
    example: Example
    sight: Sight
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Looked:
    """A gesture that is not stored, what the model saw of it, and the words that it may mean."""

    gesture: Gesture
    sight: Sight
    candidates: tuple[Candidate, ...]

    @property
    def key_width(self) -> float:
        """How wide a key is in the units of the gesture, in which its sight is in key widths."""
        return float(1 / self.sight.layout.scale[0])


@dataclass(frozen=True)
class Prediction:
    """One checkpoint with a vocabulary; `keyboard` is that of gestures that do not say, `find` knows others by name.

    `prior` counts for gestures that bring none of their own; of its file so many words were `left_out`, which no
    keyboard can spell. `made_of` tells it from one of another state of the store.
    Models are judged with all words, those too that are not offered: what a person does not want to see says nothing of
    how well a model reads them. With `capitals` the first word of a sentence has one.
    """

    checkpoint: Checkpoint
    vocabulary: Vocabulary
    find: Callable[[str], Keyboard]
    keyboard: Keyboard | None = None
    prior: Prior | None = None
    left_out: int = 0
    capitals: bool = True
    made_of: tuple[object, ...] = field(default=(), compare=False, repr=False)

    def decoder(self, language: str | None = None) -> Decoder:
        """A decoder that offers no unwanted word, of the languages of a flag if there was one. Raises UsageError."""
        return self._decoder(self.vocabulary.offered, language)

    def answers(self, source: Source, language: str | None = None, top: int = 5, jobs: int = 1) -> Iterator[Answer]:
        """One answer a gesture, in order, as it comes; of a file in as many processes as there are `jobs`.

        Raises UsageError, DataError where the source cannot be read, WorkerLost.
        """
        asked = map(asked_by, entries_in(source, self.keyboard, self.find))
        work = partial(answered, top=top, prior=self.prior)
        return self._spread(work, self.decoder(language), asked, _jobs_for(source, jobs))

    def asked(self, line: bytes) -> Asked:
        """What a line asks, also a private one. Raises RejectedLine, also where it is not one gesture."""
        entries = read_lines(lines_of(BytesIO(line)), "the gesture given", None, self.keyboard, self.find)
        found = [asked_by(entry) for entry in entries]
        for one in found:
            if isinstance(one, Answer) and one.fault:
                raise one.fault
        gestures = [each for each in found if isinstance(each, Asked)]
        if len(gestures) != 1:
            raise RejectedLine("no-gesture", "one gesture is wanted, and there are {count}", count=len(gestures))
        return gestures[0]

    def evaluation(
        self, examples: Iterable[Example], language: str | None = None, jobs: int = 1, on_doing: OnDoing = unheard
    ) -> "Evaluation":
        """How good it is on examples, looked at in so many processes.

        Raises UsageError, TooLittleData where there are none, WorkerLost.
        """
        from swipefl.decoder.evaluation import tallied

        decoder = self._decoder(self.vocabulary.lexicon, language)
        return tallied(self._spread(_seen, decoder, each(list(examples), EVALUATING, on_doing), jobs))

    def evaluation_by(
        self,
        examples: Iterable[tuple[Example, str]],
        language: str | None = None,
        jobs: int = 1,
        on_doing: OnDoing = unheard,
    ) -> "tuple[Evaluation, dict[str, Evaluation]]":
        """How good it is on all examples, and on those of each group.

        Raises UsageError, also where there are too many groups, TooLittleData where there are no examples, WorkerLost.
        """
        from swipefl.decoder.evaluation import tallied_by

        decoder = self._decoder(self.vocabulary.lexicon, language)
        return tallied_by(self._spread(_seen_of_group, decoder, each(list(examples), EVALUATING, on_doing), jobs))

    def examples(self, sources: Iterable[Source]) -> Iterator[Example]:
        """The gestures with words that stand at the end of sources. Raises DataError where one cannot be read."""
        return self._standing(sources, lambda example, fields: example)

    def grouped(self, sources: Iterable[Source], field: str) -> Iterator[tuple[Example, str]]:
        """The same, each with its group by a field of its line.

        Raises DataError, and UsageError for a field by which nothing can be grouped.
        """
        return self._standing(
            sources, lambda example, fields: (example, group_of({**facts_of(example), **fields}, field))
        )

    def _standing(
        self, sources: Iterable[Source], kept: Callable[[Example, Mapping[str, Any]], Item]
    ) -> Iterator[Item]:
        return standing((entry for one in sources for entry in entries_in(one, self.keyboard, self.find)), kept)

    def shown(self, handle: str, example: Example, top: int = 5) -> Shown:
        """What the model saw of the gesture that is stored under this handle."""
        decoder = self.decoder()
        return Shown(handle, example, decoder.look(example.gesture), tuple(decoder.decode(example.gesture, top)))

    def _spread(
        self, work: Callable[[Decoder, Item], Done], decoder: Decoder, items: Iterable[Item], jobs: int
    ) -> Iterator[Done]:
        """What `work` makes of each. Other processes tell nobody which languages are guessed: that is done here."""
        if jobs == 1:
            return (work(decoder, item) for item in items)
        from swipefl.device.parallel import spread

        return spread(work, decoder, self._guessing(decoder, items), jobs)

    def _guessing(self, decoder: Decoder, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            one = item[0] if isinstance(item, tuple) else item
            if not isinstance(one, Answer) and not decoder.spoken(one.gesture):
                self.vocabulary.person()
            yield item

    def _decoder(self, lexicon_of: "Callable[[Languages], Lexicon]", language: str | None) -> Decoder:
        languages = said_languages(language)
        self.vocabulary.check(languages)
        context_of = self.vocabulary.context
        return Decoder(self.checkpoint, lexicon_of, languages or None, context_of, capitals=self.capitals)


def entries_in(source: Source, keyboard: Keyboard | None, find: Callable[[str], Keyboard]) -> Iterator[Entry]:
    """What a source says, as it comes. Raises DataError where it cannot be read."""
    with _opened(source) as stream:
        yield from read_gestures(stream, name_of(source), None, keyboard, find, by_line=not isinstance(source, Path))


def candidates_of(gesture: Gesture, decoder: Decoder, top: int, prior: Prior | None = None) -> tuple[Candidate, ...]:
    """The words of one gesture. Raises RejectedLine where its keyboard can spell none of its languages."""
    candidates = tuple(decoder.decode(gesture, top, prior))
    if not candidates and not _words_on(decoder, gesture):
        what = "the keyboard can spell no word of its languages"
        raise RejectedLine("no-words-of-language", what, Remedy.SAY_LANGUAGE)
    return candidates


def asked_by(entry: Entry) -> Asked | Answer:
    """What a line asks, private or not; or its answer, where that needs no decoder.

    A line that is no gesture, and nothing is wrong with it, has no candidates.
    """
    said = bare(entry)
    if isinstance(said, Rejected):
        return Answer(said.line, said.gesture_id, fault=said.fault)
    if isinstance(said, Deletion):
        return Answer(said.line, said.fields.get("gesture_id"), about="deletion")
    if not isinstance(said, Reading):
        return Answer(said.line, None, about="word" if isinstance(said, OwnWord) else "keyboard")
    prior = said.fields.get("prior") if "coords" in said.fields else None
    return Asked(said.line, said.fields.get("gesture_id", said.gesture.id), said.gesture, prior)


def answered(decoder: Decoder, asked: Asked | Answer, top: int, prior: Prior | None) -> Answer:
    """The answer to what a line asks; `prior` counts for those without one. Nothing is kept of it."""
    if isinstance(asked, Answer):
        return asked
    try:
        own = given_prior(asked.prior)
        return Answer(asked.line, asked.gesture_id, candidates_of(asked.gesture, decoder, top, own or prior))
    except RejectedLine as fault:
        return Answer(asked.line, asked.gesture_id, fault=fault)


def _jobs_for(source: Source, jobs: int) -> int:
    """The number of processes. Raises UsageError for several at standard input, whose lines are answered one by one."""
    if jobs > 1 and not isinstance(source, Path):
        what = "standard input is answered line by line, by one process"
        raise UsageError("jobs-without-file", what, Remedy.GIVE_FILE)
    return jobs


def _seen(decoder: Decoder, example: Example) -> "Seen":
    from swipefl.decoder.evaluation import seen

    return seen(decoder.decode_and_spell, example, decoder.knows)


def _seen_of_group(decoder: Decoder, grouped: tuple[Example, str]) -> "tuple[Seen, str]":
    example, group = grouped
    return _seen(decoder, example), group


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


def choosing(store: "Store | None", model: str) -> tuple[object, ...]:
    """What decides which checkpoint `choose_checkpoint` takes; no weights are read for it. Raises StoreError."""
    if store is None or model == "base":
        return ()
    from swipefl.store.models import global_for_predictions

    if model == "global":
        return (store.checkpoints.newest_global(),)
    return store.checkpoints.personal(), global_for_predictions(store)


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
