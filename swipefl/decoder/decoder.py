"""A checkpoint and lexicons put together: gesture in, words out."""

from collections.abc import Callable

from swipefl.decoder.checkpoint import Checkpoint
from swipefl.decoder.encoder import Encoder
from swipefl.decoder.lexicon import Lexicon
from swipefl.decoder.search import Candidate, greedy, search
from swipefl.decoder.sight import Sight
from swipefl.gesture.features import Floats
from swipefl.gesture.gesture import Gesture


class Decoder:
    """Decodes gestures with one checkpoint; a gesture's keyboard says which language's lexicon it is held against."""

    def __init__(
        self, checkpoint: Checkpoint, lexicon_of: Callable[[str], Lexicon], language: str | None = None
    ) -> None:
        self._encoder = Encoder(checkpoint)
        self._score = checkpoint.score
        self._lexicon_of = lexicon_of
        self._language = language

    def lexicon(self, gesture: Gesture) -> Lexicon:
        """The lexicon that this gesture's words come from."""
        return self._lexicon_of(self._language or gesture.keyboard.language or "en")

    def decode(self, gesture: Gesture, top: int = 5) -> list[Candidate]:
        """The best `top` words, best first."""
        return self._search(gesture, self._encoder.encode(gesture), top)

    def decode_and_spell(self, gesture: Gesture, top: int = 5) -> tuple[list[Candidate], str]:
        """The best words, and the letters that the network alone would write."""
        log_probs = self._encoder.encode(gesture)
        return self._search(gesture, log_probs, top), greedy(log_probs, gesture.keyboard.letters)

    def look(self, gesture: Gesture) -> Sight:
        """What the network sees of the gesture before any lexicon."""
        return self._encoder.look(gesture)

    def _search(self, gesture: Gesture, log_probs: Floats, top: int) -> list[Candidate]:
        return search(log_probs, self.lexicon(gesture).index(gesture.keyboard.letters), self._score, top)
