"""Key geometry: any layout, any alphabet. `keyboards/` has the layouts of the package and what files say of others."""

import hashlib
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from swipefl.arrays import Floats
from swipefl.errors import Remedy, UsageError
from swipefl.gesture.keyboards.labels import is_letter, is_punctuation, letter_of, shown
from swipefl.gesture.keyboards.layouts import LAYOUTS
from swipefl.gesture.keyboards.rows import Surface, drawn, split, with_shifted
from swipefl.gesture.keyboards.surfaces import surface_of
from swipefl.gesture.language import Languages, is_turkic, tags_in
from swipefl.gesture.spelling import Spelling, spelling_with

BUILT_IN = tuple(LAYOUTS)
MOST_KEYS = 200
LEAST_SIZE, MOST_SIZE = 1e-6, 1e6  # of a keyboard, in units of its own
MOST_ASPECT = 1e3  # that its width and height may be apart
MOST_NAME = 100  # characters
FAR, NEAR = 10, 1e-3  # times a keyboard's size: no key is larger or farther off, and none smaller
CARRIERS = ("keyboard", "keyboardInfo", "grid")  # fields in which other objects carry a keyboard


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


@dataclass(frozen=True)
class Given:
    """A keyboard that somebody gave, and what stands on its keys that type no letter and were left out.

    `languages` are what was said to be written on it. One that had no name has none of its own: whose keys are the
    same, in whatever language, is one keyboard.
    """

    keyboard: Keyboard
    left_out: tuple[str, ...]
    languages: Languages = ()


@lru_cache(maxsize=512)
def _layout(keyboard: Keyboard, width: float, height: float) -> Layout:
    key_width = statistics.median(key.width for key in keyboard.keys) * width / keyboard.width
    scale = np.array([1 / key_width, 1 / key_width], np.float32)
    drawn = np.array([width / keyboard.width, height / keyboard.height])
    centres = np.array([(key.x, key.y) for key in keyboard.keys]) * drawn / key_width
    key_letter = np.array([keyboard.letters.index(key.letter) for key in keyboard.keys])
    return Layout(keyboard.letters, centres.astype(np.float32), key_letter, scale)


@lru_cache(maxsize=64)
def built_in(name: str) -> Keyboard:
    """A keyboard of the package. Raises UsageError where there is none of that name."""
    if name not in LAYOUTS:
        raise UsageError("unknown-keyboard", "unknown keyboard {keyboard!r}", Remedy.LIST_KEYBOARDS, keyboard=name)
    layout = LAYOUTS[name]
    rows = drawn(split(layout.rows), layout.width, layout.row_height, layout.space_row)
    width, height, places = with_shifted(rows, split(layout.shifted))
    keys = tuple(Key(*place) for place in places if letter_of(place[0]))
    return Keyboard(name, layout.languages, width, height, keys)


def is_built_in(keyboard: Keyboard) -> bool:
    """Whether the package has it, so that its name says all of it."""
    return keyboard.name in LAYOUTS and keyboard == built_in(keyboard.name)


def keyboard_of_rows(text: str, languages: Languages, name: str = "") -> Given:
    """The keyboard of rows of letters with blanks between, drawn as phones do. Raises UsageError.

    Punctuation is a key that types no letter; a mark may stand on a dotted circle. Without a name it is called after
    the first row's first six letters and the languages.
    """
    rows = split(text)
    labels = [label for row in rows for label in row]
    turkic = _is_turkic(languages, labels)
    unknown = [label for label in labels if not letter_of(label, turkic) and not is_punctuation(label)]
    letters = [letter for label in labels if (letter := letter_of(label, turkic))]
    twice = [letter for letter, count in Counter(letters).items() if count > 1]
    if unknown or twice:
        raise UsageError(
            "bad-rows",
            "rows are letters, with blanks between the rows: {why}",
            why=f"{shown(twice)[0]} is in them twice" if twice else f"{shown(unknown)[0]!r} is no letter",
        )
    if len(labels) > MOST_KEYS:
        raise _too_many_keys()
    name = name or "-".join(("".join(filter(is_letter, labels))[:6], *languages))
    return _given(drawn(rows), name, languages)


def keyboard_from_json(data: Any, name: str = "") -> Keyboard:
    """The keyboard of an object of JSON from wherever it may come, as `given_keyboard`. Raises UsageError."""
    return given_keyboard(data, name).keyboard


