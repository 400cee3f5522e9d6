"""Key geometry: any layout, any alphabet. Built-in keyboards lie beside this file as JSON."""

import hashlib
import json
import math
import statistics
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.language import Languages, is_turkic, languages_of
from swipefl.gesture.spelling import APOSTROPHES, Spelling, lower, spelling_with

BUILT_IN = ("qwerty", "jcuken")
MOST_KEYS = 200
LEAST_SIZE, MOST_SIZE = 1e-6, 1e6  # of a keyboard, in units of its own
MOST_ASPECT = 1e3  # that its width and height may be apart
MOST_NAME = 100  # characters
FAR, NEAR = 10, 1e-3  # times a keyboard's size: no key is larger or farther off, and none smaller


@dataclass(frozen=True, slots=True)
class Key:
    """One letter key: its centre and size in the keyboard's own units."""

    letter: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, eq=False)
class Layout:
    """A keyboard at the size at which a gesture was made, measured in key widths.

    `scale` (2,) turns a gesture's x, y into key widths; `centres` is (K, 2), one row a key; `key_letter` (K,) says
    which of `letters` a key types (two keys may type one letter).
    """

    letters: str
    centres: Floats
    key_letter: npt.NDArray[np.intp]
    scale: Floats

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Letter to its position in `letters`."""
        return {letter: i for i, letter in enumerate(self.letters)}

    def distance(self, letter: str, x: float, y: float) -> float:
        """From a gesture's x, y to the nearest key that types `letter`, in key widths."""
        x, y = x * self._scale[0], y * self._scale[1]
        return min(math.hypot(x - key_x, y - key_y) for key_x, key_y in self._places[letter])

    @cached_property
    def _scale(self) -> list[float]:
        scale: list[float] = self.scale.tolist()
        return scale

    @cached_property
    def _places(self) -> Mapping[str, list[list[float]]]:
        return {letter: self.centres[self.key_letter == i].tolist() for letter, i in self.index.items()}


@dataclass(frozen=True)
class Keyboard:
    """Named key geometry in units of its own; `languages` are what is written on it (none: the person's)."""

    name: str
    languages: Languages
    width: float
    height: float
    keys: tuple[Key, ...]

    @cached_property
    def letters(self) -> str:
        """The letters that can be typed, each once, in key order."""
        return "".join(dict.fromkeys(key.letter for key in self.keys))

    def spelling(self, languages: Languages = ()) -> Spelling:
        """How words of `languages` are spelled on it; where neither they nor its own are known, its letters say."""
        known = languages or self.languages
        return spelling_with(self.letters, is_turkic(known) if known else "ı" in self.letters)

    def layout(self, width: float, height: float) -> Layout:
        """This keyboard drawn `width` by `height` units large."""
        return _layout(self, width, height)

    @cached_property
    def _key(self) -> tuple[str, float, float, int]:
        return (self.name, self.width, self.height, hash(self.keys))

    def __hash__(self) -> int:
        return hash(self._key)

    def to_json(self) -> dict[str, Any]:
        """A plain object that `keyboard_from_json` reads back."""
        keys = [{"letter": k.letter, "x": k.x, "y": k.y, "width": k.width, "height": k.height} for k in self.keys]
        size = {"width": self.width, "height": self.height}
        return {"name": self.name, "languages": list(self.languages), **size, "keys": keys}


@lru_cache(maxsize=512)
def _layout(keyboard: Keyboard, width: float, height: float) -> Layout:
    key_width = statistics.median(key.width for key in keyboard.keys) * width / keyboard.width
    scale = np.array([1 / key_width, 1 / key_width], np.float32)
    drawn = np.array([width / keyboard.width, height / keyboard.height])
    centres = np.array([(key.x, key.y) for key in keyboard.keys]) * drawn / key_width
    key_letter = np.array([keyboard.letters.index(key.letter) for key in keyboard.keys])
    return Layout(keyboard.letters, centres.astype(np.float32), key_letter, scale)


@lru_cache(maxsize=8)
def built_in(name: str) -> Keyboard:
    """A keyboard of the package. Raises UsageError where there is none of that name."""
    if name not in BUILT_IN:
        raise UsageError("unknown-keyboard", "unknown keyboard {keyboard!r}", Remedy.LIST_KEYBOARDS, keyboard=name)
    text = resources.files("swipefl.gesture").joinpath("keyboards", f"{name}.json").read_text("utf-8")
    return keyboard_from_json(json.loads(text))


