"""A checkpoint and lexicons put together: gesture in, words out."""

from collections.abc import Callable, Sequence
from functools import partial

from swipefl.arrays import Floats
from swipefl.decoder.bilingual import context_of
from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.context import Context, Told
from swipefl.decoder.ctc import greedy
from swipefl.decoder.encoder import Encoder
from swipefl.decoder.lexicon import Lexicon, lexicon_of_any
from swipefl.decoder.prior import Prior
from swipefl.decoder.search import Candidate, Rewrite, Scored, score, search
from swipefl.decoder.sight import Sight
from swipefl.decoder.template import path_of
from swipefl.decoder.word_index import WordIndex
from swipefl.gesture.capitals import capitalised, is_first
from swipefl.gesture.features import Frames, frames_of
from swipefl.gesture.gesture import Example, Gesture
from swipefl.gesture.language import Languages

MOST_LANGUAGES = 3  # that a gesture's words are looked for in, unless a person asks for more: a list may have 20 MB


def no_context(languages: Languages) -> None:
    """Nothing is known of words in order."""


class Decoder:
    """Decodes gestures with one checkpoint.

    Each is held against the lexicon that `lexicon_of` has for `languages`, else for the first three that its line or
    keyboard says; none where nothing says any. What stood before its word counts as far as the context that
    `context_of` has for these languages knows of it. With `capitals` the first word of a sentence is written so; how
    words are spelled and scored is the same without.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        lexicon_of: Callable[[Languages], Lexicon],
        languages: Languages | None = None,
        context_of: Callable[[Languages], Context | None] = no_context,
        capitals: bool = False,
    ) -> None:
        self._encoder = Encoder(checkpoint)
        self._score = checkpoint.score
        self._lexicon_of = lexicon_of
        self._languages = languages
        self._context_of = context_of
        self._capitals = capitals

    def lexicon(self, gesture: Gesture) -> Lexicon:
        """The lexicon that this gesture's words come from."""
        return self._lexicon_of(self.spoken(gesture))

    def spoken(self, gesture: Gesture) -> Languages:
        """The languages that this gesture's words are looked for in."""
        return self._languages or gesture.written_in[:MOST_LANGUAGES]

    def prepare(self, languages: Languages, letters: str) -> None:
        """Reads and arranges what the first gesture of these languages on such a keyboard would wait for."""
        self._lexicon_of(languages).index(letters)

    def knows(self, example: Example) -> bool:
        """Whether a word that is spelled like the example's can be found at all."""
        return example.spelled in self._index(example.gesture)

    def decode(self, gesture: Gesture, top: int = 5, prior: Prior | None = None) -> list[Candidate]:
        """The best `top` words, best first; of those that have a `prior` it says how likely they are."""
        return self.decode_and_spell(gesture, top, prior)[0]

    def decode_and_spell(
        self, gesture: Gesture, top: int = 5, prior: Prior | None = None
    ) -> tuple[list[Candidate], str]:
        """The best words, and the letters that the network alone would write."""
        frames = frames_of(gesture)
        log_probs = self._encoder.log_probs(frames)
        index, told = self._index(gesture, prior), self._told(gesture)
        candidates = search(log_probs, index, self._score, top, path_of(frames), told, self._rewrite(gesture))
        return candidates, greedy(log_probs, gesture.keyboard.letters)

    def score(self, gesture: Gesture) -> Scored:
        """The words worth a look, with what each one's score is made of: what score weights are tuned on."""
        frames = frames_of(gesture)
        log_probs = self._encoder.log_probs(frames)
        return score(log_probs, self._index(gesture), self._score, path_of(frames), self._told(gesture))

    def log_probs(self, frames: Frames) -> Floats:
        """What the network says of frames: natural log-probabilities (T, 1 + L) of blank and letters."""
        return self._encoder.log_probs(frames)

    def look(self, gesture: Gesture) -> Sight:
        """What the network sees of the gesture before any lexicon."""
        return self._encoder.look(gesture)

    def _index(self, gesture: Gesture, prior: Prior | None = None) -> WordIndex:
        lexicon, letters = self.lexicon(gesture), gesture.keyboard.letters
        return prior.index(lexicon, letters) if prior else lexicon.index(letters)

    def _told(self, gesture: Gesture) -> Told | None:
        """What the words before say, if they are known and anything is known of words in order."""
        before = gesture.before
        if before is None or (context := self._context_of(self.spoken(gesture))) is None:
            return None
        return Told(partial(context.gain, before), before.is_start)

    def _rewrite(self, gesture: Gesture) -> Rewrite | None:
        """How words are written for being the first of a sentence, if this one is."""
        if not self._capitals or gesture.before is None:
            return None
        lexicon = self.lexicon(gesture)
        return partial(_as_first, lexicon) if is_first(gesture.before, lexicon.languages) else None


def _as_first(lexicon: Lexicon, words: Sequence[str]) -> list[str]:
    """Words as the first of a sentence, each in the language that it is of."""
    by_language = [[capitalised(word, language) for word in words] for language in lexicon.languages]
    first = by_language[0]
    unsure = [place for place, forms in enumerate(zip(*by_language, strict=True)) if len(set(forms)) > 1]
    if unsure:
        for place, language in zip(unsure, lexicon.languages_of([words[place] for place in unsure]), strict=True):
            first[place] = capitalised(words[place], language)
    return first


def decoder_of_any(checkpoint: Checkpoint) -> Decoder:
    """A decoder with what the package knows of whatever language; where a file says none, of English."""
    return Decoder(checkpoint, lexicon_of_any, context_of=lambda languages: context_of(lexicon_of_any(languages)))
