"""What `predict`, `evaluate` and `show` share: a checkpoint, lexicons and gestures out of flags; candidates as JSON."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from swipefl.cli.common import keyboard_of, settings_of, standard_input

if TYPE_CHECKING:
    from swipefl.decoder.checkpoint import Checkpoint
    from swipefl.decoder.decoder import Decoder
    from swipefl.decoder.lexicon import Lexicon
    from swipefl.decoder.search import Candidate
    from swipefl.gesture.formats import Entry
    from swipefl.gesture.gesture import Example
    from swipefl.gesture.keyboard import Keyboard


@dataclass(frozen=True)
class DecoderParts:
    """What a decoder is put together from, and how its gestures are read."""

    checkpoint: "Checkpoint"
    lexicon_of: "Callable[[str], Lexicon]"
    keyboards: "Callable[[str], Keyboard]"
    keyboard: "Keyboard | None"
    held_out: "list[Example]"

    def entries(self, path: str) -> "Iterator[Entry]":
        """What a file holds, or standard input line by line. Raises DataError where the file cannot be read."""
        from swipefl.gesture.formats import read_gestures, unreadable

        if path == "-":
            yield from read_gestures(standard_input(), "standard input", None, self.keyboard, self.keyboards)
            return
        try:
            with Path(path).open("rb") as stream:
                yield from read_gestures(stream, path, None, self.keyboard, self.keyboards)
        except OSError as error:
            raise unreadable(path, error) from error

    def decoder(self, language: str | None) -> "Decoder":
        """A decoder of these parts. Raises UsageError for a language without a lexicon."""
        from swipefl.decoder.decoder import Decoder
        from swipefl.decoder.lexicon import load_lexicon

        if language is not None:
            load_lexicon(language)
        return Decoder(self.checkpoint, self.lexicon_of, language)

    def examples(self, path: str | None) -> "Iterator[Example]":
        """The labelled gestures of a file, or the store's held-out ones."""
        from swipefl.gesture.formats import Reading
        from swipefl.gesture.gesture import Example

        if path is None:
            yield from self.held_out
            return
        for entry in self.entries(path):
            if isinstance(entry, Reading) and entry.word is not None:
                yield Example(entry.gesture, entry.word)


def decoder_parts(
    home: Path | None,
    model: str,
    keyboard: str | None,
    lexicon_size: int | None = None,
    held_out: bool = False,
    prior: Path | None = None,
) -> DecoderParts:
    """The parts that flags ask for. A home without a store is left alone: the base checkpoint needs none."""
    from swipefl.device.prediction import choose_checkpoint, lexicons, read_prior
    from swipefl.gesture.keyboard import built_in
    from swipefl.store.store import Store

    settings = settings_of(home)
    known_prior = read_prior(prior) if prior else None
    path = settings.home / "swipefl.db"
    if not path.exists():
        wanted = keyboard or settings.keyboard
        chosen = keyboard_of(wanted, built_in) if wanted else None
        return DecoderParts(
            choose_checkpoint(None, model), lexicons((), lexicon_size, known_prior), built_in, chosen, []
        )
    with Store(path) as store:
        known = {keyboard.name: keyboard for keyboard in store.keyboards.all()}

        def find(name: str) -> "Keyboard":
            return known[name] if name in known else built_in(name)

        wanted = keyboard or settings.keyboard
        return DecoderParts(
            choose_checkpoint(store, model),
            lexicons(store.words.all(), lexicon_size, known_prior),
            find,
            keyboard_of(wanted, find) if wanted else None,
            store.gestures.examples("held_out") if held_out else [],
        )


def candidates_as_json(candidates: "Iterable[Candidate]") -> list[dict[str, object]]:
    """Words with their scores and probabilities, rounded to what they are worth."""
    return [{"word": c.word, "score": round(c.score, 4), "probability": round(c.probability, 6)} for c in candidates]