def keyboard_from_json(data: Any, name: str = "") -> Keyboard:
    """A keyboard of swipefl's own JSON, or of a grid of labels with hitboxes (NeuroSwipe), from wherever it may come.

    A grid without a name is named after its content, so that equal grids are one keyboard. Raises UsageError, also
    where there are more keys, larger ones or longer names than any keyboard has.
    """
    keys = data.get("keys") if isinstance(data, dict) else None
    if isinstance(keys, list) and len(keys) > MOST_KEYS:
        raise UsageError("large-keyboard", "a keyboard may have {most} keys at most", most=MOST_KEYS)
    keyboard = remembered_keyboard(data, name)
    try:
        _said(data)
    except (TypeError, ValueError) as error:
        raise UsageError("no-language", "a keyboard's languages are tags such as de or pt-BR") from error
    return checked_keyboard(keyboard)


def checked_keyboard(keyboard: Keyboard) -> Keyboard:
    """The keyboard. Raises UsageError for names and sizes that no keyboard has."""
    if len(keyboard.name) > MOST_NAME:
        raise UsageError("long-name", "a keyboard's name may have {most} characters at most", most=MOST_NAME)
    in_place = all(_in_place(key, keyboard) for key in keyboard.keys)
    if not in_place or not is_size(keyboard.width, keyboard.height):
        raise UsageError("no-keyboard", "not a keyboard: no screen has keys of these sizes at these places")
    return keyboard


def is_size(width: float, height: float) -> bool:
    """Whether a keyboard may be so large, in whatever units; what is measured against it stays a finite number then."""
    sizes = sorted((width, height))
    return sizes[0] >= LEAST_SIZE and sizes[1] <= min(MOST_SIZE, MOST_ASPECT * sizes[0])


def _in_place(key: Key, keyboard: Keyboard) -> bool:
    near = abs(key.x) <= FAR * keyboard.width and abs(key.y) <= FAR * keyboard.height
    wide = NEAR * keyboard.width <= key.width <= FAR * keyboard.width
    return near and wide and NEAR * keyboard.height <= key.height <= FAR * keyboard.height


def remembered_keyboard(data: Any, name: str = "") -> Keyboard:
    """The keyboard of such an object that was taken before: whatever bounds there are now. Raises UsageError."""
    try:
        languages = _languages(data)
        labels = [given.get("letter", given.get("label")) for given in data["keys"]]
        turkic = is_turkic(languages) or any(label in ("İ", "ı") for label in labels)
        keys = tuple(key for given in data["keys"] if (key := _key(given, turkic)))
        width, height = float(data["width"]), float(data["height"])
        numbers = [width, height, *(n for k in keys for n in (k.x, k.y, k.width, k.height))]
        digest = hashlib.sha256(repr((width, height, keys)).encode()).hexdigest()[:8]
        name = str(data.get("name") or name or f"grid-{digest}")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UsageError(
            "no-keyboard", "not a keyboard: it needs width, height and keys, each key with letter, x, y, width, height"
        ) from error
    sizes_positive = width > 0 and height > 0 and all(k.width > 0 and k.height > 0 for k in keys)
    if len(keys) < 2 or not np.isfinite(numbers).all() or not sizes_positive:
        raise UsageError("no-keyboard", "not a keyboard: it needs at least two letter keys, and sizes above 0")
    return Keyboard(name, languages, width, height, keys)


def _languages(data: Mapping[str, Any]) -> Languages:
    """What an object says of its languages; none where that is no language, as it could be once."""
    try:
        return _said(data)
    except (TypeError, ValueError):
        return ()


def _said(data: Mapping[str, Any]) -> Languages:
    """What an object says of its languages, as one tag or several. Raises TypeError, ValueError."""
    said = data.get("languages")
    return languages_of(str(data.get("language") or "") if said is None else said)


def _key(given: Mapping[str, Any], turkic: bool) -> Key | None:
    """The key of a letter; None for what else there is on a keyboard."""
    letter = _letter(given.get("letter", given.get("label")), turkic)
    if letter is None:
        return None
    if "letter" in given:
        return Key(letter, *(float(given[field]) for field in ("x", "y", "width", "height")))
    left, top, width, height = (float(given["hitbox"][field]) for field in ("x", "y", "w", "h"))
    return Key(letter, left + width / 2, top + height / 2, width, height)


def _letter(label: Any, turkic: bool) -> str | None:
    """The one letter, or mark, that a label stands for, in lower case."""
    if not isinstance(label, str) or not 0 < len(label) <= 2:
        return None
    letter = lower(label, turkic)
    if len(label) == 1 < len(letter):  # composed it is no more than its parts: a key of it is one all the same
        letter = label
    is_letter = len(letter) == 1 and unicodedata.category(letter)[0] in "LM" and letter not in APOSTROPHES
    return letter if is_letter else None
