"""swipefl's own JSONL: `gesture_id, coords[{x, y, t}], word`, optional `width, height, keyboard, user, private`,
`language` or `languages`, `before` (the text in front of the word). A line `gesture_id, "delete": true` takes back the
gesture that a line of that id was last about.

Exports also hold `{"keyboard": {...}}` and `{"word", "language", "personal": "added", "removed" or "hidden"}`.
"""

from collections.abc import Callable
from typing import Any

from swipefl.errors import RejectedLine, Remedy
from swipefl.gesture.before import before_in
from swipefl.gesture.formats.reading import (
    Deletion,
    OwnKeyboard,
    OwnWord,
    Reading,
    axes_of,
    carried,
    known,
    labelled,
    languages_in,
    name_in,
)
from swipefl.gesture.gesture import Example, Gesture, checked_letters, checked_points, checked_size, named
from swipefl.gesture.keyboard import Keyboard, built_in, is_built_in
from swipefl.gesture.language import MOST_TAG, Languages

Find = Callable[[str], Keyboard]
STATES = ("added", "removed", "hidden")


def fits(data: dict[str, Any]) -> bool:
    """Whether an object is a line of such a file. In FUTO's documents `coords` is a word among others."""
    coords = "coords" in data and (len(data) == 1 or not all(isinstance(value, list) for value in data.values()))
    keyboard = data.keys() == {"keyboard"} and isinstance(data["keyboard"], dict)
    return coords or keyboard or isinstance(data.get("personal"), str)


def takes_back(data: dict[str, Any]) -> bool:
    """Whether an object that has no points wants to take a gesture back."""
    return "delete" in data and ("gesture_id" in data or isinstance(data["delete"], bool))


def read(line: int, data: Any, keyboard: Keyboard | None, find: Find) -> Reading | Deletion | OwnWord | OwnKeyboard:
    """What one parsed line says. Raises RejectedLine."""
    if takes_back(data) and "coords" not in data:
        return _deletion(line, data)
    if data.keys() == {"keyboard"} and isinstance(data["keyboard"], dict):
        return OwnKeyboard(line, carried(data["keyboard"])[0])
    if "personal" in data and "coords" not in data:
        return _own_word(line, data)
    return _gesture(line, data, keyboard, find)


def _deletion(line: int, data: Any) -> Deletion:
    name = name_in(data.get("gesture_id"))
    if data["delete"] is not True or not name:
        raise RejectedLine("no-deletion", "a line that takes a gesture back has its gesture_id, and `delete` is true")
    return Deletion(line, name)


def _own_word(line: int, data: Any) -> OwnWord:
    word, language, state = data.get("word"), data.get("language"), data["personal"]
    if not isinstance(word, str) or not isinstance(language, str) or state not in STATES:
        raise RejectedLine("no-word", "a personal word needs word, language and personal: added, removed or hidden")
    if len(language) > MOST_TAG:
        raise RejectedLine("no-word", "a language's name has {most} characters at most", most=MOST_TAG)
    checked_letters(word)
    return OwnWord(line, word, language, state, data.get("alike") is True)


def _gesture(line: int, data: Any, keyboard: Keyboard | None, find: Find) -> Reading:
    xs, ys, ts = axes_of(data.get("coords"), "coords")
    points = checked_points(xs, ys, ts)
    width, height = _size(data)
    keyboard, written = _keyboard(data.get("keyboard"), width, keyboard, find)
    if width is None or height is None or (width <= 1.5 and height <= 1.5):
        if points[:, :2].min() >= -0.5 and points[:, :2].max() <= 1.5:  # fractions of the keyboard
            points[:, 0] *= keyboard.width / (width or 1)
            points[:, 1] *= keyboard.height / (height or 1)
        width, height = keyboard.width, keyboard.height
    user = name_in(data.get("user")) or None
    languages = languages_in(data) or written
    stood = data.get("before")
    before = before_in(stood) if isinstance(stood, str) else None
    gesture = named(Gesture(name_in(data.get("gesture_id")), points, keyboard, width, height, user, languages, before))
    word, fault = labelled(data.get("word"), keyboard, languages)
    marks = data.get("suspect") is True, data.get("by_hand") is True
    return Reading(line, gesture, word, suspect=marks[0], fault=fault, by_hand=marks[1])


def _size(data: Any) -> tuple[float | None, float | None]:
    size = data.get("width"), data.get("height")
    return (None, None) if size == (None, None) else checked_size(*size)


def _keyboard(named: Any, width: float | None, default: Keyboard | None, find: Find) -> tuple[Keyboard, Languages]:
    """A line's keyboard, and what is written on it where it does not say that itself."""
    if isinstance(named, dict):
        return carried(named)
    if isinstance(named, str):
        return known(named, find), ()
    if default is not None:
        return default, ()
    if width is not None:
        return built_in("qwerty"), ()
    raise RejectedLine("unknown-keyboard", "neither keyboard nor width and height are given", Remedy.SAY_KEYBOARD)


def to_line(example: Example) -> dict[str, Any]:
    """A line that `read` gives the same example for."""
    gesture = example.gesture
    keyboard = gesture.keyboard
    line: dict[str, Any] = {
        "gesture_id": gesture.id,
        "word": example.word,
        "keyboard": keyboard.name if is_built_in(keyboard) else keyboard.to_json(),
        "width": gesture.width,
        "height": gesture.height,
        # str() of a float32 is the shortest decimal that reads back as the same float32
        "coords": [dict(zip("xyt", (float(str(value)) for value in point), strict=True)) for point in gesture.points],
    }
    said = {
        "user": gesture.user,
        "languages": list(gesture.languages) or None,
        "before": None if gesture.before is None else gesture.before.text,
    }
    return line | {name: value for name, value in said.items() if value is not None}
