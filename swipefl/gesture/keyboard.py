"""Key geometry: any layout, any alphabet. Built-in keyboards lie beside this file as JSON."""

import hashlib
import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats
from swipefl.errors import Remedy, UsageError

BUILT_IN = ("qwerty", "jcuken")


@dataclass(frozen=True)
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
    which of `letters` a key types (two keys may type one letter: е and ё).
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
    """Named key geometry in units of its own; `language` says which lexicon it implies ('' for none)."""

    name: str
    language: str
    width: float
    height: float
    keys: tuple[Key, ...]

    @cached_property
    def letters(self) -> str:
        """The letters that can be typed, folded, each once, in key order."""
        return "".join(dict.fromkeys(_typed(key.letter) for key in self.keys))

    def can_type(self, word: str) -> bool:
        """Whether every letter of the folded `word` has a key."""
        return set(word) <= self._letter_set

    @cached_property
    def _letter_set(self) -> frozenset[str]:
        return frozenset(self.letters)

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
        return {"name": self.name, "language": self.language, "width": self.width, "height": self.height, "keys": keys}


def _typed(letter: str) -> str:
    return letter.replace("ё", "е")


@lru_cache(maxsize=512)
def _layout(keyboard: Keyboard, width: float, height: float) -> Layout:
    key_width = statistics.median(key.width for key in keyboard.keys) * width / keyboard.width
    scale = np.array([1 / key_width, 1 / key_width], np.float32)
    drawn = np.array([width / keyboard.width, height / keyboard.height])
    centres = np.array([(key.x, key.y) for key in keyboard.keys]) * drawn / key_width
    key_letter = np.array([keyboard.letters.index(_typed(key.letter)) for key in keyboard.keys])
    return Layout(keyboard.letters, centres.astype(np.float32), key_letter, scale)


@lru_cache(maxsize=8)
def built_in(name: str) -> Keyboard:
    """A keyboard of the package. Raises UsageError where there is none of that name."""
    if name not in BUILT_IN:
        raise UsageError("unknown-keyboard", "unknown keyboard {keyboard!r}", Remedy.LIST_KEYBOARDS, keyboard=name)
    text = resources.files("swipefl.gesture").joinpath("keyboards", f"{name}.json").read_text("utf-8")
    return keyboard_from_json(json.loads(text))


def keyboard_from_json(data: Any, name: str = "") -> Keyboard:
    """A keyboard of swipefl's own JSON, or of a grid of labels with hitboxes (NeuroSwipe). Raises UsageError.

    A grid without a name is named after its content, so that equal grids are one keyboard.
    """
    try:
        keys = tuple(_own_key(k) if "letter" in k else _hitbox_key(k) for k in data["keys"] if _is_letter(k))
        width, height = float(data["width"]), float(data["height"])
        numbers = [width, height, *(n for k in keys for n in (k.x, k.y, k.width, k.height))]
        language = str(data.get("language") or _language(keys))
        digest = hashlib.sha256(repr((width, height, keys)).encode()).hexdigest()[:8]
        name = str(data.get("name") or name or f"grid-{digest}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            "no-keyboard", "not a keyboard: it needs width, height and keys, each key with letter, x, y, width, height"
        ) from error
    sizes_positive = width > 0 and height > 0 and all(k.width > 0 and k.height > 0 for k in keys)
    if len(keys) < 2 or not np.isfinite(numbers).all() or not sizes_positive:
        raise UsageError("no-keyboard", "not a keyboard: it needs at least two letter keys, and sizes above 0")
    return Keyboard(name, language, width, height, keys)


def _is_letter(key: Mapping[str, Any]) -> bool:
    label = key.get("letter", key.get("label"))
    return isinstance(label, str) and len(label) == 1 and label.isalpha()


def _own_key(key: Mapping[str, Any]) -> Key:
    x, y, width, height = (float(key[field]) for field in ("x", "y", "width", "height"))
    return Key(str(key["letter"]).lower(), x, y, width, height)


def _hitbox_key(key: Mapping[str, Any]) -> Key:
    left, top, width, height = (float(key["hitbox"][field]) for field in ("x", "y", "w", "h"))
    return Key(str(key["label"]).lower(), left + width / 2, top + height / 2, width, height)


def _language(keys: tuple[Key, ...]) -> str:
    cyrillic = any("а" <= key.letter <= "я" for key in keys)
    latin = all("a" <= key.letter <= "z" for key in keys)
    return "ru" if cyrillic else "en" if latin else ""
