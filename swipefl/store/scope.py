"""Which gestures are meant: those to erase, or to find by their word."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from swipefl.errors import UsageError
from swipefl.gesture.spelling import folded


@dataclass(frozen=True)
class Scope:
    """Gestures of `words`, as they are written and as `word` was asked for; stored `before` (unix seconds); a number.

    None stands for any: a scope that says nothing means all gestures.
    """

    word: str | None = None
    words: tuple[str, ...] | None = None
    before: float | None = None
    number: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether it leaves nothing out."""
        return self == Scope()

    @property
    def where(self) -> str:
        """A condition on the columns of gestures."""
        conditions = (
            ("word IN (SELECT value FROM json_each(:words))", self.words),
            ("stored_at < :before", self.before),
            ("number = :number", self.number),
        )
        return " AND ".join(condition for condition, value in conditions if value is not None) or "1"

    @property
    def parameters(self) -> dict[str, object]:
        """What the condition's names stand for."""
        words = json.dumps(self.words or ())
        return {"word": self.word, "words": words, "before": self.before, "number": self.number}


def alike(words: Iterable[str], word: str) -> tuple[str, ...]:
    """Those of `words` that may be spelled like `word`, on whatever keyboard. Raises UsageError where it is no text."""
    try:
        word.encode()  # no stored word is like it, and who gave it meant another
    except UnicodeEncodeError as error:
        raise UsageError("no-text", "a name or a word is no Unicode text") from error
    wanted = folded(word)
    return tuple(each for each in words if folded(each) == wanted) if wanted else ()
