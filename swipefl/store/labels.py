"""What is said of a trace, and what counts of it once more was said; and the row that a gesture is stored as."""

from typing import NamedTuple

from swipefl.gesture.gesture import GOOD, SUSPECT
from swipefl.store.redaction import is_left_of


class Label(NamedTuple):
    """What is said of a trace: which word it is, where that is spelled, and what stood before it.

    `follows` is the last word of that, as it is compared: empty at a sentence's start, None where nobody knows.
    """

    keyboard: str
    languages: str | None
    word: str
    by_hand: bool
    verdict: str
    before: str | None
    follows: str | None

    def then(self, said: "Label") -> "Label":
        """What counts once more was said.

        Of the words before that is what was said last, whatever came of the word; who says nothing takes nothing back,
        and what is gone there does not come back with a line that is read again.
        """
        if said.before is None or is_left_of(self.before, said.before):
            said = said._replace(before=self.before, follows=self.follows)
        else:
            self = self._replace(before=said.before, follows=said.follows)
        if said.word != self.word:
            return self if self.by_hand else said
        by_hand = self.by_hand or said.by_hand
        if (self.verdict, said.verdict) == (GOOD, SUSPECT):
            return self._replace(by_hand=by_hand)
        if said.verdict == self.verdict and said.languages is None:
            said = said._replace(languages=self.languages)
        return said._replace(by_hand=by_hand)


class Row(NamedTuple):
    """A gesture as it is stored."""

    id: str
    trace: bytes
    keyboard: str
    languages: str | None
    word: str
    by_hand: bool
    verdict: str
    before: str | None
    follows: str | None
    held_out: bool
    stored_at: float
    width: float
    height: float
    user: str | None
    points: bytes

    @property
    def label(self) -> Label:
        """What its line says of its trace."""
        return Label(*self[2:9])
