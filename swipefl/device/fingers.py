"""Where on its keys a finger lands: found in the swipes that the model learned from, by the letters that it reads.

The surest places are where a path begins, ends and turns. A letter that it only passes says little of where it was
aimed at, and is left out.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from swipefl.arrays import Floats
from swipefl.decoder.ctc import aligned
from swipefl.decoder.encoder import Encoder
from swipefl.device.memory import Memory
from swipefl.gesture.features import frames_of
from swipefl.gesture.gesture import Example
from swipefl.gesture.keyboard import Keyboard, Layout
from swipefl.store.gestures import Stored

MOST, MOST_S = 300, 10.0  # swipes, the newest first
LEAST = 5  # landings, for a key to have a place and a spread
REACH = 1.5  # key widths: what is farther off was another key
LEG, AROUND = 3, 2  # frames of a third of a key width: the legs that a turn is between, and where it is looked for
COS_TURN = 0.5  # of 60 degrees


@dataclass(frozen=True)
class KeyLandings:
    """How `landings` on a key lie: their mean from its middle, to the right and down, and how far they spread.

    Key widths; spreads are standard deviations, and `slant` is the correlation of right and down.
    """

    letter: str
    landings: int
    right: float
    down: float
    spread_right: float
    spread_down: float
    slant: float


@dataclass(frozen=True)
class Landings:
    """Where the finger lands on a keyboard `width` by `height` large, in so many swipes of it.

    `keys` are those with landings enough, in the keyboard's order; `right` and `down` the mean of all landings from
    the middles of their keys, in key widths, None where there is none.
    """

    keyboard: Keyboard
    width: float
    height: float
    swipes: int
    landings: int
    right: float | None
    down: float | None
    keys: tuple[KeyLandings, ...]


@dataclass(frozen=True)
class Landed:
    """One landing: on which letter's key, and how far from its middle, in key widths."""

    letter: str
    right: float
    down: float


Known = Memory[tuple[str, str, str, str], tuple[Landed, ...]]
"""By model, swipe, word and keyboard."""


def landings(
    swipes: Sequence[Stored], encoder: Encoder, model: str, keyboard: Keyboard | None, known: Known
) -> Landings | None:
    """Where the finger lands on `keyboard`, else on the one of most of the swipes; None where there is neither.

    `swipes` come with the newest first; `model` tells the encoder's weights from others.
    """
    counts = Counter(stored.example.gesture.keyboard for stored in swipes)
    if keyboard is None and not counts:
        return None
    chosen = keyboard or counts.most_common(1)[0][0]
    theirs = [stored.example for stored in swipes if stored.example.gesture.keyboard == chosen]
    by_key = {_key(model, example): example for example in theirs}
    found = known.each(by_key, lambda key: landed(by_key[key], encoder), MOST_S)
    size = (theirs[0].gesture.width, theirs[0].gesture.height) if theirs else (chosen.width, chosen.height)
    return _report(chosen, size, len(found), [one for some in found for one in some])


def _key(model: str, example: Example) -> tuple[str, str, str, str]:
    gesture = example.gesture
    return model, gesture.trace_hash().hex(), example.spelled, gesture.keyboard.name


def landed(example: Example, encoder: Encoder) -> tuple[Landed, ...]:
    """Where the finger landed in one swipe: on its first key and its last, and where it turns on one in between."""
    frames, word = frames_of(example.gesture), example.spelled
    layout, letters = frames.layout, frames.layout.index
    at = aligned(encoder.log_probs(frames), [1 + letters[letter] for letter in word]) if word else None
    if at is None:
        return ()
    places = [(word[0], 0)]
    for before, (letter, frame) in zip(word, zip(word[1:-1], at[1:-1], strict=False), strict=False):
        turn = _turn(frames.positions, frame)
        if turn is not None and letter != before:
            places.append((letter, turn))
    if len(word) > 1:
        places.append((word[-1], len(frames.positions) - 1))
    found = (_landed(letter, frames.positions[frame], layout) for letter, frame in places)
    return tuple(one for one in found if math.hypot(one.right, one.down) <= REACH)


def _turn(positions: Floats, frame: int) -> int | None:
    """The frame near `frame` where the path turns, if it does: where legs are long that lie across one another."""
    most, found = 0.0, None
    for at in range(max(frame - AROUND, LEG), min(frame + AROUND, len(positions) - 1 - LEG) + 1):
        came, goes = positions[at] - positions[at - LEG], positions[at + LEG] - positions[at]
        lengths, along = float(np.hypot(*came) * np.hypot(*goes)), float(came @ goes)
        if along <= lengths * COS_TURN and lengths - along > most:
            most, found = lengths - along, at
    return found


def _landed(letter: str, place: Floats, layout: Layout) -> Landed:
    """The landing on the nearest of the keys that type the letter."""
    away = place - layout.centres[layout.key_letter == layout.index[letter]]
    right, down = away[np.hypot(away[:, 0], away[:, 1]).argmin()].tolist()
    return Landed(letter, right, down)


def _report(keyboard: Keyboard, size: tuple[float, float], swipes: int, found: Iterable[Landed]) -> Landings:
    at, first = dict[str, tuple[float, float]](), dict[tuple[float, float], str]()
    for key in keyboard.keys:  # two letters may be on one key, and one letter on two
        first.setdefault(at.setdefault(key.letter, (key.x, key.y)), key.letter)
    by_letter: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for one in found:
        by_letter[first[at[one.letter]]].append((one.right, one.down))
    all_of_them = np.array([place for some in by_letter.values() for place in some]).reshape(-1, 2)
    right, down = all_of_them.mean(0).tolist() if len(all_of_them) else (None, None)
    keys = tuple(_of_key(letter, by_letter[letter]) for letter in keyboard.letters if len(by_letter[letter]) >= LEAST)
    return Landings(keyboard, *size, swipes, len(all_of_them), right, down, keys)


def _of_key(letter: str, found: Sequence[tuple[float, float]]) -> KeyLandings:
    places = np.array(found)
    (xx, xy), (_, yy) = np.cov(places.T).tolist()
    spreads = math.sqrt(xx), math.sqrt(yy)
    slant = xy / (spreads[0] * spreads[1]) if min(spreads) > 1e-9 else 0.0
    right, down = places.mean(0).tolist()
    return KeyLandings(letter, len(found), right, down, *spreads, max(-1.0, min(1.0, slant)))
