"""What the words before say about a word."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from swipefl.arrays import Doubles
from swipefl.gesture.before import Before


class Context(Protocol):
    """What is known of words in order, of whichever languages it is asked for."""

    def gain(self, before: Before, words: Sequence[str], ln_frequencies: Doubles) -> Doubles:
        """`ln p(w | before) - ln p(w)` (N,) of written words with their ln frequencies (N,); 0 says nothing."""
        ...


@dataclass(frozen=True)
class Told:
    """What the words before one gesture say: `gain` (N,) of written words (N,) and their ln frequencies (N,).

    `first` says that it is the first word of its sentence, where context has a weight of its own.
    """

    gain: Callable[[Sequence[str], Doubles], Doubles]
    first: bool