def given_keyboard(data: Any, name: str = "") -> Given:
    """What an object of JSON says of a keyboard: swipefl's own, or one of those in `keyboards/surfaces.py`.

    One without a name is named after its content, so that equal ones are one keyboard. What is no language is not
    said. Raises UsageError, also where there are more keys, larger ones or longer names than any keyboard has.
    """
    data = _within(data)
    if _count(data) > MOST_KEYS:
        raise _too_many_keys()
    given = _remembered(data, name)
    checked_keyboard(given.keyboard)
    return given


def _within(data: Any) -> Any:
    """The keyboard in what has one, such as a line of an export; a list is of rows, or of keys, or of such lines."""
    if isinstance(data, list):
        if not data or not isinstance(data[0], dict):
            return {"rows": data}
        return _carried(data[0]) or {"keys": data}
    return data if not isinstance(data, dict) or "keys" in data else _carried(data) or data


def _carried(data: Mapping[str, Any]) -> Any:
    return next((data[name] for name in CARRIERS if isinstance(data.get(name), dict)), None)


def _count(data: Any) -> int:
    """How many keys an object has, as far as that can be seen without reading them; an empty row counts as one."""
    keys = data.get("rows", data.get("keys")) if isinstance(data, dict) else None
    if isinstance(keys, list) and len(keys) <= MOST_KEYS:
        return sum(max(len(key), 1) if isinstance(key, list | str) else 1 for key in keys)
    return len(keys) if isinstance(keys, Sized) else 0


def _too_many_keys() -> UsageError:
    return UsageError("large-keyboard", "a keyboard may have {most} keys at most", most=MOST_KEYS)


def _too_few_letters() -> UsageError:
    return UsageError("no-keyboard", "not a keyboard: it needs at least two letter keys, and sizes above 0")


def checked_keyboard(keyboard: Keyboard) -> Keyboard:
    """The keyboard. Raises UsageError for names and sizes that no keyboard has."""
    if len(keyboard.name) > MOST_NAME:
        raise UsageError("long-name", "a keyboard's name may have {most} characters at most", most=MOST_NAME)
    if sum(map(is_letter, keyboard.letters)) < 2:
        raise _too_few_letters()
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
    return _remembered(data, name).keyboard


def _remembered(data: Any, name: str) -> Given:
    try:
        return _given(surface_of(data), _name(data) or name, _languages(data))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UsageError(
            "no-keyboard", "not a keyboard: it needs width, height and keys, each key with letter, x, y, width, height"
        ) from error


def _given(surface: Surface, name: str, languages: Languages) -> Given:
    """A keyboard of those keys of a surface that type a letter, and what stands on the others. Raises UsageError."""
    width, height, places = surface
    turkic = _is_turkic(languages, (place[0] for place in places))
    typed = [(letter_of(place[0], turkic), place) for place in places]
    keys = tuple(Key(letter, *place[1:]) for letter, place in typed if letter)
    numbers = [width, height, *(n for k in keys for n in (k.x, k.y, k.width, k.height))]
    sizes_positive = width > 0 and height > 0 and all(k.width > 0 and k.height > 0 for k in keys)
    letters = sum(is_letter(key.letter) for key in keys)
    if letters < 2 or not all(map(math.isfinite, numbers)) or not sizes_positive:
        raise _too_few_letters()
    keyboard = Keyboard(name, languages, width, height, keys)
    left_out = shown(place[0] for letter, place in typed if not letter)
    if not name:
        keyboard = replace(keyboard, name=content_name(keyboard), languages=())
    return Given(keyboard, left_out, languages)


def content_name(keyboard: Keyboard) -> str:
    """What a keyboard is called that has no name: equal ones alike."""
    content = (keyboard.width, keyboard.height, keyboard.keys)
    return f"grid-{hashlib.sha256(repr(content).encode()).hexdigest()[:8]}"


def _is_turkic(languages: Languages, labels: Iterable[str]) -> bool:
    return is_turkic(languages) or any(label in ("İ", "ı") for label in labels)


def _name(data: Mapping[str, Any]) -> str:
    name = data.get("name") or ""
    if not isinstance(name, str | int | float):  # a list of lists of lists is no name, and no text without end
        raise TypeError("a name is a text")
    return str(name)


def _languages(data: Mapping[str, Any]) -> Languages:
    said = data.get("languages")
    return tags_in(data.get("language") if said is None else said)
