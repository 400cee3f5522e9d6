"""What a finger did: points over a keyboard, and the word that was meant."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from swipefl.arrays import Floats
from swipefl.errors import RejectedLine
from swipefl.gesture.before import Before
from swipefl.gesture.keyboard import Keyboard, is_size
from swipefl.gesture.language import Languages, is_turkic
from swipefl.gesture.spelling import folded, tidy

Points = Floats

MIN_POINTS = 2
MAX_POINTS = 5_000
MAX_DURATION_S = 60.0
MOST_STEP_BACK_S = 0.05  # of a clock that is set while a finger moves, or of two threads that write
MOST_LETTERS = 64
MOST_WRITTEN = 4 * MOST_LETTERS  # characters, where marks are characters of their own
# In key widths: 0.9 % of the swipes of people who meant the word, 86 % of the mislabelled ones.
SUSPECT_END_DISTANCE = 1.75
GOOD, SUSPECT = "good", "suspect"


@dataclass(frozen=True)
class Gesture:
    """One swipe: points (N, 3) of x, y in the units of (width, height) and t in seconds from the first.

    `languages` are what its line says, beside what its keyboard does; `before` what stood in front of its word, None
    where nobody knows.
    """

    id: str
    points: Points
    keyboard: Keyboard
    width: float
    height: float
    user: str | None = None
    languages: Languages = ()
    before: Before | None = None

    @property
    def written_in(self) -> Languages:
        """The languages of its word: what its line said, else its keyboard; none where neither does."""
        return self.languages or self.keyboard.languages

    def trace_hash(self) -> bytes:
        """Sixteen bytes that are equal for equal traces on keyboards of equal size."""
        size = np.array([self.width, self.height], "<f4").tobytes()
        return hashlib.blake2b(self.points.astype("<f4", copy=False).tobytes() + size, digest_size=16).digest()


@dataclass(frozen=True)
class Example:
    """A gesture with the word that was meant, as it is written."""

    gesture: Gesture
    word: str

    @cached_property
    def spelled(self) -> str:
        """The keys that the finger passed for it; none where the keyboard lacks a letter of it.

        Where one of the languages has I as the capital of ı and another of i, the trace says which it was.
        """
        gesture = self.gesture
        if "I" in self.word and len({is_turkic((language,)) for language in gesture.written_in}) > 1:
            either = [gesture.keyboard.spelling((tag,)).of(self.word) or "" for tag in gesture.written_in]
            return min(either, key=lambda spelled: _misfit(gesture, spelled) if spelled else math.inf)
        return gesture.keyboard.spelling(gesture.languages).of(self.word) or ""


def named(gesture: Gesture) -> Gesture:
    """The gesture; one without an id is named after its trace."""
    return gesture if gesture.id else replace(gesture, id=gesture.trace_hash().hex())


def checked_points(xs: Sequence[float], ys: Sequence[float], ts: Sequence[float]) -> Points:
    """Points (N, 3) float32, t counted in seconds from the first point; where it steps back a little, times are equal.

    Raises RejectedLine with reason `few-points`, `many-points`, `not-finite`, `negative-time`, `time-backwards`
    or `too-long`.
    """
    if len(xs) < MIN_POINTS:
        raise RejectedLine("few-points", "a gesture needs at least {least} points", least=MIN_POINTS)
    if len(xs) > MAX_POINTS:
        raise RejectedLine("many-points", "a gesture may have {most} points at most", most=MAX_POINTS)
    try:
        axes = np.array((xs, ys, ts), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise RejectedLine("not-a-number", "x, y and t must be numbers") from None
    if axes.ndim != 2:  # lists of equal length in place of numbers
        raise RejectedLine("not-a-number", "x, y and t must be numbers")
    if not np.isfinite(axes).all() or np.abs(axes[:2]).max() > 1e6:
        raise RejectedLine("not-finite", "x, y and t must be finite numbers")
    times = axes[2]
    if times[0] < 0:
        raise RejectedLine("negative-time", "t must not be negative")
    forward = np.maximum.accumulate(times)
    if (forward - times).max() > MOST_STEP_BACK_S + 1e-6:  # the least that epoch seconds in a float can tell apart
        raise RejectedLine("time-backwards", "t must not run backwards")
    times[:] = forward - forward[0]
    if times[-1] > MAX_DURATION_S:
        raise RejectedLine(
            "too-long", "a gesture may last {most_s:.0f} s at most; t is in seconds", most_s=MAX_DURATION_S
        )
    return axes.T.astype(np.float32, order="C")


def checked_size(width: Any, height: Any) -> tuple[float, float]:
    """The size of the keyboard under a gesture. Raises RejectedLine, `bad-size`."""
    are_numbers = all(isinstance(n, int | float) and not isinstance(n, bool) for n in (width, height))
    if not are_numbers or not is_size(width, height):
        raise RejectedLine("bad-size", "width and height must be numbers above 0, such as a keyboard has")
    return float(width), float(height)


def checked_word(word: object, keyboard: Keyboard, languages: Languages = ()) -> str:
    """`word` as it is written. Raises RejectedLine: `no-word`, `long-word` or `letter-not-on-keyboard`."""
    if not isinstance(word, str):
        raise RejectedLine("no-word", "the word is missing or empty")
    written = checked_letters(word)
    spelled = keyboard.spelling(languages).of(written)
    if spelled is None:
        raise RejectedLine(
            "letter-not-on-keyboard", "the word has a letter that keyboard {keyboard} lacks", keyboard=keyboard.name
        )
    if not 0 < len(spelled) <= MOST_LETTERS:
        raise RejectedLine("long-word", "a word may have {most} letters at most", most=MOST_LETTERS)
    return written


def checked_letters(word: str) -> str:
    """A word as it is written, on whatever keyboard. Raises RejectedLine, `no-word` or `long-word`."""
    written = tidy(word[: MOST_WRITTEN + 1])
    letters = folded(written)
    if len(word) > MOST_WRITTEN or len(letters) > MOST_LETTERS:
        raise RejectedLine("long-word", "a word may have {most} letters at most", most=MOST_LETTERS)
    if not letters:
        raise RejectedLine("no-word", "the word is missing or empty")
    return written


def verdict(example: Example) -> str:
    """`good`, or `suspect` where an end of the path lies far from the word's first or last key."""
    return GOOD if max(_ends(example.gesture, example.spelled)) <= SUSPECT_END_DISTANCE else SUSPECT


def _ends(gesture: Gesture, spelled: str) -> tuple[float, float]:
    """How far the ends of the path lie from a word's first and last key, in key widths."""
    layout = gesture.keyboard.layout(gesture.width, gesture.height)
    (x, y, _), (end_x, end_y, _) = gesture.points[0].tolist(), gesture.points[-1].tolist()
    return layout.distance(spelled[0], x, y), layout.distance(spelled[-1], end_x, end_y)


def _misfit(gesture: Gesture, spelled: str) -> float:
    """How far the path lies from the ends of a word, and at its nearest from each i in it, in key widths."""
    layout = gesture.keyboard.layout(gesture.width, gesture.height)
    points = gesture.points[:, :2].tolist()
    passed = (min(layout.distance(letter, x, y) for x, y in points) for letter in "ıi" if letter in spelled)
    return sum(_ends(gesture, spelled)) + sum(passed)
